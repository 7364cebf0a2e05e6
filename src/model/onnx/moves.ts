// SPDX-License-Identifier: Apache-2.0
// Rows of what repeats, chooses and rearranges elements.
import { elementCount } from '../graph.js';
import { maxListLength } from '../limits.js';
import { refuse } from '../refusal.js';
import { convertEinsum } from './einsum.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';

const like = (n: OnnxNode) => {
  const { dtype, quant } = n.values.graph.tensors[n.id(0)];
  return { dtype, ...(quant && { quant }) };
};

const convertExpand: Convert = (n) => {
  n.emit('expand', [n.id(0)], { shape: n.constantInts(1, 'shape') }, like(n));
};

const convertTile: Convert = (n) => {
  n.emit('tile', [n.id(0)], { repeats: n.constantInts(1, 'list of repeats') }, like(n));
};

/** Rows that follow each other are a slice, which moves whole runs and lets transposes pass. */
function sliceFor(n: OnnxNode, axis: number, first: number, count: number, step: number): void {
  const shape = n.shape(0);
  const at = (value: number, other: (d: number) => number): number[] =>
    shape.map((_, d) => (d === axis ? value : other(d)));
  const attrs = { begin: at(first, () => 0), size: at(count, (d) => shape[d]), strides: at(step, () => 1) };
  const rows = n.temporary('slice', [n.id(0)], attrs, 'rows', like(n));
  n.emit('reshape', [rows], { shape: [...shape.slice(0, axis), ...n.shape(1), ...shape.slice(axis + 1)] }, like(n));
}

const convertGather: Convert = (n) => {
  const axis = n.axis(n.int('axis', 0), n.shape(0).length);
  if (n.value(1).kind === 'constant') {
    const length = n.shape(0)[axis];
    const list = n.constantInts(1, 'list of indices', maxListLength).map((v) => n.axis(v, length));
    const step = list.length > 1 ? list[1] - list[0] : 1;
    if (list.length > 0 && step >= 1 && list.every((v, i) => v === list[0] + i * step))
      return sliceFor(n, axis, list[0], list.length, step);
  }
  n.emit('gather', [n.id(0), n.id(1)], { axis }, like(n));
};

/** N, C, H, W with blocks of pixels and channels exchanged: a reshape, a transpose and a reshape. */
const blocks =
  (toSpace: boolean): Convert =>
  (n) => {
    const shape = n.shape(0);
    const b = n.int('blocksize');
    if (shape.length !== 4) refuse(`its input has ${shape.length} dimensions`, 'use an input of 4 dimensions');
    const [batch, c, h, w] = shape;
    const fits = b >= 1 && (toSpace ? c % (b * b) === 0 : h % b === 0 && w % b === 0);
    if (!fits) n.broken(`blocks of ${b} in shape [${shape}]`);
    const columnFirst = n.text('mode', 'DCR') === 'CRD';
    const split = toSpace
      ? columnFirst
        ? [batch, c / (b * b), b, b, h, w]
        : [batch, b, b, c / (b * b), h, w]
      : [batch, c, h / b, b, w / b, b];
    const perm = toSpace ? (columnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]) : [0, 3, 5, 1, 2, 4];
    const out = toSpace ? [batch, c / (b * b), h * b, w * b] : [batch, c * b * b, h / b, w / b];
    const parts = n.temporary('reshape', [n.id(0)], { shape: split }, 'parts');
    n.emit('reshape', [n.temporary('transpose', [parts], { perm }, 'exchanged')], { shape: out });
  };

/** 1 at the first largest element along an axis, else 0: its index against a ramp of indices. */
const convertHardmax: Convert = (n) => {
  const shape = n.shape(0);
  if (n.opset < 13)
    refuse('before opset 13 it runs over several dimensions as one', 'export it with opset 13 or newer');
  const axis = n.axis(n.int('axis', -1), shape.length);
  const best = n.temporary('argMax', [n.id(0)], { axis, keepDims: true, last: false }, 'best');
  n.values.budget.charge(4 * shape[axis]);
  const ramp = n.values.place({
    kind: 'constant',
    tensor: {
      name: `${n.outputName}/ramp`,
      dtype: 'int32',
      shape: shape.map((d, i) => (i === axis ? d : 1)),
      data: Int32Array.from({ length: shape[axis] }, (_, i) => i),
    },
  });
  const isBest = n.temporary('equal', [best, ramp], {}, 'is_best');
  const numbers = n.temporary('cast', [isBest], { to: 'int32' }, 'int32');
  n.emit('cast', [numbers], { to: 'float32' });
};

/** Of every length but 1 an end is cut off by the graph: start, end and step are constants. */
const convertRange: Convert = (n) => {
  const [start, limit, step] = [0, 1, 2].map((i) => n.constantNumber(i, 'bound'));
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!(count <= maxListLength)) n.broken(`${count} elements`);
  const { dtype } = n.tensor(0);
  n.values.budget.charge(8 * count);
  const values = range(count).map((i) => start + i * step);
  const data =
    dtype === 'int64'
      ? BigInt64Array.from(values, BigInt)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : Float32Array.from(values);
  n.bindConstant({ name: n.outputName, dtype, shape: [count], data });
};

const convertSize: Convert = (n) =>
  n.bindConstant({
    name: n.outputName,
    dtype: 'int64',
    shape: [],
    data: BigInt64Array.of(BigInt(elementCount(n.shape(0)))),
  });

export const moves: Readonly<Record<string, Convert>> = {
  Expand: convertExpand,
  Tile: convertTile,
  Gather: convertGather,
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
  Hardmax: convertHardmax,
  Range: convertRange,
  Size: convertSize,
  Einsum: convertEinsum,
};
