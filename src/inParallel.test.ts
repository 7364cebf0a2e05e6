// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel } from './inParallel.js';

it('gives results in the order of the jobs', async () => {
  const jobs = [3, 1, 2].map((turns) => async () => {
    for (let i = 0; i < turns; i++) await nextTurn();
    return turns;
  });
  expect(await inParallel(jobs)).toEqual([3, 1, 2]);
});

it('throws the first failure when what was under way has ended, and begins nothing after it', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const jobs = Array.from({ length: 200 }, (_, i) => async () => {
    begun.push(i);
    if (i === 0) throw new Error('the first');
    for (let k = 0; k < 5; k++) await nextTurn();
    ended.push(i);
  });
  await expect(inParallel(jobs)).rejects.toThrow('the first');
  expect(ended).toEqual(begun.slice(1));
  expect(begun.length).toBeLessThan(200);
});
