// SPDX-License-Identifier: Apache-2.0
// Scaled dot product attention as products of matrices, sums and a softmax: what every attention row of the readers ends in.
import { elementCount, type Tensor, type TensorId } from '../graph.js';
import { maxTensorBytes } from '../limits.js';
import type { OnnxNode } from './node.js';

/** Added to a score that must not count: float32's lowest number, which swallows the score. */
export const maskedScore = -3.4028234663852886e38;

/** Queries [batch, heads, rows, size], keys and values [batch, kvHeads, columns, size]; heads are a multiple of kvHeads. */
export interface Heads {
  query: TensorId;
  key: TensorId;
  value: TensorId;
}

export interface Attending extends Heads {
  scale: number;
  /** cap * tanh(score / cap) bounds the scores; 0 for none. */
  softcap?: number;
  /** Added to the scores, by broadcasting. */
  bias?: TensorId;
  /** bool: where it is false a score does not count. */
  allowed?: TensorId;
  /** Told of the scores: as they are (0), capped (1), with the bias (2), as probabilities (3). */
  seen?: (step: number, scores: TensorId) => void;
}

const shapeOf = (n: OnnxNode, id: TensorId): number[] => n.values.graph.tensors[id].shape;

/** A constant that the conversion makes; an array only once its size is known to be sane. */
export function madeConstant(
  n: OnnxNode,
  purpose: string,
  shape: number[],
  dtype: 'float32' | 'int32',
  at: (i: number) => number,
): TensorId {
  const count = elementCount(shape);
  if (!(count >= 1 && 4 * count <= maxTensorBytes)) n.broken(`its ${purpose} has shape [${shape}]`);
  n.values.budget.charge(4 * count);
  const data = dtype === 'float32' ? new Float32Array(count) : new Int32Array(count);
  for (let i = 0; i < count; i++) data[i] = at(i);
  const tensor: Tensor = { name: `${n.outputName}/${purpose}`, dtype, shape, data };
  return n.values.place({ kind: 'constant', tensor });
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

export const reshaped = (n: OnnxNode, x: TensorId, shape: number[], purpose: string): TensorId =>
  same(shapeOf(n, x), shape) ? x : n.temporary('reshape', [x], { shape }, purpose);

export const permuted = (n: OnnxNode, x: TensorId, perm: number[], purpose: string): TensorId =>
  n.temporary('transpose', [x], { perm }, purpose);

/** [batch, rows, heads * size] as [batch, heads, rows, size]. */
export function splitHeads(n: OnnxNode, x: TensorId, heads: number, purpose: string): TensorId {
  const [batch, rows, width] = shapeOf(n, x);
  if (shapeOf(n, x).length !== 3 || !(heads >= 1) || width % heads !== 0)
    n.broken(`${heads} heads of shape [${shapeOf(n, x)}]`);
  const parted = reshaped(n, x, [batch, rows, heads, width / heads], `${purpose}_parts`);
  return permuted(n, parted, [0, 2, 1, 3], `${purpose}_heads`);
}

/** Back to [batch, rows, heads * size], as the node's first output. */
export function emitJoined(n: OnnxNode, x: TensorId): void {
  const [batch, heads, rows, size] = shapeOf(n, x);
  const rowsFirst = permuted(n, x, [0, 2, 1, 3], 'rows_first');
  n.emit('reshape', [rowsFirst], { shape: [batch, rows, heads * size] });
}

/** Earlier keys or values before the new ones; what then is there can be output `i`. */
export function withPast(n: OnnxNode, past: number, now: TensorId, output: number, purpose: string): TensorId {
  if (!n.has(past)) {
    n.bind({ kind: 'computed', id: now }, output);
    return now;
  }
  const [a, b] = [n.shape(past), shapeOf(n, now)];
  if (a.length !== 4 || a.some((d, i) => i !== 2 && d !== b[i])) n.broken(`a past of shape [${a}] before [${b}]`);
  const id = n.temporary('concat', [n.id(past), now], { axis: 2 }, purpose);
  n.bind({ kind: 'computed', id }, output);
  return id;
}

/** Row r sees the columns up to r + before, and of those the last `window` where it is at least 0. */
export function causalBias(n: OnnxNode, rows: number, columns: number, before: number, window = -1): TensorId {
  return madeConstant(n, 'causal', [rows, columns], 'float32', (i) => {
    const distance = Math.floor(i / columns) + before - (i % columns);
    return distance < 0 || (window >= 0 && distance > window) ? maskedScore : 0;
  });
}

function checkHeads(n: OnnxNode, { query, key, value }: Heads): void {
  const [q, k, v] = [query, key, value].map((id) => shapeOf(n, id));
  const fits =
    [q, k, v].every((shape) => shape.length === 4 && shape[0] === q[0]) &&
    q[3] === k[3] &&
    k[1] === v[1] &&
    k[2] === v[2] &&
    q[1] % k[1] === 0;
  if (!fits) n.broken(`queries [${q}], keys [${k}] and values [${v}] do not go together`);
}

/** Heads that share keys and values lie behind each other: their rows are rows of one matrix. */
function grouped(n: OnnxNode, x: TensorId, kvHeads: number, purpose: string): TensorId {
  const [batch, heads, rows, size] = shapeOf(n, x);
  return reshaped(n, x, [batch, kvHeads, (heads / kvHeads) * rows, size], purpose);
}

function capped(n: OnnxNode, scores: TensorId, cap: number): TensorId {
  const share = n.temporary('mul', [scores, n.number('one_over_cap', 1 / cap)], {}, 'share_of_cap');
  const bounded = n.temporary('tanh', [share], {}, 'bounded');
  return n.temporary('mul', [bounded, n.number('cap', cap)], {}, 'capped');
}

/** What the heads attend to: [batch, heads, rows, size of a value]. */
export function attend(n: OnnxNode, a: Attending): TensorId {
  checkHeads(n, a);
  const [batch, heads, rows] = shapeOf(n, a.query);
  const [, kvHeads, columns, valueSize] = shapeOf(n, a.value);
  const scaled = n.temporary('mul', [a.query, n.number('scale', a.scale)], {}, 'scaled');
  const turned = permuted(n, a.key, [0, 1, 3, 2], 'turned_keys');
  const products = n.temporary('matmul', [grouped(n, scaled, kvHeads, 'queries'), turned], {}, 'products');
  let scores = reshaped(n, products, [batch, heads, rows, columns], 'scores');
  a.seen?.(0, scores);
  if (a.softcap) scores = capped(n, scores, a.softcap);
  a.seen?.(1, scores);
  if (a.bias !== undefined) scores = n.temporary('add', [scores, a.bias], {}, 'biased');
  if (a.allowed !== undefined) {
    const never = n.number('masked', maskedScore);
    scores = n.temporary('where', [a.allowed, scores, never], {}, 'allowed', { dtype: 'float32' });
  }
  a.seen?.(2, scores);
  const shares = n.temporary('softmax', [scores], { axis: 3, beta: 1 }, 'shares');
  a.seen?.(3, shares);
  const sums = n.temporary('matmul', [grouped(n, shares, kvHeads, 'share_rows'), a.value], {}, 'attended');
  return reshaped(n, sums, [batch, heads, rows, valueSize], 'attended_heads');
}
