// SPDX-License-Identifier: Apache-2.0
// A file of runtime-c/host as a WebAssembly module: inner loops of calibration.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../packageRoot.js';
import { loadTarget } from './boards.js';
import { openToolchain, zigPath } from './toolchain.js';
import { cachedModule, type WasmCache } from './wasmCache.js';
import { withWorkFolder } from './workFolder.js';

const pageBytes = 65_536;

export interface HostModule {
  /** An exported function; it takes addresses and whole numbers. */
  call(name: string, ...args: number[]): void;
  /** The memory, at least so many bytes of it behind `base`. */
  memory(bytes: number): ArrayBuffer;
  base: number;
}

async function compile(source: string, linkArgs: readonly string[]): Promise<Uint8Array> {
  return withWorkFolder(async (workFolder) => {
    const output = join(workFolder, 'host.wasm');
    await openToolchain('zig').compileAndLink({
      target: loadTarget('wasm32'),
      sources: [source],
      includes: [join(packageRoot, 'runtime-c', 'firmware', 'libc')],
      defines: [],
      linkArgs: [...linkArgs],
      workFolder,
      output,
    });
    return readFile(output);
  });
}

async function hashOf(source: string, linkArgs: readonly string[]): Promise<string> {
  const { size, mtimeMs } = await stat(zigPath());
  const made = [zigPath(), size, mtimeMs, loadTarget('wasm32').zig, linkArgs, await readFile(source, 'utf8')];
  return createHash('sha256').update(JSON.stringify(made)).digest('hex');
}

export async function openHostModule(cache: WasmCache, file: string, names: readonly string[]): Promise<HostModule> {
  const source = join(packageRoot, 'runtime-c', 'host', file);
  const linkArgs = ['-Wl,--no-entry', ...['__heap_base', ...names].map((n) => `-Wl,--export=${n}`)];
  const made = await cachedModule(cache, await hashOf(source, linkArgs), () => compile(source, linkArgs));
  const { exports } = await WebAssembly.instantiate(made);
  const memory = exports.memory as WebAssembly.Memory;
  const base = Math.ceil((exports.__heap_base as WebAssembly.Global).value / 16) * 16;
  return {
    base,
    call: (name, ...args) => (exports[name] as (...args: number[]) => void)(...args),
    memory(bytes) {
      const need = base + bytes - memory.buffer.byteLength;
      if (need > 0) memory.grow(Math.ceil(need / pageBytes));
      return memory.buffer;
    },
  };
}
