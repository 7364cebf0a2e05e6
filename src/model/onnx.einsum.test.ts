// SPDX-License-Identifier: Apache-2.0
// Einsum against its definition, a sum over every combination of indices; and operators of indices that no ONNX test has.
import { describe, expect, it } from 'vitest';
import { f32, i64, model, node, read, run } from './testing/onnxCases.js';

const sizes: Readonly<Record<string, number>> = { a: 2, b: 3, i: 2, j: 3, k: 4, h: 2, q: 3, d: 4 };
const shapeOf = (labels: string): number[] => [...labels].map((c) => sizes[c]);
const countOf = (labels: string): number => shapeOf(labels).reduce((m, n) => m * n, 1);
/** What `run` feeds the first input with. */
const ramp = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const second = (count: number): number[] => Array.from({ length: count }, (_, i) => ((i * 7) % 5) - 2);

/** The definition. */
function einsum(from: string[], to: string, data: number[][]): number[] {
  const labels = [...new Set(from.join(''))];
  const out = new Array<number>(countOf(to)).fill(0);
  for (let i = 0; i < countOf(labels.join('')); i++) {
    const at = new Map<string, number>();
    let rest = i;
    for (const c of labels) {
      at.set(c, rest % sizes[c]);
      rest = Math.floor(rest / sizes[c]);
    }
    const place = (term: string): number => [...term].reduce((sum, c) => sum * sizes[c] + (at.get(c) ?? 0), 0);
    out[place(to)] += from.reduce((product, term, k) => product * data[k][place(term)], 1);
  }
  return out;
}

const modelOf = (equation: string, a: number[], b?: { shape: number[]; values: number[] }) =>
  model(
    a,
    [node('Einsum', b ? ['x', 'b'] : ['x'], { equation: { text: equation } })],
    b ? [f32('b', b.shape, b.values)] : [],
  );

describe('readOnnx: Einsum', () => {
  const equations = [
    'ij,jk->ik',
    'bhqd,bhkd->bhqk',
    'ij,ij->',
    'i,j->ij',
    'bij,bjk->bki',
    'ij,j->i',
    'ji,jk->ki',
    'aij,kj->',
  ];
  it.each([...equations, 'iij,jk->ik', 'ab,ab->ab'])('%s is what it says', (equation) => {
    const [from, to] = equation.split('->');
    const terms = from.split(',');
    const [a, b] = terms.map(countOf);
    const expected = einsum(terms, to, [ramp(a), second(b)]);
    const got = run(modelOf(equation, shapeOf(terms[0]), { shape: shapeOf(terms[1]), values: second(b) }));
    expect(got.values).toEqual(expected);
    expect(got.shape).toEqual(shapeOf(to));
  });

  it('takes dots for what both have, and an output that is not said', () => {
    const b = { shape: [3, 4], values: second(12) };
    expect(run(modelOf('...ij,jk->...ik', [2, 2, 3], b))).toEqual(run(modelOf('aij,jk->aik', [2, 2, 3], b)));
    expect(run(modelOf('ij,jk', [2, 3], b))).toEqual(run(modelOf('ij,jk->ik', [2, 3], b)));
    expect(run(modelOf('ii', [2, 2])).values).toEqual([3]);
  });

  it('names an equation that it does not have', () => {
    const reason = (equation: string): unknown =>
      read(modelOf(equation, [2, 3])).nodes.find((n) => n.op === 'unsupported')?.attrs.reason;
    for (const equation of ['ij->ik', 'ijk->i', 'i->i', 'ij->ii', '(->)', '....->..'])
      expect(reason(equation), equation).toBe(`its equation '${equation}' is not one that mote has`);
  });
});

describe('readOnnx: indices', () => {
  it('takes the triangles of a matrix of floats', () => {
    const tri = (upper: number, k: number) =>
      run(model([2, 3], [node('Trilu', ['x', 'k'], { upper: { int: upper } })], [i64('k', k)])).values;
    expect(tri(1, 1)).toEqual([0, 1, 2, 0, 0, 5]);
    expect(tri(0, 0)).toEqual([0, 0, 0, 3, 4, 0]);
  });

  it('refuses to scatter where only the device would know', () => {
    const scattered = model([3], [node('ScatterElements', ['x', 'i', 'x'])], [i64('i', 0, 1, 7)]);
    expect(() => read(scattered)).toThrow(/damaged/);
  });
});
