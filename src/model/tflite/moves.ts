// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that choose, repeat, split and stack elements.
import { elementCount, type TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { padLimit, padSources } from '../mirror.js';
import { refuse } from '../refusal.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

/** A condition of one dimension chooses whole rows in the first version of SELECT, not along the last dimension. */
export function convertSelect(n: TfliteNode): void {
  const [condition, a, b] = [0, 1, 2].map((i) => n.input(i));
  const rows = condition.shape.length === 1 && a.shape.length > 1 && a.shape.length === b.shape.length;
  if (!rows || condition.shape[0] === 1 || n.builtin === 'SELECT_V2') {
    n.emit('where', n.inputs.slice(0, 3), {});
    return;
  }
  if (condition.data) refuse('its condition is constant', 'export the model with constants folded');
  const shape = [condition.shape[0], ...a.shape.slice(1).map(() => 1)];
  const column = n.emitTemporary('reshape', n.inputs.slice(0, 1), { shape }, shape, condition);
  n.emit('where', [column, n.inputs[1], n.inputs[2]], {});
}

export function convertGather(n: TfliteNode): void {
  const options = schema.GatherOptions;
  const { shape } = n.input(0);
  const axis = n.axis(n.option(options, options.axis), shape.length);
  if (n.option(options, options.batchDims) !== 0)
    refuse('it gathers within batches (batch_dims)', 'gather along one axis');
  const { data } = n.input(1);
  for (const index of data ?? [])
    if (index < 0 || index >= shape[axis]) n.broken(`index ${index} of ${shape[axis]} elements`);
  n.emit('gather', n.inputs.slice(0, 2), { axis });
}

export function convertTile(n: TfliteNode): void {
  n.input(0);
  n.emit('tile', n.inputs.slice(0, 1), { repeats: n.ints(1, 'list of repeats') });
}

export function convertBroadcastTo(n: TfliteNode): void {
  n.input(0);
  n.emit('expand', n.inputs.slice(0, 1), { shape: n.ints(1, 'shape') });
}

/** One gather for each dimension that is padded. */
export function convertMirrorPad(n: TfliteNode): void {
  const { shape } = n.input(0);
  const flat = n.ints(1, 'padding');
  const code = n.option(schema.MirrorPadOptions, schema.MirrorPadOptions.mode);
  if (code !== 0 && code !== 1) n.broken(`mode ${code} is unknown`);
  const mode = code === 0 ? 'reflect' : 'symmetric';
  if (flat.length !== 2 * shape.length) n.broken(`${flat.length} padding numbers for ${shape.length} dimensions`);
  const padded = shape.flatMap((size, axis) => {
    const [before, behind] = [flat[2 * axis], flat[2 * axis + 1]];
    const most = padLimit(mode, size) ?? 0;
    if (!(before >= 0 && behind >= 0 && before <= most && behind <= most))
      n.broken(`padding [${before}, ${behind}] of ${size} elements in mode ${mode}`);
    n.charge(8 * (before + size + behind));
    return before + behind === 0 ? [] : [{ axis, sources: padSources(mode, size, before, behind) }];
  });
  if (padded.length === 0) n.emitReshape(n.inputs[0]);
  let [x, now]: [TensorId, number[]] = [n.inputs[0], shape];
  padded.forEach(({ axis, sources }, i) => {
    const inputs = [x, n.indices(sources)];
    now = now.map((d, at) => (at === axis ? sources.length : d));
    if (i === padded.length - 1) n.emit('gather', inputs, { axis });
    else x = n.emitTemporary('gather', inputs, { axis }, now);
  });
}

// Several outputs or inputs

/** Parts of these lengths along an axis, one slice each. */
function emitParts(n: TfliteNode, from: number, axis: number, lengths: readonly number[]): void {
  const { shape } = n.input(from);
  if (
    lengths.length !== n.outputCount ||
    lengths.some((l) => !(Number.isInteger(l) && l >= 1)) ||
    lengths.reduce((a, b) => a + b, 0) !== shape[axis]
  )
    n.broken(`parts of [${lengths.slice(0, 16)}] of ${shape[axis]}`);
  let start = 0;
  lengths.forEach((length, i) => {
    const begin = shape.map((_, d) => (d === axis ? start : 0));
    const size = shape.map((whole, d) => (d === axis ? length : whole));
    n.emitOutput(i, 'slice', [n.inputs[from]], { begin, size, strides: shape.map(() => 1) });
    start += length;
  });
}

const axisInput = (n: TfliteNode, i: number, rank: number): number => {
  const axes = n.ints(i, 'axis');
  return axes.length === 1 ? n.axis(axes[0], rank) : n.broken(`${axes.length} axes`);
};

export function convertSplit(n: TfliteNode): void {
  const { shape } = n.input(1);
  const axis = axisInput(n, 0, shape.length);
  const count = n.outputCount;
  emitParts(n, 1, axis, new Array<number>(count).fill(shape[axis] / count));
}

/** One length may be -1: what is left. */
export function convertSplitV(n: TfliteNode): void {
  const { shape } = n.input(0);
  const axis = axisInput(n, 2, shape.length);
  const stated = n.ints(1, 'list of lengths');
  const known = stated.reduce((sum, l) => sum + Math.max(0, l), 0);
  emitParts(
    n,
    0,
    axis,
    stated.map((l) => (l === -1 ? shape[axis] - known : l)),
  );
}

export function convertUnpack(n: TfliteNode): void {
  const { shape, ...like } = n.input(0);
  const axis = n.axis(n.option(schema.UnpackOptions, schema.UnpackOptions.axis), shape.length);
  if (shape[axis] !== n.outputCount || n.outputCount > maxListLength)
    n.broken(`${n.outputCount} parts of ${shape[axis]}`);
  const size = shape.map((whole, d) => (d === axis ? 1 : whole));
  for (let i = 0; i < n.outputCount; i++) {
    const begin = shape.map((_, d) => (d === axis ? i : 0));
    const attrs = { begin, size, strides: shape.map(() => 1) };
    const part = n.emitTemporary('slice', n.inputs.slice(0, 1), attrs, size, { ...like, shape });
    n.emitOutput(i, 'reshape', [part], { shape: n.outputShape(i) });
  }
}

export function convertPack(n: TfliteNode): void {
  const { shape } = n.input(0);
  const axis = n.axis(n.option(schema.PackOptions, schema.PackOptions.axis), shape.length + 1);
  const wide = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  const parts = n.inputs.map((id, i) => {
    const part = n.input(i);
    if (elementCount(part.shape) !== elementCount(shape)) n.broken(`it stacks [${shape}] and [${part.shape}]`);
    return n.inputCount === 1 ? id : n.emitTemporary('reshape', [id], { shape: wide }, wide, part);
  });
  if (parts.length === 1) n.emitReshape(parts[0]);
  else n.emit('concat', parts, { axis });
}
