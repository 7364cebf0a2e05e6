// SPDX-License-Identifier: Apache-2.0
// Puts one file onto a board's drive: in one sequential stream, as boot loaders want it, and flushed to the device.
// The name is ours, never one that the drive gave; a link that lies there under that name is not followed.
import { constants } from 'node:fs';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../cli/errors.js';
import type { CopyRequest } from './drive.js';

/** Small enough for a progress bar and for Ctrl-C, whole UF2 blocks and sectors. */
const pieceBytes = 32 * 1024;
/** What a drive says that has left with the last block, as boot loaders do. */
const goneCodes = new Set(['EIO', 'ENODEV', 'ENXIO', 'ENOENT', 'ENOTCONN']);

export const isGone = (error: unknown): boolean =>
  error instanceof Error && goneCodes.has((error as NodeJS.ErrnoException).code ?? '');

export interface CopyFileOptions {
  /** Each piece is flushed before the next, so that a drive that leaves too early is found there and then. */
  flushPieces: boolean;
}

/** True when the drive left before the file was flushed and closed, which is how boot loaders say that they are done. */
export async function copyFile(
  request: CopyRequest,
  name: string,
  bytes: Uint8Array,
  { flushPieces }: CopyFileOptions,
): Promise<boolean> {
  const { drive, onProgress, signal } = request;
  const path = join(drive.path, name);
  let written = 0;
  try {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
    const file = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
    try {
      for (; written < bytes.length; written = Math.min(written + pieceBytes, bytes.length)) {
        if (signal?.aborted) break;
        onProgress?.({ phase: 'write', done: written, total: bytes.length });
        if (written > 0) await lstat(path);
        await file.writeFile(bytes.subarray(written, written + pieceBytes));
        if (flushPieces && written + pieceBytes < bytes.length) await file.sync();
      }
      if (!signal?.aborted) await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (written >= bytes.length && isGone(error)) return true;
    const reason = error instanceof Error ? error.message : String(error);
    fail('flash.drive', { drive: drive.path, reason: `${reason} after ${written} of ${bytes.length} bytes` });
  }
  if (signal?.aborted) {
    await unlink(path).catch(() => undefined);
    fail('flash.interrupted', { state: '; the file was taken back, the drive waits for it' });
  }
  onProgress?.({ phase: 'write', done: bytes.length, total: bytes.length });
  return false;
}

/** The names on the drive; undefined where the drive is gone. */
export async function namesOn(path: string): Promise<string[] | undefined> {
  return readdir(path).catch(() => undefined);
}

/** The first 400 characters of a file on the drive, or undefined. No links, no other kinds of files. */
export async function readNote(path: string, name: string): Promise<string | undefined> {
  const file = join(path, name);
  const plain = await lstat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );
  if (!plain) return undefined;
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(400), 0, 400, 0);
    return buffer.subarray(0, bytesRead).toString('latin1').replace(/\s+/g, ' ').trim();
  } catch {
    return undefined;
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** Looks until `done` says so or the time is over; true when it said so. */
export async function waitFor(done: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  const lookMs = Math.max(Math.min(timeoutMs / 50, 200), 1);
  for (;;) {
    if (await done()) return true;
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
