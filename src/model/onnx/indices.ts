// SPDX-License-Identifier: Apache-2.0
// Rows of what indices choose, place or mark, made of gather, comparisons and products with constants.
import { elementCount, type Tensor, type TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';
import { castTo } from './plain.js';

export const typeOf = (n: OnnxNode, i: number) => {
  const { dtype, quant } = n.values.graph.tensors[n.id(i)];
  return { dtype, ...(quant && { quant }) };
};

/** A constant that the conversion makes. */
export function made(n: OnnxNode, purpose: string, shape: number[], data: Int32Array | Float32Array): TensorId {
  n.values.budget.charge(4 * data.length);
  const dtype = data instanceof Int32Array ? 'int32' : 'float32';
  const tensor: Tensor = { name: `${n.outputName}/${purpose}`, dtype, shape, data };
  return n.values.place({ kind: 'constant', tensor });
}

export const stridesOf = (shape: readonly number[]): number[] => shape.map((_, i) => elementCount(shape.slice(i + 1)));

export function requireSmall(n: OnnxNode, count: number): void {
  if (count > maxListLength) refuse(`it needs ${count} indices`, `use at most ${maxListLength}`);
  if (count < 1) n.broken('it has no elements');
}

/** One triangle, the other times zero. */
const convertTrilu: Convert = (n) => {
  const shape = n.shape(0);
  if (shape.length < 2) n.broken(`shape [${shape}] is no matrix`);
  const [rows, columns] = shape.slice(-2);
  const k = n.has(1) ? n.constantNumber(1, 'diagonal') : 0;
  const upper = n.int('upper', 1) !== 0;
  const { dtype } = typeOf(n, 0);
  if (dtype !== 'float32' && dtype !== 'int32') refuse(`its input is ${dtype}`, 'use float32 or int32');
  requireSmall(n, rows * columns);
  const inside = (i: number): number => {
    const distance = (i % columns) - Math.floor(i / columns);
    return (upper ? distance >= k : distance <= k) ? 1 : 0;
  };
  const values = Array.from({ length: rows * columns }, (_, i) => inside(i));
  const mask = dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values);
  n.emit('mul', [n.id(0), made(n, 'triangle', [rows, columns], mask)], {});
};

/** A running sum along an axis is a product with a triangle of ones. */
const convertCumSum: Convert = (n) => {
  const shape = n.shape(0);
  const axis = n.axis(n.constantNumber(1, 'axis'), shape.length);
  const size = shape[axis];
  if (typeOf(n, 0).dtype !== 'float32') refuse(`its input is ${typeOf(n, 0).dtype}`, 'use float32');
  requireSmall(n, size * size);
  const [exclusive, reverse] = ['exclusive', 'reverse'].map((name) => n.int(name, 0) !== 0);
  const takes = (from: number, to: number): boolean => (reverse ? from > to : from < to) || (from === to && !exclusive);
  const ones = Float32Array.from({ length: size * size }, (_, i) => (takes(i % size, Math.floor(i / size)) ? 1 : 0));
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const columns = n.temporary('reshape', [n.id(0)], { shape: [outer, size, inner] }, 'columns');
  const sums = n.temporary('matmul', [made(n, 'triangle', [1, size, size], ones), columns], {}, 'sums');
  n.emit('reshape', [sums], { shape });
};

/** A running product: products of 1, 2, 4 … neighbours, each with ones before the first. */
const convertCumProd: Convert = (n) => {
  const shape = n.shape(0);
  const axis = n.axis(n.constantNumber(1, 'axis'), shape.length);
  const size = shape[axis];
  if (typeOf(n, 0).dtype !== 'float32') refuse(`its input is ${typeOf(n, 0).dtype}`, 'use float32');
  requireSmall(n, size);
  const [exclusive, reverse] = ['exclusive', 'reverse'].map((name) => n.int(name, 0) !== 0);
  const along = (value: number, other: (d: number) => number): number[] =>
    shape.map((_, d) => (d === axis ? value : other(d)));
  const shifted = (x: TensorId, by: number, purpose: string): TensorId => {
    const cut = {
      begin: along(reverse ? by : 0, () => 0),
      size: along(size - by, (d) => shape[d]),
      strides: along(1, () => 1),
    };
    const pads = shape.map((_, d) => (d !== axis ? [0, 0] : reverse ? [0, by] : [by, 0]));
    return n.temporary('pad', [n.temporary('slice', [x], cut, `${purpose}_cut`)], { pads, value: 1 }, purpose);
  };
  const first = !exclusive ? n.id(0) : size === 1 ? undefined : shifted(n.id(0), 1, 'before');
  if (first === undefined) {
    n.emit('expand', [n.number('one', 1)], { shape });
    return;
  }
  let product = first;
  for (let by = 1; by < size; by *= 2)
    product = n.temporary('mul', [product, shifted(product, by, `by${by}`)], {}, `product${by}`);
  n.bind({ kind: 'computed', id: product });
};

/** Local response normalization: squares of neighbouring channels, added by a band of ones. */
const convertLrn: Convert = (n) => {
  const shape = n.shape(0);
  const size = n.int('size');
  const [alpha, beta, bias] = [n.float('alpha', 1e-4), n.float('beta', 0.75), n.float('bias', 1)];
  const channels = shape[1] ?? 0;
  if (shape.length < 3 || size < 1) n.broken(`size ${size} for shape [${shape}]`);
  requireSmall(n, channels * channels);
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const band = Float32Array.from({ length: channels * channels }, (_, i) => {
    const distance = (i % channels) - Math.floor(i / channels);
    return -before <= distance && distance <= after ? alpha / size : 0;
  });
  const squares = n.temporary('square', [n.id(0)], {}, 'squares');
  const columns = [shape[0], channels, elementCount(shape.slice(2))];
  const flat = n.temporary('reshape', [squares], { shape: columns }, 'columns');
  const sums = n.temporary('matmul', [made(n, 'band', [1, channels, channels], band), flat], {}, 'sums');
  const image = n.temporary('reshape', [sums], { shape }, 'image');
  const base = n.temporary('add', [image, n.number('bias', bias)], {}, 'base');
  n.emit('div', [n.id(0), n.temporary('pow', [base, n.number('beta', beta)], {}, 'power')], {});
};

/** Indices against a ramp, and against the same counted from the end. */
const convertOneHot: Convert = (n) => {
  const shape = n.shape(0);
  const depth = n.constantNumber(1, 'depth');
  const { data, dtype, shape: pair } = n.constant(2, 'values');
  if (!data || elementCount(pair) !== 2 || !(depth >= 1)) return n.broken(`depth ${depth} and values [${pair}]`);
  requireSmall(n, depth);
  const axis = n.axis(n.int('axis', -1), shape.length + 1);
  const rampShape = [...shape, 1].map((_, d) => (d === axis ? depth : 1));
  const ramp = (from: number): TensorId =>
    made(
      n,
      `ramp${from}`,
      rampShape,
      Int32Array.from({ length: depth }, (_, i) => from + i),
    );
  const one = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  const index = n.temporary('reshape', [castTo(n, n.id(0), 'int32', 'int32')], { shape: one }, 'index');
  const hits = [0, -depth].map((from) => n.temporary('equal', [index, ramp(from)], {}, `is${from}`));
  const hot = castTo(n, n.temporary('or', hits, {}, 'is_hot'), 'int32', 'hot');
  const [off, on] = Array.from(data as Float32Array, Number);
  if (dtype === 'float32') {
    const real = castTo(n, hot, 'float32', 'real');
    n.emit('add', [n.temporary('mul', [real, n.number('height', on - off)], {}, 'scaled'), n.number('off', off)], {});
  } else {
    const scaled = n.temporary('mul', [hot, made(n, 'height', [], Int32Array.of(on - off))], {}, 'scaled');
    n.emit('add', [scaled, made(n, 'off', [], Int32Array.of(off))], {});
  }
};

/** Rows of the flattened tensor, by index; `shape` of the result. */
function takeRows(n: OnnxNode, x: TensorId, rows: number[], index: TensorId, shape: number[]): void {
  const flat = n.temporary('reshape', [x], { shape: rows }, 'rows');
  const taken = n.temporary('gather', [flat, index], { axis: 0 }, 'taken', typeOf(n, 0));
  n.emit('reshape', [taken], { shape }, typeOf(n, 0));
}

/** Indices below zero count from the end. */
const wrapped = (n: OnnxNode, index: TensorId, size: TensorId): TensorId =>
  n.temporary('floorMod', [index, size], {}, 'wrapped');

/** The row of x, flattened to rows of `inner` elements, that each list of indices (input 1) names. */
export function listedRows(n: OnnxNode, batch: number): { row: TensorId; rows: number[] } {
  const [shape, indices] = [n.shape(0), n.shape(1)];
  const depth = indices.at(-1) ?? 0;
  if (batch < 0 || depth < 1 || batch + depth > shape.length || batch >= indices.length)
    n.broken(`indices [${indices}] for shape [${shape}]`);
  const chosen = shape.slice(batch, batch + depth);
  const [outer, inner] = [shape.slice(0, batch), shape.slice(batch + depth)];
  const places = elementCount(indices.slice(0, -1));
  requireSmall(n, places);
  const steps = stridesOf(chosen);
  const index = castTo(n, n.id(1), 'int32', 'int32');
  const inside = wrapped(n, index, made(n, 'sizes', [depth], Int32Array.from(chosen)));
  const scaled = n.temporary('mul', [inside, made(n, 'steps', [depth], Int32Array.from(steps))], {}, 'scaled');
  const sum = n.temporary('sum', [scaled], { axes: [indices.length - 1], keepDims: false }, 'index');
  const perBatch = places / elementCount(outer);
  const first = Int32Array.from({ length: places }, (_, i) => Math.floor(i / perBatch) * elementCount(chosen));
  const row = n.temporary('add', [sum, made(n, 'first', indices.slice(0, -1), first)], {}, 'row');
  return { row, rows: [elementCount(outer) * elementCount(chosen), elementCount(inner)] };
}

const convertGatherNd: Convert = (n) => {
  const batch = n.int('batch_dims', 0);
  const { row, rows } = listedRows(n, batch);
  const inner = n.shape(0).slice(batch + (n.shape(1).at(-1) ?? 0));
  takeRows(n, n.id(0), rows, row, [...n.shape(1).slice(0, -1), ...inner]);
};

/** Where element i of `indices` lies in a tensor of `shape`, but for what the index along the axis adds. */
export function bases(shape: readonly number[], indices: readonly number[], axis: number): Int32Array {
  const [steps, own] = [stridesOf(shape), stridesOf(indices)];
  return Int32Array.from({ length: elementCount(indices) }, (_, i) =>
    indices.reduce((sum, size, d) => sum + (d === axis ? 0 : (Math.floor(i / own[d]) % size) * steps[d]), 0),
  );
}

/** The place in x, flattened, that each index along the axis names. */
export function placesAlong(n: OnnxNode): TensorId {
  const [shape, indices] = [n.shape(0), n.shape(1)];
  if (shape.length !== indices.length) n.broken(`indices [${indices}] for shape [${shape}]`);
  const axis = n.axis(n.int('axis', 0), shape.length);
  requireSmall(n, elementCount(indices));
  const index = castTo(n, n.id(1), 'int32', 'int32');
  const inside = wrapped(n, index, made(n, 'size', [], Int32Array.of(shape[axis])));
  const scaled = n.temporary('mul', [inside, made(n, 'step', [], Int32Array.of(stridesOf(shape)[axis]))], {}, 'scaled');
  return n.temporary('add', [scaled, made(n, 'first', indices, bases(shape, indices, axis))], {}, 'place');
}

const convertGatherElements: Convert = (n) => {
  const place = placesAlong(n);
  takeRows(n, n.id(0), [elementCount(n.shape(0)), 1], place, n.shape(1));
};

export const indices: Readonly<Record<string, Convert>> = {
  Trilu: convertTrilu,
  CumSum: convertCumSum,
  CumProd: convertCumProd,
  LRN: convertLrn,
  OneHot: convertOneHot,
  GatherND: convertGatherNd,
  GatherElements: convertGatherElements,
};
