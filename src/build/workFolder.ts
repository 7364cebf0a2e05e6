// SPDX-License-Identifier: Apache-2.0
// A temporary folder that is gone afterwards, whatever happens.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../cli/errors.js';

/** Removes a folder when this process ends early (Ctrl-C); call the result once the folder is taken care of. */
export function removeOnExit(folder: string): () => void {
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  return () => process.off('exit', remove);
}

export async function withWorkFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mote-')).catch((error: Error) =>
    fail('file.temporary', { path: tmpdir(), reason: error.message }),
  );
  const release = removeOnExit(folder);
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    release();
  }
}
