// SPDX-License-Identifier: Apache-2.0
// Files at the ends of the line: reads with a size limit, writes that are whole or not there.
import { randomUUID } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { removeOnExit } from '../build/workFolder.js';
import { type NpyArray, readNpy } from '../model/npy.js';
import { fail } from './errors.js';
import { makeFolder } from './makeFolder.js';

const maxFileBytes = 256 * 1024 * 1024;

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EEXIST: 'a part of its path is no folder',
  EBUSY: 'it is in use, or a mount point: name a folder in it',
  EDQUOT: 'the quota is used up',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file',
  ENOSPC: 'no space is left',
  ENOTDIR: 'a part of its path is no folder',
  EPERM: 'not allowed',
  EROFS: 'the file system is read-only',
};

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** What the system has against a file, in words. */
export const reasonOf = (error: unknown): string => reasons[codeOf(error)] ?? (codeOf(error) || String(error));

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

/** Writes through a temporary name, so that a file is whole or not there. Devices and pipes stay what they are, links too. */
export async function writeOutput(path: string, contents: string | Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const there = await stat(path).catch(() => undefined);
  const inPlace = there !== undefined && !there.isFile() && !there.isDirectory();
  const temporary = `${target}.${randomUUID().slice(0, 8)}.tmp`;
  const release = removeOnExit(temporary);
  try {
    if (inPlace) return await writeFile(path, contents);
    await makeFolder(dirname(resolve(target)));
    await writeFile(temporary, contents);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    fail('file.write', { path, reason: reasonOf(error) });
  } finally {
    release();
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

/** Whether there was something to move. */
function moveAway(target: string, old: string): boolean {
  try {
    renameSync(target, old);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Puts a folder in the place of an earlier one, with no room for a signal in between; of two at once the later wins. */
function swapIn(temporary: string, target: string): void {
  const old = `${temporary}.old`;
  for (let left = 10; ; left--) {
    const moved = moveAway(target, old);
    try {
      renameSync(temporary, target);
      break;
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error)) && left > 0) rmSync(old, { recursive: true, force: true });
      else {
        if (moved) renameSync(old, target);
        throw error;
      }
    }
  }
  rmSync(old, { recursive: true, force: true });
}

/** Writes a whole folder beside its place and swaps it in. `files` are relative paths with forward slashes. */
export async function writeFolder(folder: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  // A link stays one: what it leads to is replaced.
  const target = await realpath(folder).catch(() => resolve(folder));
  if (!(await mayReplace(target)))
    fail('file.write', { path: folder, reason: 'it is there and is no pack; name another folder' });
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}.tmp`);
  const release = removeOnExit(temporary);
  try {
    for (const [path, contents] of files) {
      const to = join(temporary, ...path.split('/'));
      await makeFolder(dirname(to));
      await writeFile(to, contents);
    }
    swapIn(temporary, target);
  } catch (error) {
    fail('file.write', { path: folder, reason: reasonOf(error) });
  } finally {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    release();
  }
}
