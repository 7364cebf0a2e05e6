// SPDX-License-Identifier: Apache-2.0
// Einsum of one or two inputs: sums over what only one of them has, then a product of matrices between transposes.

import type { Tensor, TensorId } from '../graph.js';
import { maxAxes } from '../limits.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';

/** A tensor and what its dimensions are called, one letter each. */
interface Term {
  id: TensorId;
  labels: string;
}

const spare = 'ÀÁÂÃÄÅÆÇ';

/** The letters of each input and of the output; '...' becomes letters that no equation has. */
function labelsOf(n: OnnxNode): { inputs: string[]; output: string } {
  const equation = n.text('equation', '').replaceAll(' ', '');
  const no = (): never =>
    refuse(`its equation '${equation}' is not one that mote has`, 'write it as Transpose, ReduceSum and MatMul');
  const [from, to] = equation.split('->');
  const terms = from.split(',');
  if (!/^[a-zA-Z.]*(,[a-zA-Z.]*)*$/.test(from) || terms.length > 2 || terms.length !== n.inputCount) return no();
  const rest = terms.map((term, i) => n.shape(i).length - term.replace('...', '').length);
  const widest = Math.max(...terms.map((term, i) => (term.includes('...') ? rest[i] : 0)));
  const spread = (text: string, count: number): string => text.replace('...', spare.slice(widest - count, widest));
  if (widest > spare.length || rest.some((r, i) => r < 0 || (r > 0 && !terms[i].includes('...')))) return no();
  const inputs = terms.map((term, i) => spread(term, rest[i]));
  const once = [...new Set(inputs.join(''))].filter((c) => inputs.join('').split(c).length === 2 && !spare.includes(c));
  const output = spread(to ?? `...${once.sort().join('')}`, widest);
  const plain = [...inputs, output].every((term) => !term.includes('.')) && new Set(output).size === output.length;
  if (!plain || output.length > maxAxes || [...output].some((c) => !inputs.join('').includes(c))) return no();
  return { inputs, output };
}

/** Of dimensions of one name the diagonal: every (size + 1)th element of both as one. */
function diagonal(n: OnnxNode, term: Term, purpose: string): Term {
  const twice = [...term.labels].find((c, i) => term.labels.indexOf(c) < i);
  if (twice === undefined) return term;
  const { shape } = n.values.graph.tensors[term.id];
  const [first, second] = [term.labels.indexOf(twice), term.labels.lastIndexOf(twice)];
  const rest = [...term.labels].flatMap((_, i) => (i === first || i === second ? [] : [i]));
  const size = shape[first];
  if (shape[second] !== size) n.broken(`dimension '${twice}' has ${size} and ${shape[second]} elements`);
  const index: Tensor = {
    name: `${n.outputName}/${purpose}_index`,
    dtype: 'int32',
    shape: [size],
    data: Int32Array.from({ length: size }, (_, i) => i * (size + 1)),
  };
  n.values.budget.charge(4 * size);
  const front = n.temporary('transpose', [term.id], { perm: [first, second, ...rest] }, `${purpose}_front`);
  const rows = [size * size, ...rest.map((i) => shape[i])];
  const flat = n.temporary('reshape', [front], { shape: rows }, `${purpose}_flat`);
  const id = n.temporary('gather', [flat, n.values.place({ kind: 'constant', tensor: index })], { axis: 0 }, purpose);
  return diagonal(n, { id, labels: twice + rest.map((i) => term.labels[i]).join('') }, `${purpose}_`);
}

/** Without the dimensions that `gone` holds for. */
function summed(n: OnnxNode, { id, labels }: Term, gone: (c: string) => boolean, purpose: string): Term {
  const axes = [...labels].flatMap((c, i) => (gone(c) ? [i] : []));
  if (axes.length === 0) return { id, labels };
  const kept = [...labels].filter((c) => !gone(c)).join('');
  return { id: n.temporary('sum', [id], { axes, keepDims: false }, purpose), labels: kept };
}

function arranged(n: OnnxNode, { id, labels }: Term, order: string, purpose: string): TensorId {
  const perm = [...order].map((c) => labels.indexOf(c));
  return perm.every((p, i) => p === i) ? id : n.temporary('transpose', [id], { perm }, purpose);
}

export const convertEinsum: Convert = (n) => {
  const { inputs, output } = labelsOf(n);
  const terms = inputs.map((labels, i): Term => diagonal(n, { id: n.id(i), labels }, `diagonal${i}`));
  const [a, b] = terms.map((term, i) =>
    summed(n, term, (c) => !output.includes(c) && !inputs[1 - i]?.includes(c), `sum${i}`),
  );
  const result = b ? product(n, a, b, output) : a;
  n.emit('transpose', [result.id], { perm: [...output].map((c) => result.labels.indexOf(c)) });
};

/** [batch, rows, depth] by [batch, depth, columns]. */
function product(n: OnnxNode, a: Term, b: Term, output: string): Term {
  const sizes = new Map<string, number>();
  for (const { id, labels } of [a, b]) {
    const { shape } = n.values.graph.tensors[id];
    [...labels].forEach((c, i) => {
      const known = sizes.get(c) ?? shape[i];
      if (known !== shape[i]) n.broken(`dimension '${c}' has ${known} and ${shape[i]} elements`);
      sizes.set(c, shape[i]);
    });
  }
  const only = (one: Term, other: Term): string => [...one.labels].filter((c) => !other.labels.includes(c)).join('');
  const shared = [...a.labels].filter((c) => b.labels.includes(c));
  const batch = shared.filter((c) => output.includes(c)).join('');
  const depth = shared.filter((c) => !output.includes(c)).join('');
  const [rows, columns] = [only(a, b), only(b, a)];
  const count = (labels: string): number => [...labels].reduce((m, c) => m * (sizes.get(c) ?? 1), 1);
  const left = arranged(n, a, batch + rows + depth, 'left');
  const right = arranged(n, b, batch + depth + columns, 'right');
  const matrices = (id: TensorId, shape: number[], purpose: string): TensorId =>
    n.temporary('reshape', [id], { shape }, purpose);
  const product = n.temporary(
    'matmul',
    [
      matrices(left, [count(batch), count(rows), count(depth)], 'rows'),
      matrices(right, [count(batch), count(depth), count(columns)], 'columns'),
    ],
    {},
    'product',
  );
  const labels = batch + rows + columns;
  return {
    id: matrices(
      product,
      [...labels].map((c) => sizes.get(c) ?? 1),
      'dimensions',
    ),
    labels,
  };
}
