// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { writeMiniPack } from './testing/miniPack.js';
import { buildWasm } from './wasm.js';
import { withWorkFolder } from './workFolder.js';

interface HostExports {
  memory: WebAssembly.Memory;
  mote_arena(): number;
  mote_arena_bytes(): number;
  mote_layers(): number;
  mote_run(): number;
  mote_step(layer: number): number;
  mote_guard(): number;
  mote_guard_reset(): void;
}

async function open(options = {}): Promise<HostExports> {
  const bytes = await withWorkFolder(async (dir) => buildWasm(dir, await writeMiniPack(dir, options)));
  const { instance } = await WebAssembly.instantiate(bytes, {});
  return instance.exports as unknown as HostExports;
}

test('the module computes, in one run and layer by layer, and its guard is intact', async () => {
  const host = await open();
  expect(host.mote_guard()).toBe(0);
  host.mote_guard_reset();
  expect(host.mote_guard()).toBe(1);
  expect([host.mote_arena_bytes(), host.mote_layers(), host.mote_arena() % 16]).toEqual([48, 2, 0]);
  const arena = new Uint8Array(host.memory.buffer, host.mote_arena(), 48);
  const sum = () => new DataView(host.memory.buffer).getInt32(host.mote_arena() + 32, true);
  arena.fill(2, 0, 16);
  expect(host.mote_run()).toBe(0);
  expect(sum()).toBe(136 + 32);
  arena.fill(0xff, 0, 16);
  expect([host.mote_step(0), host.mote_step(1), host.mote_step(2)]).toEqual([0, 0, -1]);
  expect(sum()).toBe(136 - 16);
  expect(host.mote_guard()).toBe(1);
});

test.each([[-1], [48], [303], [-256]])('a model that writes at arena %i is seen by the guard', async (at) => {
  const host = await open({ extra: `((volatile uint8_t *)arena)[${at}] = 9;` });
  host.mote_guard_reset();
  host.mote_run();
  expect(host.mote_guard()).toBe(0);
});

test('C that does not compile is one sentence with the line', async () => {
  await expect(open({ extra: 'nonsense here;' })).rejects.toMatchObject({
    code: 'tool.failed',
    exit: 9,
    message: expect.stringMatching(/mini_layers\.c:\d+:\d+: error/),
  });
});
