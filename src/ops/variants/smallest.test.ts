// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { xorshift32 } from '../../xorshift.js';
import { type Option, smallestKernels } from './smallest.js';

const codeOf: Readonly<Record<string, number>> = { a: 1000, b: 300, c: 40, d: 500, e: 120 };
const code = (kernel: string): number => codeOf[kernel];
const option = (kernel: string, bytes: number, instructions = 1): Option => ({ kernel, bytes, instructions });

function totalOf(nodes: Option[][], at: readonly number[]): [bytes: number, instructions: number] {
  const picked = nodes.map((options, i) => options[at[i]]);
  const kernels = new Set(picked.map((o) => o.kernel));
  const constants = picked.reduce((n, o) => n + o.bytes, 0);
  return [constants + [...kernels].reduce((n, k) => n + code(k), 0), picked.reduce((n, o) => n + o.instructions, 0)];
}

/** Every combination. */
function best(nodes: Option[][]): [bytes: number, instructions: number] {
  let found: [number, number] = [Infinity, Infinity];
  const visit = (at: number[]): void => {
    if (at.length < nodes.length) {
      nodes[at.length].forEach((_, i) => {
        visit([...at, i]);
      });
      return;
    }
    const total = totalOf(nodes, at);
    if (total[0] < found[0] || (total[0] === found[0] && total[1] < found[1])) found = total;
  };
  visit([]);
  return found;
}

it('a kernel for one node costs its code, one for many nodes costs it once', () => {
  const node = [option('a', 50), option('b', 150)];
  expect(smallestKernels([node], code)).toEqual([1]);
  expect(smallestKernels(Array(9).fill(node), code)).toEqual(Array(9).fill(0));
});

it('equal sizes go to fewer instructions', () => {
  expect(smallestKernels([[option('b', 100, 9), option('c', 360, 2)]], code)).toEqual([1]);
});

it('finds what trying everything finds', () => {
  const next = xorshift32(7);
  const random = (n: number): number => (next() >>> 8) % n;
  for (let run = 0; run < 200; run++) {
    const nodes = Array.from({ length: 1 + random(6) }, () =>
      Object.keys(codeOf)
        .filter(() => random(2) === 0)
        .concat(['c'])
        .filter((k, i, all) => all.indexOf(k) === i)
        .map((k) => option(k, random(400), random(3))),
    );
    expect(totalOf(nodes, smallestKernels(nodes, code))).toEqual(best(nodes));
  }
});
