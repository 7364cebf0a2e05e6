// SPDX-License-Identifier: Apache-2.0
// Rows of ScatterElements and ScatterND. Semantics: onnx/defs/tensor/defs.cc.
import { type Reduction, reductions } from '../../ops/scatter.js';
import { elementCount, type TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import { bases, listedRows, made, placesAlong, requireSmall, stridesOf, typeOf } from './indices.js';
import type { OnnxNode } from './node.js';

function reductionOf(n: OnnxNode): Reduction {
  const text = n.text('reduction', 'none');
  return reductions.find((r) => r === text) ?? refuse(`its reduction is '${text}'`, `use ${reductions.join(', ')}`);
}

/** Constant indices that only replace: every output element is one of the tensor or one of the updates, a gather from both. */
const isChoice = (n: OnnxNode): boolean => n.value(1).kind === 'constant' && reductionOf(n) === 'none';

function choose(n: OnnxNode, placeOf: (indices: number[]) => number[]): void {
  const shape = n.shape(0);
  const count = elementCount(shape);
  requireSmall(n, count);
  requireSmall(n, elementCount(n.shape(2)));
  const source = Int32Array.from({ length: count }, (_, i) => i);
  placeOf(n.constantInts(1, 'list of indices', maxListLength)).forEach((to, i) => {
    if (to < 0 || to >= count) n.broken('an index lies outside of its tensor');
    source[to] = count + i;
  });
  const flat = [0, 2].map((i) =>
    n.temporary('reshape', [n.id(i)], { shape: [elementCount(n.shape(i)), 1] }, `flat${i}`, typeOf(n, i)),
  );
  const both = n.temporary('concat', flat, { axis: 0 }, 'both', typeOf(n, 0));
  const taken = n.temporary('gather', [both, made(n, 'source', [count], source)], { axis: 0 }, 'taken', typeOf(n, 0));
  n.emit('reshape', [taken], { shape }, typeOf(n, 0));
}

function emitScatter(n: OnnxNode, rows: TensorId, inner: number): void {
  if (elementCount(n.shape(2)) !== elementCount(n.values.graph.tensors[rows].shape) * inner)
    n.broken(`updates [${n.shape(2)}] for indices [${n.shape(1)}] of shape [${n.shape(0)}]`);
  n.emit('scatter', [n.id(0), rows, n.id(2)], { inner, reduction: reductionOf(n) }, typeOf(n, 0));
}

const convertScatterElements: Convert = (n) => {
  const [shape, indices] = [n.shape(0), n.shape(1)];
  if (shape.length !== indices.length) n.broken(`indices [${indices}] for shape [${shape}]`);
  if (!isChoice(n)) return emitScatter(n, placesAlong(n), 1);
  const axis = n.axis(n.int('axis', 0), shape.length);
  const step = stridesOf(shape)[axis];
  choose(n, (list) => {
    const first = bases(shape, indices, axis);
    return list.map((index, i) => first[i] + n.axis(index, shape[axis]) * step);
  });
};

const convertScatterNd: Convert = (n) => {
  const [shape, indices] = [n.shape(0), n.shape(1)];
  const depth = indices.at(-1) ?? 0;
  if (depth < 1 || depth > shape.length) n.broken(`indices [${indices}] for shape [${shape}]`);
  const inner = elementCount(shape.slice(depth));
  if (!isChoice(n)) return emitScatter(n, listedRows(n, 0).row, inner);
  const steps = stridesOf(shape);
  choose(n, (list) =>
    Array.from({ length: (list.length / depth) * inner }, (_, i) => {
      const at = Math.floor(i / inner) * depth;
      return steps.slice(0, depth).reduce((sum, step, d) => sum + n.axis(list[at + d], shape[d]) * step, i % inner);
    }),
  );
};

export const scatters: Readonly<Record<string, Convert>> = {
  Scatter: convertScatterElements,
  ScatterElements: convertScatterElements,
  ScatterND: convertScatterNd,
};
