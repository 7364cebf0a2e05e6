// SPDX-License-Identifier: Apache-2.0
// Rows of rotary position embedding (Su et al., RoFormer, arXiv 2104.09864), as products with cosines and sines: so it has an
// integer form, and tables that are constant stay constant.
import type { TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import { madeConstant, permuted, reshaped, splitHeads } from './attend.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';
import { castTo } from './plain.js';

const shapeOf = (n: OnnxNode, id: TensorId): number[] => n.values.graph.tensors[id].shape;

/** Elements of the last axis from `from` on, every `step`-th. */
function lastAxis(n: OnnxNode, x: TensorId, from: number, size: number, step: number, purpose: string): TensorId {
  const shape = shapeOf(n, x);
  const last = shape.length - 1;
  const at = (value: number, other: (d: number) => number): number[] =>
    shape.map((_, d) => (d === last ? value : other(d)));
  const attrs = { begin: at(from, () => 0), size: at(size, (d) => shape[d]), strides: at(step, () => 1) };
  return n.temporary('slice', [x], attrs, purpose);
}

/** Pairs of neighbours, or of an element and the one half of the turned elements further. */
function turned(n: OnnxNode, x: TensorId, cosines: TensorId, sines: TensorId, interleaved: boolean, purpose: string) {
  const half = shapeOf(n, cosines).at(-1) ?? 0;
  const shape = shapeOf(n, x);
  const size = shape.at(-1) ?? 0;
  if (!(half >= 1 && 2 * half <= size)) n.broken(`${half} angles for heads of ${size}`);
  const named = (part: string): string => `${purpose}_${part}`;
  const step = interleaved ? 2 : 1;
  const a = lastAxis(n, x, 0, half, step, named('a'));
  const b = lastAxis(n, x, interleaved ? 1 : half, half, step, named('b'));
  const product = (p: TensorId, q: TensorId, part: string): TensorId => n.temporary('mul', [p, q], {}, named(part));
  const real = n.temporary('sub', [product(a, cosines, 'a_cos'), product(b, sines, 'b_sin')], {}, named('real'));
  const other = n.temporary('add', [product(a, sines, 'a_sin'), product(b, cosines, 'b_cos')], {}, named('imaginary'));
  const rest = 2 * half < size ? [lastAxis(n, x, 2 * half, size - 2 * half, 1, named('rest'))] : [];
  const axis = shape.length - 1;
  if (!interleaved) return n.temporary('concat', [real, other, ...rest], { axis }, purpose);
  const [apart, together] = [
    [...shape.slice(0, -1), half, 1],
    [...shape.slice(0, -1), 2 * half],
  ];
  const sides = [real, other].map((id, i) => reshaped(n, id, apart, named(`side${i}`)));
  const pairs = n.temporary('concat', sides, { axis: axis + 1 }, named('pairs'));
  const flat = reshaped(n, pairs, together, named('flat'));
  return rest.length > 0 ? n.temporary('concat', [flat, ...rest], { axis }, purpose) : flat;
}

/** Which inputs have the tables [positions, half], and the position of the first row. */
interface Tables {
  cosines: number;
  sines: number;
  first: number;
  interleaved: boolean;
}

/** Rows of a table, for heads [batch, heads, rows, size]: those from `first` on. */
export function turnHeads(n: OnnxNode, x: TensorId, t: Tables, purpose: string): TensorId {
  const rows = shapeOf(n, x)[2];
  const [cosines, sines] = [t.cosines, t.sines].map((i) => {
    const [positions, half] = n.shape(i);
    if (n.shape(i).length !== 2 || t.first < 0 || t.first + rows > positions)
      n.broken(`angles of shape [${n.shape(i)}]`);
    const attrs = { begin: [t.first, 0], size: [rows, half], strides: [1, 1] };
    return n.temporary('slice', [n.id(i)], attrs, `${purpose}_angles${i}`);
  });
  return turned(n, x, cosines, sines, t.interleaved, purpose);
}

/** Angles [batch, rows, half] or [rows, half]: of positions [batch, rows], or as they are. */
function anglesOf(n: OnnxNode, table: number, positions: TensorId | undefined): TensorId {
  if (positions === undefined) return n.id(table);
  const index = castTo(n, positions, 'int32', `positions${table}`);
  return n.temporary('gather', [n.id(table), index], { axis: 0 }, `angles${table}`, { dtype: 'float32' });
}

interface Rotary {
  cosines: number;
  sines: number;
  positions: TensorId | undefined;
}

function rotate(n: OnnxNode, { cosines, sines, positions }: Rotary): void {
  const shape = n.shape(0);
  const flat = shape.length === 3;
  if (!flat && shape.length !== 4) refuse(`its input has ${shape.length} dimensions`, 'use 3 or 4 dimensions');
  const part = n.int('rotary_embedding_dim', 0);
  const heads = n.int('num_heads', 0) || (part > 0 ? n.broken('it has no num_heads') : guessHeads(n, cosines));
  const x = flat ? splitHeads(n, n.id(0), heads, 'heads') : n.id(0);
  const [batch, , rows] = shapeOf(n, x);
  const angles = [cosines, sines].map((i) => {
    const id = anglesOf(n, i, positions);
    const half = shapeOf(n, id).at(-1) ?? 0;
    const kept = part > 0 && part < 2 * half ? lastAxis(n, id, 0, part / 2, 1, `kept${i}`) : id;
    return reshaped(n, kept, [batch, 1, rows, part > 0 ? part / 2 : half], `per_row${i}`);
  });
  const y = turned(n, x, angles[0], angles[1], n.int('interleaved', 0) !== 0, 'turned');
  if (flat) n.emit('reshape', [permuted(n, y, [0, 2, 1, 3], 'rows_first')], { shape });
  else n.bind({ kind: 'computed', id: y });
}

/** Without a number of heads all of a head is turned. */
function guessHeads(n: OnnxNode, cosines: number): number {
  const shape = n.shape(0);
  return shape.length === 4 ? shape[1] : shape[2] / (2 * (n.shape(cosines).at(-1) ?? 1));
}

/** Opset 23: x, cosines, sines, positions. */
const convertRotary: Convert = (n) => rotate(n, { cosines: 1, sines: 2, positions: n.has(3) ? n.id(3) : undefined });

/** com.microsoft: x, positions, cosines, sines. One position is that of the first row. */
const convertMicrosoftRotary: Convert = (n) => {
  if (n.float('scale', 1) !== 1 || n.int('is_packed_batching', 0) !== 0)
    refuse('it scales what it turns, or packs texts', 'export it with a scale of 1 and one text');
  const rows = n.shape(0).at(-2) ?? 1;
  const [first, ...more] = n.shape(1);
  if (more.length > 0) return rotate(n, { cosines: 2, sines: 3, positions: n.id(1) });
  if (first !== 1) n.broken(`positions of shape [${n.shape(1)}]`);
  const start = castTo(n, n.id(1), 'int32', 'start');
  const ramp = madeConstant(n, 'ramp', [1, rows], 'int32', (i) => i);
  rotate(n, { cosines: 2, sines: 3, positions: n.temporary('add', [ramp, start], {}, 'positions') });
};

export const rotaries: Readonly<Record<string, Convert>> = {
  RotaryEmbedding: convertRotary,
  'com.microsoft.RotaryEmbedding': convertMicrosoftRotary,
};
