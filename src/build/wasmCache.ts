// SPDX-License-Identifier: Apache-2.0
// Compiled WebAssembly by the hash of what it was made from: in memory, and in a folder of the temporary folder that only
// this user can write. A folder that cannot be used is no error: the module is made again.
import { lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Modules have some ten kilobytes each. */
const maxFiles = 64;

export interface WasmCache {
  /** Undefined where caching is not safe here. */
  folder: string | undefined;
  /** Modules of this process: what V8 has optimized stays so. */
  modules: Map<string, Promise<WebAssembly.Module>>;
}

/** Ours alone: a folder that somebody else could fill would be somebody else's code. */
async function isPrivate(folder: string): Promise<boolean> {
  const info = await lstat(folder);
  const uid = process.getuid?.();
  return info.isDirectory() && (uid === undefined || (info.uid === uid && (info.mode & 0o077) === 0));
}

/** Opens (and makes) the cache. `parent` is for tests. */
export async function openWasmCache(parent = tmpdir()): Promise<WasmCache> {
  const folder = join(parent, `mote-wasm-${process.getuid?.() ?? 'user'}`);
  try {
    await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
    return { folder: (await isPrivate(folder)) ? folder : undefined, modules: new Map() };
  } catch {
    return { folder: undefined, modules: new Map() };
  }
}

async function removeOldest(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((f) => f.endsWith('.wasm')).map((f) => join(folder, f));
  const dated = await Promise.all(files.map(async (path) => ({ path, time: (await stat(path)).mtimeMs })));
  dated.sort((a, b) => b.time - a.time);
  await Promise.all(dated.slice(maxFiles).map(({ path }) => rm(path, { force: true })));
}

/** Written under another name first, so that no reader sees half a file. */
async function store(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  const half = `${path}.${process.pid}`;
  await writeFile(half, bytes, { mode: 0o600 });
  await rename(half, path);
  await removeOldest(folder);
}

async function load(
  folder: string | undefined,
  hash: string,
  make: () => Promise<Uint8Array>,
): Promise<WebAssembly.Module> {
  const path = folder === undefined ? undefined : join(folder, `${hash}.wasm`);
  const found = path === undefined ? undefined : await readFile(path).catch(() => undefined);
  const compiled = found && (await WebAssembly.compile(new Uint8Array(found)).catch(() => undefined));
  if (compiled) return compiled;
  const bytes = new Uint8Array(await make());
  if (folder !== undefined && path !== undefined) await store(folder, path, bytes).catch(() => undefined);
  return WebAssembly.compile(bytes);
}

/** The module with this hash, compiled; made with `make` where the cache has none that compiles. */
export function cachedModule(
  { folder, modules }: WasmCache,
  hash: string,
  make: () => Promise<Uint8Array>,
): Promise<WebAssembly.Module> {
  const known = modules.get(hash);
  if (known) return known;
  const loading = load(folder, hash, make);
  modules.set(hash, loading);
  loading.catch(() => modules.delete(hash));
  return loading;
}
