// SPDX-License-Identifier: Apache-2.0
// Arithmetic of constants: what exporters compute of shapes, positions and masks.
import { type DType, elementCount } from '../graph.js';
import { maxRank } from '../limits.js';
import { allocate, dataOf, type Fold, type Folded, type FoldRow, pick, toBigInt } from './foldData.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';

// Arithmetic

type Operation = (a: number, b: number) => number;

const arithmetic =
  (operation: Operation): Fold =>
  (n) => {
    const [a, b] = [dataOf(n, 0), dataOf(n, 1)];
    const { dtype } = a.tensor;
    if (b.tensor.dtype !== dtype) n.broken(`it mixes ${dtype} and ${b.tensor.dtype}`);
    const shape = broadcast(n, a.tensor.shape, b.tensor.shape);
    const out = allocate(n, dtype, elementCount(shape));
    const [fromA, fromB] = [a, b].map(({ tensor }) => source(tensor.shape, shape));
    for (let i = 0; i < out.length; i++) {
      const v = operation(Number(a.data[fromA(i)]), Number(b.data[fromB(i)]));
      if (out instanceof BigInt64Array) out[i] = toBigInt(n, v);
      else out[i] = dtype === 'float32' ? v : Math.trunc(v);
    }
    return { dtype, shape, data: out };
  };

/** What an If asks of shapes. */
const comparison =
  (holds: (a: number, b: number) => boolean): Fold =>
  (n) => {
    const { data, ...rest } = arithmetic((a, b) => (holds(a, b) ? 1 : 0))(n);
    return { ...rest, dtype: 'bool', data: Uint8Array.from(data as Int32Array, Number) };
  };

function foldNot(n: OnnxNode): Folded {
  const { tensor, data } = dataOf(n, 0);
  return { dtype: 'bool', shape: tensor.shape, data: Uint8Array.from(data as Uint8Array, (v) => (v === 0 ? 1 : 0)) };
}

function broadcast(n: OnnxNode, a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return range(rank).map((d) => {
    const [x, y] = [a[d - rank + a.length] ?? 1, b[d - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return n.broken(`shapes [${a}] and [${b}] do not go together`);
    return x === 1 ? y : x;
  });
}

/** Element of a tensor of shape `from` for element `i` of the broadcast shape `to`. */
function source(from: number[], to: number[]): (i: number) => number {
  const lead = to.length - from.length;
  return (i) => {
    let [at, rest, unit] = [0, i, 1];
    for (let d = to.length - 1; d >= lead; d--) {
      const size = from[d - lead];
      if (size !== 1) at += (rest % to[d]) * unit;
      rest = Math.floor(rest / to[d]);
      unit *= size;
    }
    return at;
  };
}

/** An integer function of reals gives what the type holds. */
function store(n: OnnxNode, dtype: DType, shape: number[], at: (i: number) => number): Folded {
  const out = allocate(n, dtype, elementCount(shape));
  for (let i = 0; i < out.length; i++) {
    const v = at(i);
    if (out instanceof BigInt64Array) out[i] = toBigInt(n, v);
    else out[i] = dtype === 'float32' ? v : Math.trunc(v);
  }
  return { dtype, shape, data: out };
}

const mapped =
  (f: (v: number) => number): Fold =>
  (n) => {
    const { tensor, data } = dataOf(n, 0);
    return store(n, tensor.dtype, tensor.shape, (i) => f(Number(data[i])));
  };

/** One to any number of inputs. */
const folded =
  (f: Operation): Fold =>
  (n) => {
    const parts = range(n.inputCount).map((i) => dataOf(n, i));
    const { dtype } = parts[0].tensor;
    if (parts.some((p) => p.tensor.dtype !== dtype)) n.broken('its inputs have different types');
    const shape = parts.reduce<number[]>((s, p) => broadcast(n, s, p.tensor.shape), []);
    const sources = parts.map((p) => source(p.tensor.shape, shape));
    return store(n, dtype, shape, (i) => parts.map((p, k) => Number(p.data[sources[k](i)])).reduce(f));
  };

function foldWhere(n: OnnxNode): Folded {
  const [condition, a, b] = [0, 1, 2].map((i) => dataOf(n, i));
  if (a.tensor.dtype !== b.tensor.dtype) n.broken('its choices have different types');
  const shape = broadcast(n, condition.tensor.shape, broadcast(n, a.tensor.shape, b.tensor.shape));
  const [fromC, fromA, fromB] = [condition, a, b].map(({ tensor }) => source(tensor.shape, shape));
  return store(n, a.tensor.dtype, shape, (i) => Number(condition.data[fromC(i)] ? a.data[fromA(i)] : b.data[fromB(i)]));
}

/** A shape of -1 keeps a dimension (torch writes it so). */
function foldExpand(n: OnnxNode): Folded {
  const { tensor } = dataOf(n, 0);
  const asked = n.constantInts(1, 'shape').map((d) => (d === -1 ? 1 : d));
  if (asked.length > maxRank || asked.some((d) => d < 0)) n.broken(`shape [${asked}]`);
  const shape = broadcast(n, tensor.shape, asked);
  return pick(n, 0, shape, source(tensor.shape, shape));
}

function foldTrilu(n: OnnxNode): Folded {
  const { tensor, data } = dataOf(n, 0);
  const [rows, columns] = tensor.shape.slice(-2);
  if (tensor.shape.length < 2) n.broken(`shape [${tensor.shape}] is no matrix`);
  const k = n.has(1) ? n.constantNumber(1, 'diagonal') : 0;
  const upper = n.int('upper', 1) !== 0;
  return store(n, tensor.dtype, tensor.shape, (i) => {
    const distance = (i % columns) - (Math.floor(i / columns) % rows);
    return (upper ? distance >= k : distance <= k) ? Number(data[i]) : 0;
  });
}

/** All elements into one number; with axes it is left to the operator. */
const reduced =
  (f: Operation): Fold =>
  (n) => {
    const { tensor, data } = dataOf(n, 0);
    if (data.length === 0) n.broken('it has no elements');
    const kept = n.int('keepdims', 1) !== 0 ? tensor.shape.map(() => 1) : [];
    const value = Array.from(data as Float32Array, Number).reduce(f);
    return store(n, tensor.dtype, kept, () => value);
  };

/** Over all dimensions. */
const ofAll = (n: OnnxNode): boolean =>
  !n.hasAttribute('noop_with_empty_axes') &&
  (n.tensor(0).shape.length <= 1 || (n.ints('axes') === undefined && !(n.inputCount > 1 && n.has(1))));

const floorMod: Operation = (a, b) => a - b * Math.floor(a / b);

const binaryMath: Readonly<Record<string, Operation>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
};

const unaryMath: Readonly<Record<string, (v: number) => number>> = {
  Neg: (v) => -v,
  Abs: Math.abs,
  Sqrt: Math.sqrt,
  Reciprocal: (v) => 1 / v,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Exp: Math.exp,
  Log: Math.log,
  Sin: Math.sin,
  Cos: Math.cos,
};

export const foldMath: Readonly<Record<string, FoldRow>> = {
  ...Object.fromEntries(Object.entries(binaryMath).map(([op, f]) => [op, { fold: arithmetic(f) }])),
  ...Object.fromEntries(Object.entries(unaryMath).map(([op, f]) => [op, { fold: mapped(f) }])),
  Mod: { fold: (n) => arithmetic(n.int('fmod', 0) === 0 ? floorMod : (a, b) => a % b)(n) },
  Min: { fold: folded((a, b) => Math.min(a, b)) },
  Max: { fold: folded((a, b) => Math.max(a, b)) },
  ReduceProd: { fold: reduced((a, b) => a * b), only: ofAll },
  ReduceSum: { fold: reduced((a, b) => a + b), only: ofAll },
  ReduceMax: { fold: reduced((a, b) => Math.max(a, b)), only: ofAll },
  ReduceMin: { fold: reduced((a, b) => Math.min(a, b)), only: ofAll },
  Where: { fold: foldWhere },
  Expand: { fold: foldExpand },
  Trilu: { fold: foldTrilu },
  Equal: { fold: comparison((a, b) => a === b) },
  Less: { fold: comparison((a, b) => a < b) },
  LessOrEqual: { fold: comparison((a, b) => a <= b) },
  Greater: { fold: comparison((a, b) => a > b) },
  GreaterOrEqual: { fold: comparison((a, b) => a >= b) },
  And: { fold: comparison((a, b) => a !== 0 && b !== 0) },
  Or: { fold: comparison((a, b) => a !== 0 || b !== 0) },
  Not: { fold: foldNot },
};
