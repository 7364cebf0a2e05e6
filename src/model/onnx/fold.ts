// SPDX-License-Identifier: Apache-2.0
// Nodes whose result is known while reading: Constant, Shape, and everything that only handles constants. Exporters
// compute shapes and weight layouts this way; each row turns constant inputs into a constant.
import { type DType, elementCount, type Tensor } from '../graph.js';
import { maxListLength, maxRank } from '../limits.js';
import { permuteConstant } from '../permute.js';
import { refuse } from '../refusal.js';
import { allocate, dataOf, type Fold, type Folded, type FoldRow, pick, toBigInt } from './foldData.js';
import { foldMath } from './foldMath.js';
import { movesText, textRefusal } from './labels.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';
import {
  concatAxis,
  flattenedShape,
  permutationOf,
  reshapedShape,
  slicedRanges,
  squeezedShape,
  unsqueezedShape,
} from './shapes.js';
import { dtypeOf, readConstant } from './tensors.js';

const int64s = (values: readonly number[], shape: number[]): Folded => ({
  dtype: 'int64',
  shape,
  data: BigInt64Array.from(values, BigInt),
});

// Without constant inputs

function foldConstant(n: OnnxNode): Folded {
  const proto = n.tensorAttribute('value');
  if (proto !== undefined) return readConstant(proto, n.outputName, n.values.budget.charge);
  const floats = n.floats('value_floats');
  if (floats !== undefined) return { dtype: 'float32', shape: [floats.length], data: Float32Array.from(floats) };
  const ints = n.ints('value_ints');
  if (ints !== undefined)
    return int64s(
      ints.map((v) => checkedInt(n, v)),
      [ints.length],
    );
  if (n.hasAttribute('value_float'))
    return { dtype: 'float32', shape: [], data: Float32Array.of(n.float('value_float')) };
  if (n.hasAttribute('value_int')) return int64s([n.int('value_int')], []);
  return refuse('it holds neither a tensor nor a number', 'use tensor constants');
}

function checkedInt(n: OnnxNode, value: number): number {
  if (Math.abs(value) > 2 ** 63) return n.broken(`it holds ${value}`);
  return Math.min(value, 2 ** 63 - 1024);
}

function foldShape(n: OnnxNode): Folded {
  const shape = n.shape(0);
  const end = n.hasAttribute('end') ? n.int('end') : shape.length;
  const part = shape.slice(n.int('start', 0), end);
  return int64s(part, [part.length]);
}

function foldConstantOfShape(n: OnnxNode): Folded {
  const shape = n.constantInts(0, 'shape');
  if (shape.length > maxRank || shape.some((d) => d < 0)) n.broken(`shape [${shape}]`);
  const proto = n.tensorAttribute('value');
  const value = proto === undefined ? undefined : readConstant(proto, n.outputName, n.values.budget.charge);
  const dtype = value?.dtype ?? 'float32';
  const data = allocate(n, dtype, elementCount(shape));
  if (value?.data !== undefined) {
    if (value.data.length !== 1) n.broken(`its value has ${value.data.length} elements`);
    data.fill(value.data[0] as never);
  }
  return { dtype, shape, data };
}

// Layout of constants

const reshapeConstant =
  (shapeOf: (n: OnnxNode) => number[]): Fold =>
  (n) => {
    const { tensor, data } = dataOf(n, 0);
    return { dtype: tensor.dtype, shape: shapeOf(n), data };
  };

function foldTranspose(n: OnnxNode): Folded {
  const { tensor, data } = dataOf(n, 0);
  n.values.budget.charge(data.byteLength);
  return permuteConstant(tensor, permutationOf(n));
}

function foldGather(n: OnnxNode): Folded {
  const { tensor } = dataOf(n, 0);
  const axis = n.axis(n.int('axis', 0), tensor.shape.length);
  const length = tensor.shape[axis];
  n.values.budget.charge(8 * elementCount(n.tensor(1).shape));
  const indices = n.constantInts(1, 'list of indices', maxListLength).map((v) => n.axis(v, length));
  const inner = elementCount(tensor.shape.slice(axis + 1));
  const shape = [...tensor.shape.slice(0, axis), ...n.tensor(1).shape, ...tensor.shape.slice(axis + 1)];
  if (shape.length > maxRank) n.broken(`${shape.length} dimensions`);
  const row = indices.length * inner;
  return pick(n, 0, shape, (at) => {
    const index = indices[Math.floor((at % row) / inner)];
    return (Math.floor(at / row) * length + index) * inner + (at % inner);
  });
}

function foldSlice(n: OnnxNode): Folded {
  const { begin, size, strides } = slicedRanges(n);
  const { shape } = n.tensor(0);
  return pick(n, 0, size, (at) => {
    let [source, rest, unit] = [0, at, 1];
    for (let d = shape.length - 1; d >= 0; d--) {
      source += (begin[d] + (rest % size[d]) * strides[d]) * unit;
      rest = Math.floor(rest / size[d]);
      unit *= shape[d];
    }
    return source;
  });
}

function foldConcat(n: OnnxNode): Folded {
  const parts = range(n.inputCount).map((i) => dataOf(n, i));
  const { dtype, shape } = parts[0].tensor;
  const axis = concatAxis(n);
  const fits = (other: Tensor): boolean =>
    other.dtype === dtype &&
    other.shape.length === shape.length &&
    other.shape.every((d, i) => i === axis || d === shape[i]);
  if (!parts.every((p) => fits(p.tensor))) n.broken('its inputs do not fit together');
  const total = parts.reduce((sum, p) => sum + p.tensor.shape[axis], 0);
  const out = allocate(n, dtype, (elementCount(shape) / Math.max(1, shape[axis])) * total);
  const outer = elementCount(shape.slice(0, axis));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const { data } of parts) {
      const run = data.length / outer;
      for (let i = 0; i < run; i++) out[at++] = data[o * run + i];
    }
  }
  return { dtype, shape: shape.map((d, i) => (i === axis ? total : d)), data: out };
}

const foldCast: Fold = (n) => castTo(n, dtypeOf(n.int('to'), n.outputName));
const foldCastLike: Fold = (n) => castTo(n, n.tensor(1).dtype);

function castTo(n: OnnxNode, dtype: DType): Folded {
  const { tensor, data } = dataOf(n, 0);
  if (dtype === tensor.dtype) return tensor;
  const out = allocate(n, dtype, data.length);
  for (let i = 0; i < out.length; i++) {
    const v = Number(data[i]);
    if (dtype === 'bool') out[i] = v === 0 ? 0 : 1;
    else if (out instanceof BigInt64Array) out[i] = toBigInt(n, v);
    else out[i] = dtype === 'float32' ? v : Math.trunc(v);
  }
  return { dtype, shape: tensor.shape, data: out };
}

const rows: Readonly<Record<string, FoldRow>> = {
  Constant: { fold: foldConstant, needs: 0 },
  Shape: { fold: foldShape, needs: 0 },
  ConstantOfShape: { fold: foldConstantOfShape, needs: 0 },
  Reshape: { fold: reshapeConstant(reshapedShape) },
  Flatten: { fold: reshapeConstant(flattenedShape) },
  Squeeze: { fold: reshapeConstant(squeezedShape) },
  Unsqueeze: { fold: reshapeConstant(unsqueezedShape) },
  Transpose: { fold: foldTranspose },
  Gather: { fold: foldGather },
  Slice: { fold: foldSlice },
  Concat: { fold: foldConcat },
  Cast: { fold: foldCast },
  CastLike: { fold: foldCastLike, needs: 1 },
  ...foldMath,
};

/** Binds the constant result and returns true where the node can be computed now. */
/** The texts that the constants stand for, where the node only moves them. */
function constantLabels(n: OnnxNode, operator: string): readonly string[] | undefined {
  const found = range(n.inputCount)
    .filter((i) => n.has(i))
    .map((i) => n.tensor(i).labels);
  if (found.every((labels) => labels === undefined) || operator === 'Shape') return undefined;
  return movesText.has(operator) && found.slice(1).every((labels) => labels === undefined)
    ? found[0]
    : refuse(...textRefusal);
}

export function foldNode(n: OnnxNode, operator: string): boolean {
  if (!Object.hasOwn(rows, operator)) return false;
  const row = rows[operator];
  const isConstant = (i: number): boolean => !n.has(i) || n.value(i).kind === 'constant';
  const needs = row.needs ?? n.inputCount;
  if (row.needs === undefined && n.inputCount === 0) return false;
  if (!range(needs).every(isConstant) || row.only?.(n) === false) return false;
  const labels = constantLabels(n, operator);
  n.bindConstant({ name: n.outputName, ...row.fold(n), ...(labels && { labels }) });
  return true;
}
