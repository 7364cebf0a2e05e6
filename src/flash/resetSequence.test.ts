// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { ModemLines } from '../link/link.js';
import { memoryLink } from '../link/memoryLink.js';
import { parseSequence, playSequence } from './resetSequence.js';

it("plays esptool's classic reset, every line named in every step", async () => {
  const seen: (ModemLines | number)[] = [];
  const { near } = memoryLink('test', { onLines: (lines) => seen.push(lines) });
  const sleep = async (ms: number) => void seen.push(ms);
  const left = await playSequence(near, 'D0|R1|W0.1|D1|R0|W0.05|D0', { sleep });
  expect(seen).toEqual([
    { dtr: false, rts: false },
    { dtr: false, rts: true },
    100,
    { dtr: true, rts: true },
    { dtr: true, rts: false },
    50,
    { dtr: false, rts: false },
  ]);
  expect(left).toEqual({ dtr: false, rts: false });
});

it('sets both lines in one step, and begins from the state that it is told', async () => {
  const seen: ModemLines[] = [];
  const { near } = memoryLink('test', { onLines: (lines) => seen.push(lines) });
  await playSequence(near, 'U1,1|R0', {});
  await playSequence(near, 'D0', { from: { dtr: true, rts: true } });
  expect(seen).toEqual([
    { dtr: true, rts: true },
    { dtr: true, rts: false },
    { dtr: false, rts: true },
  ]);
});

it.each(['', 'D2', 'X1', 'D0|', 'W', 'W-1', 'W1e3', 'U1', 'D0 |R1', 'W11', `${'D0|'.repeat(64)}D0`])(
  '%s is no sequence',
  (text) => {
    expect(() => parseSequence(text)).toThrow();
  },
);
