// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that move elements. The resulting shapes are also used where constants are folded.
import { elementCount, type Tensor, type TensorId } from '../graph.js';
import { maxListLength, maxRank } from '../limits.js';
import { type PadMode, padLimit, padSources } from '../mirror.js';
import { refuse } from '../refusal.js';
import { emitChannelsLast, range } from './layout.js';
import type { OnnxNode } from './node.js';

// Shapes

/** Reshape: 0 copies a dimension (unless allowzero), -1 is what is left. */
export function reshapedShape(n: OnnxNode): number[] {
  const from = n.shape(0);
  const asked = n.constantInts(1, 'shape');
  const copiesZero = n.int('allowzero', 0) === 0;
  const shape = asked.map((d, i) =>
    d === 0 && copiesZero ? (from[i] ?? n.broken(`shape [${asked}] for [${from}]`)) : d,
  );
  if (shape.length > maxRank || shape.some((d) => d < -1)) n.broken(`shape [${asked}]`);
  const open = shape.indexOf(-1);
  const elements = elementCount(from);
  if (open >= 0) {
    if (shape.lastIndexOf(-1) !== open) n.broken(`shape [${asked}] leaves two dimensions open`);
    const rest = shape.reduce((a, d) => (d === -1 ? a : a * d), 1);
    shape[open] = rest === 0 ? 0 : elements / rest;
  }
  if (elementCount(shape) !== elements || !shape.every(Number.isInteger)) {
    n.broken(`[${from}] cannot take shape [${asked}]`);
  }
  return shape;
}

export function flattenedShape(n: OnnxNode): number[] {
  const from = n.shape(0);
  const axis = n.int('axis', 1);
  const at = axis < 0 ? axis + from.length : axis;
  if (!(at >= 0 && at <= from.length)) return n.broken(`axis ${axis} of ${from.length} dimensions`);
  return [elementCount(from.slice(0, at)), elementCount(from.slice(at))];
}

/** Axes from the attribute, or from opset 13 the input. */
function axesOf(n: OnnxNode): number[] | undefined {
  if (n.opset < 13) return n.ints('axes');
  return n.has(1) ? n.constantInts(1, 'list of axes') : undefined;
}

export function squeezedShape(n: OnnxNode): number[] {
  const from = n.shape(0);
  const axes = axesOf(n)?.map((a) => n.axis(a, from.length));
  if (axes?.some((a) => from[a] !== 1)) n.broken(`axes [${axes}] of shape [${from}] are not all 1`);
  return from.filter((d, i) => (axes === undefined ? d !== 1 : !axes.includes(i)));
}

export function unsqueezedShape(n: OnnxNode): number[] {
  const from = n.shape(0);
  const asked = axesOf(n) ?? n.broken('it has no axes');
  const rank = from.length + asked.length;
  if (rank > maxRank) return n.broken(`${rank} dimensions`);
  const axes = new Set(asked.map((a) => n.axis(a, rank)));
  if (axes.size !== asked.length) n.broken(`axes [${asked}]`);
  const rest = from.values();
  return range(rank).map((d) => (axes.has(d) ? 1 : (rest.next().value ?? 1)));
}

export const reshapeTo =
  (shapeOf: (n: OnnxNode) => number[]) =>
  (n: OnnxNode): void => {
    n.emit('reshape', [n.id(0)], { shape: shapeOf(n) });
  };

export function permutationOf(n: OnnxNode): number[] {
  const rank = n.shape(0).length;
  const perm = n.ints('perm') ?? range(rank).reverse();
  const axes = new Set(perm);
  if (perm.length !== rank || axes.size !== rank || perm.some((p) => !(p >= 0 && p < rank))) {
    n.broken(`[${perm}] is no permutation of ${rank} dimensions`);
  }
  return perm;
}

export function convertTranspose(n: OnnxNode): void {
  n.emit('transpose', [n.id(0)], { perm: permutationOf(n) });
}

// Slice

export interface Ranges {
  begin: number[];
  size: number[];
  strides: number[];
}

/** Opset 10 turned the attributes into inputs. */
function sliceLists(n: OnnxNode, rank: number): { starts: number[]; ends: number[]; axes: number[]; steps: number[] } {
  const attributes = n.opset < 10;
  const list = (i: number, name: string): number[] | undefined => {
    if (attributes) return n.ints(name);
    return n.has(i) ? n.constantInts(i, name) : undefined;
  };
  const starts = list(1, 'starts') ?? n.broken('it has no starts');
  const ends = list(2, 'ends') ?? n.broken('it has no ends');
  const axes = (list(3, 'axes') ?? range(starts.length)).map((a) => n.axis(a, rank));
  const steps = (attributes ? undefined : list(4, 'steps')) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    n.broken('its lists differ in length');
  }
  return { starts, ends, axes, steps };
}

export function slicedRanges(n: OnnxNode): Ranges {
  const shape = n.shape(0);
  const { starts, ends, axes, steps } = sliceLists(n, shape.length);
  const ranges: Ranges = { begin: shape.map(() => 0), size: [...shape], strides: shape.map(() => 1) };
  axes.forEach((axis, i) => {
    const length = shape[axis];
    const back = steps[i] < 0;
    if (steps[i] === 0) n.broken('it has the step 0');
    const clampIndex = (v: number, least: number): number =>
      Math.min(back ? length - 1 : length, Math.max(least, v < 0 ? v + length : v));
    const begin = clampIndex(starts[i], 0);
    const stride = Math.sign(steps[i]) * Math.min(Math.abs(steps[i]), Math.max(1, length));
    const size = Math.ceil((clampIndex(ends[i], back ? -1 : 0) - begin) / stride);
    if (size < 1) n.broken(`it takes no elements of axis ${axis}`);
    ranges.begin[axis] = begin;
    ranges.size[axis] = size;
    ranges.strides[axis] = stride;
  });
  return ranges;
}

export function convertSlice(n: OnnxNode): void {
  const { begin, size, strides } = slicedRanges(n);
  const shape = n.shape(0);
  const back = range(shape.length).filter((d) => strides[d] < 0);
  if (back.length === 0) {
    n.emit('slice', [n.id(0)], { begin, size, strides });
    return;
  }
  // What runs backwards is gathered, the rest sliced before.
  const keep = (list: number[], otherwise: number[]): number[] =>
    list.map((v, d) => (strides[d] < 0 ? otherwise[d] : v));
  const ahead = {
    begin: keep(
      begin,
      shape.map(() => 0),
    ),
    size: keep(size, shape),
    strides: strides.map((s) => Math.max(1, s)),
  };
  const x = n.temporary('slice', [n.id(0)], ahead, 'forwards');
  gatherAxes(
    n,
    x,
    back.map((axis) => ({ axis, count: size[axis], sourceOf: (i) => begin[axis] + i * strides[axis] })),
  );
}

/** Equal parts, or parts of the given lengths: one slice each. */
export function convertSplit(n: OnnxNode): void {
  const shape = n.shape(0);
  const axis = n.axis(n.int('axis', 0), shape.length);
  const parts = n.outputCount;
  const stated =
    n.opset < 13 ? n.ints('split') : n.has(1) ? n.constantInts(1, 'list of lengths', maxListLength) : undefined;
  const chunk = Math.ceil(shape[axis] / parts);
  const lengths = stated ?? range(parts).map((i) => Math.min(chunk, shape[axis] - i * chunk));
  if (lengths.length !== parts || lengths.some((l) => l < 1) || lengths.reduce((a, b) => a + b, 0) !== shape[axis]) {
    n.broken(`parts of [${lengths}] of ${shape[axis]}`);
  }
  let start = 0;
  lengths.forEach((length, i) => {
    const begin = shape.map((_, d) => (d === axis ? start : 0));
    const size = shape.map((whole, d) => (d === axis ? length : whole));
    if (n.hasOutput(i)) n.emit('slice', [n.id(0)], { begin, size, strides: shape.map(() => 1) }, undefined, i);
    start += length;
  });
}

// Concat

export function concatAxis(n: OnnxNode): number {
  // Opset 4 made the axis compulsory.
  return n.axis(n.int('axis'), n.shape(0).length);
}

export function convertConcat(n: OnnxNode): void {
  if (n.inputCount > maxListLength) n.broken(`${n.inputCount} inputs`);
  const axis = concatAxis(n);
  if (n.inputCount === 1) {
    n.bind(n.value(0));
    return;
  }
  n.emit(
    'concat',
    range(n.inputCount).map((i): TensorId => n.id(i)),
    { axis },
  );
}

// Pad

/** Opset 11 turned pads and value into inputs; opset 18 added the axes. */
export function convertPad(n: OnnxNode): void {
  const { length: rank } = n.shape(0);
  const mode = n.text('mode', 'constant');
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge')
    refuse(`it pads in mode '${mode}'`, "pad in mode 'constant', 'reflect' or 'edge'");
  const asInputs = n.opset >= 11;
  const flat = asInputs ? n.constantInts(1, 'padding') : (n.ints('pads') ?? n.broken('it has no pads'));
  const value = asInputs ? (n.has(2) ? n.constantNumber(2, 'value') : 0) : n.float('value', 0);
  const axes = n.has(3) ? n.constantInts(3, 'list of axes').map((a) => n.axis(a, rank)) : range(rank);
  if (flat.length !== 2 * axes.length) n.broken(`${flat.length} padding numbers for ${axes.length} dimensions`);
  if (flat.some((p) => p < 0)) refuse(`it has negative pads [${flat}]`, 'crop with a Slice');
  if (!Number.isFinite(value)) refuse(`it pads with ${value}`, 'pad with a finite number');
  const pads = range(rank).map((): [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    pads[axis] = [flat[i], flat[i + axes.length]];
  });
  if (mode !== 'constant') {
    padFromInside(n, mode, pads);
    return;
  }
  const isSpatial = rank >= 3 && pads.slice(0, 2).every(([before, behind]) => before + behind === 0);
  if (isSpatial) {
    emitChannelsLast(n, 'pad', [], { pads: [pads[0], ...pads.slice(2), pads[1]], value });
    return;
  }
  n.emit('pad', [n.id(0)], { pads, value });
}

/** A gather per padded dimension. */
function padFromInside(n: OnnxNode, mode: PadMode, pads: readonly [number, number][]): void {
  const shape = n.shape(0);
  const padded = range(shape.length).filter((d) => pads[d][0] + pads[d][1] > 0);
  for (const d of padded) {
    const most = padLimit(mode, shape[d]) ?? maxListLength;
    if (Math.max(...pads[d]) > most)
      refuse(`it puts [${pads[d]}] around ${shape[d]} elements in mode '${mode}'`, `pad at most ${most}`);
  }
  if (padded.length === 0) {
    n.bind(n.value(0));
    return;
  }
  const gathered = padded.map((axis) => {
    const [before, behind] = pads[axis];
    n.values.budget.charge(8 * (before + shape[axis] + behind));
    const sources = padSources(mode, shape[axis], before, behind);
    return { axis, count: sources.length, sourceOf: (i: number) => sources[i] };
  });
  gatherAxes(n, n.id(0), gathered);
}

interface GatheredAxis {
  axis: number;
  count: number;
  sourceOf: (i: number) => number;
}

/** One gather after the other, by constant indices; the last gives the node's output. */
function gatherAxes(n: OnnxNode, from: TensorId, axes: readonly GatheredAxis[]): void {
  const { dtype, quant } = n.values.graph.tensors[from];
  const like = { dtype, ...(quant && { quant }) };
  let x = from;
  axes.forEach(({ axis, count, sourceOf }, i) => {
    n.values.budget.charge(8 * count);
    const data = Int32Array.from({ length: count }, (_, at) => sourceOf(at));
    const tensor: Tensor = { name: `${n.outputName}/indices${axis}`, dtype: 'int32', shape: [count], data };
    const inputs = [x, n.values.place({ kind: 'constant', tensor })];
    if (i === axes.length - 1) n.emit('gather', inputs, { axis }, like);
    else x = n.temporary('gather', inputs, { axis }, `gathered${axis}`, like);
  });
}
