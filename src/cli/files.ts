// SPDX-License-Identifier: Apache-2.0
// Files at the ends of the line: reads with a size limit, writes that are whole or not there.
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { removeOnExit } from '../build/workFolder.js';
import { type NpyArray, readNpy } from '../model/npy.js';
import { fail } from './errors.js';

const maxFileBytes = 256 * 1024 * 1024;

const reasonOf = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code;
  const words: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'no permission',
    EISDIR: 'it is a folder',
    ENOTDIR: 'not a folder',
  };
  return (code && words[code]) ?? code ?? String(error);
};

/** Reads a regular file of at most 256 MiB, or of what is said. */
export async function readInput(path: string, maxBytes = maxFileBytes): Promise<Uint8Array> {
  try {
    const handle = await open(path, 'r');
    try {
      const info = await handle.stat();
      if (!info.isFile()) fail('file.read', { path, reason: 'it is no regular file' });
      if (info.size > maxBytes) fail('file.size', { path, bytes: info.size, limit: maxBytes });
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'exit' in error) throw error;
    return fail('file.read', { path, reason: reasonOf(error) });
  }
}

export async function readNpyFile(path: string): Promise<NpyArray> {
  return readNpy(await readInput(path), path);
}

/** Writes through a temporary name, so that a file is whole or not there. */
export async function writeOutput(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(resolve(path)), { recursive: true });
    await writeFile(temporary, contents);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    fail('file.write', { path, reason: reasonOf(error) });
  }
}

/** Refuses a folder that holds something else than an earlier pack. */
async function mayReplace(folder: string): Promise<boolean> {
  const info = await stat(folder).catch(() => undefined);
  if (!info) return true;
  if (!info.isDirectory()) return false;
  const entries = await readdir(folder);
  return entries.length === 0 || entries.includes('pack.json');
}

/** Writes a whole folder beside its place and swaps it in. `files` are relative paths with forward slashes. */
export async function writeFolder(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  const target = resolve(folder);
  if (!(await mayReplace(target)))
    fail('file.write', { path: folder, reason: 'it is there and is no pack; name another folder' });
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  const old = `${temporary}.old`;
  const release = removeOnExit(temporary);
  try {
    for (const [path, contents] of files) {
      const to = join(temporary, ...path.split('/'));
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, contents);
    }
    await rename(target, old).catch((e: NodeJS.ErrnoException) => {
      if (e.code !== 'ENOENT') throw e;
    });
    await rename(temporary, target);
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    // Put the earlier folder back if it was already out of the way.
    await rename(old, target).catch(() => undefined);
    await rm(temporary, { recursive: true, force: true });
    fail('file.write', { path: folder, reason: reasonOf(error) });
  } finally {
    release();
  }
}
