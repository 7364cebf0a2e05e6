// SPDX-License-Identifier: Apache-2.0
// Compiled WebAssembly by the hash of what it was made from, in a folder of the temporary folder that only this user can
// write. A cache that cannot be used is no error: the module is made again.
import { lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Modules have some ten kilobytes each. */
const maxFiles = 64;

export interface WasmCache {
  /** Undefined where caching is not safe here. */
  folder: string | undefined;
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
    return { folder: (await isPrivate(folder)) ? folder : undefined };
  } catch {
    return { folder: undefined };
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

/** The module with this hash, compiled; made with `make` where the cache has none that compiles. */
export async function cachedModule(
  { folder }: WasmCache,
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
