// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that pad, cut and join.
import { elementCount, type TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { refuse } from '../refusal.js';
import { activationOf } from './activation.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

export function convertTranspose(n: TfliteNode): void {
  const rank = n.input(0).shape.length;
  const perm = n.ints(1, 'permutation').map((a) => n.axis(a, rank));
  if (perm.length !== rank || new Set(perm).size !== rank)
    n.broken(`[${perm}] is no permutation of ${rank} dimensions`);
  n.emit('transpose', n.inputs.slice(0, 1), { perm });
}

/** PAD fills with the real number 0, PADV2 with the constant of its third input. */
export function convertPad(n: TfliteNode): void {
  const rank = n.input(0).shape.length;
  const flat = n.ints(1, 'padding');
  if (flat.length !== 2 * rank) n.broken(`${flat.length} padding numbers for ${rank} dimensions`);
  if (flat.some((p) => p < 0)) n.broken(`negative padding [${flat}]`);
  const pads = Array.from({ length: rank }, (_, d) => [flat[2 * d], flat[2 * d + 1]]);
  n.emit('pad', n.inputs.slice(0, 1), { pads, value: padValue(n) });
}

function padValue(n: TfliteNode): number {
  const value = n.optional(2);
  if (value === undefined) return 0;
  const { data, quant } = value;
  if (data === undefined) return refuse(`its padding value ('${value.name}') is computed`, 'use a constant value');
  if (data.length !== 1) n.broken(`a padding value of ${data.length} elements`);
  const stored = Number(data[0]);
  return quant === undefined ? stored : quant.scales[0] * (stored - quant.zeroPoints[0]);
}

export function convertConcatenation(n: TfliteNode): void {
  const options = schema.ConcatenationOptions;
  const rank = n.input(0).shape.length;
  const axis = n.axis(n.option(options, options.axis), rank);
  if (activationOf(n, n.option(options, options.activation)) !== undefined) {
    refuse('it has a fused activation', 'make the activation a layer of its own');
  }
  for (let i = 0; i < n.inputCount; i++) n.input(i);
  n.emit('concat', n.inputs, { axis });
}

export function convertSlice(n: TfliteNode): void {
  const { shape } = n.input(0);
  const begin = n.ints(1, 'begin');
  const asked = n.ints(2, 'size');
  if (begin.length !== shape.length || asked.length !== shape.length) n.broken(`slice of ${begin.length} dimensions`);
  const size = asked.map((s, d) => (s === -1 ? shape[d] - begin[d] : s));
  if (begin.some((b, d) => b < 0 || size[d] < 1 || b + size[d] > shape[d])) {
    n.broken(`slice [${begin}] of size [${size}] is outside [${shape}]`);
  }
  n.emit('slice', n.inputs.slice(0, 1), { begin, size, strides: shape.map(() => 1) });
}

interface Range {
  begin: number;
  size: number;
  stride: number;
}

export function convertStridedSlice(n: TfliteNode): void {
  const options = schema.StridedSliceOptions;
  const { shape } = n.input(0);
  const mask = (field: typeof options.beginMask): number => n.option(options, field);
  if (mask(options.ellipsisMask) !== 0 || mask(options.newAxisMask) !== 0) {
    refuse('it uses an ellipsis or a new axis', 'write the slice with one range per dimension');
  }
  const begin = n.ints(1, 'begin');
  const end = n.ints(2, 'end').map((e, d) => (n.option(options, options.offset) ? e + begin[d] : e));
  const strides = n.ints(3, 'strides');
  if (begin.length > shape.length || end.length !== begin.length || strides.length !== begin.length) {
    n.broken(`slice of ${begin.length} dimensions of [${shape}]`);
  }
  const bit = (field: typeof options.beginMask, d: number): boolean => ((mask(field) >> d) & 1) === 1;
  const ranges = shape.map((length, d): Range => {
    if (d >= begin.length) return { begin: 0, size: length, stride: 1 };
    if (strides[d] === 0) n.broken('it has the stride 0');
    const back = strides[d] < 0;
    const [first, last] = back ? [length - 1, -1] : [0, length];
    const from = bit(options.beginMask, d) ? first : clampIndex(begin[d], length, back);
    const shrink = bit(options.shrinkAxisMask, d);
    const to = shrink
      ? from + Math.sign(strides[d])
      : bit(options.endMask, d)
        ? last
        : clampIndex(end[d], length, back);
    const size = Math.ceil((to - from) / strides[d]);
    return size >= 1 && from >= 0 && from < length
      ? { begin: from, size, stride: strides[d] }
      : n.broken('it takes no elements');
  });
  emitSlice(n, ranges);
}

/** Backwards the first element is reached by an end before it. */
function clampIndex(index: number, length: number, back: boolean): number {
  const at = index < 0 ? index + length : index;
  return back ? Math.min(length - 1, Math.max(-1, at)) : Math.min(length, Math.max(0, at));
}

/** What runs backwards is gathered, from what the other ranges leave. */
function forwards(n: TfliteNode, ranges: readonly Range[]): { x: TensorId; ranges: Range[] } {
  let x = n.inputs[0];
  const shape = [...n.input(0).shape];
  const rest = ranges.map((r, axis): Range => {
    if (r.stride > 0) return r;
    if (r.size > maxListLength) refuse(`it turns ${r.size} elements around`, `use at most ${maxListLength}`);
    const index = n.indices(Array.from({ length: r.size }, (_, k) => r.begin + k * r.stride));
    shape[axis] = r.size;
    x = n.emitTemporary('gather', [x, index], { axis }, [...shape], n.input(0));
    return { begin: 0, size: r.size, stride: 1 };
  });
  return { x, ranges: rest };
}

/** Where an axis was shrunk away the output has fewer dimensions than the slice. */
function emitSlice(n: TfliteNode, given: readonly Range[]): void {
  const { x, ranges } = forwards(n, given);
  const size = ranges.map((r) => r.size);
  const attrs = { begin: ranges.map((r) => r.begin), size, strides: ranges.map((r) => r.stride) };
  const inputs = [x];
  if (n.output.shape.length === size.length) {
    n.emit('slice', inputs, attrs);
    return;
  }
  if (elementCount(n.output.shape) !== elementCount(size))
    n.broken(`a slice of [${size}] is called [${n.output.shape}]`);
  n.emitReshape(n.emitTemporary('slice', inputs, attrs, size));
}
