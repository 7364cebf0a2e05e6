// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cachedModule, openWasmCache } from './wasmCache.js';

/** The shortest module: magic and version. */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const never = async (): Promise<Uint8Array> => {
  throw new Error('made again');
};

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'mote-cache-test-'));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

test('a module is made once, for this process and for the next', async () => {
  const cache = await openWasmCache(parent);
  const module = await cachedModule(cache, 'a', async () => empty);
  expect(await cachedModule(cache, 'a', never)).toBe(module);
  const next = await openWasmCache(parent);
  expect(await cachedModule(next, 'a', never)).toBeInstanceOf(WebAssembly.Module);
  await expect(cachedModule(next, 'b', never)).rejects.toThrow('made again');
});

test('a file that is broken is made again', async () => {
  const { folder } = await openWasmCache(parent);
  await writeFile(join(folder as string, 'a.wasm'), empty.subarray(0, 5));
  const cache = await openWasmCache(parent);
  expect(await cachedModule(cache, 'a', async () => empty)).toBeInstanceOf(WebAssembly.Module);
  expect(await readFile(join(folder as string, 'a.wasm'))).toHaveLength(8);
});

test('a failure is not remembered', async () => {
  const cache = await openWasmCache(parent);
  await expect(cachedModule(cache, 'a', never)).rejects.toThrow('made again');
  expect(await cachedModule(cache, 'a', async () => empty)).toBeInstanceOf(WebAssembly.Module);
});

test('the newest 64 files stay', async () => {
  const cache = await openWasmCache(parent);
  const folder = cache.folder as string;
  for (let i = 0; i < 70; i++) {
    await writeFile(join(folder, `${i}.wasm`), empty);
    await utimes(join(folder, `${i}.wasm`), 1000 + i, 1000 + i);
  }
  await cachedModule(cache, 'new', async () => empty);
  const left = await readdir(folder);
  expect(left).toHaveLength(64);
  expect(left).toEqual(expect.arrayContaining(['new.wasm', '69.wasm', '7.wasm']));
  expect(left).not.toContain('6.wasm');
});

test.skipIf(process.getuid === undefined)('a folder that others can write to is not used', async () => {
  const { folder } = await openWasmCache(parent);
  await writeFile(join(folder as string, 'a.wasm'), empty);
  await chmod(folder as string, 0o777);
  const open = await openWasmCache(parent);
  expect(open.folder).toBeUndefined();
  await expect(cachedModule(open, 'a', never)).rejects.toThrow('made again');
});

test('a folder that cannot be made is none', async () => {
  const file = join(parent, 'file');
  await writeFile(file, '');
  expect((await openWasmCache(file)).folder).toBeUndefined();
  await mkdir(join(parent, 'fine'));
  expect((await openWasmCache(join(parent, 'fine'))).folder).toBeDefined();
});
