// SPDX-License-Identifier: Apache-2.0
// Read, change and write of a file that several mote processes may do at once: a lock file beside it lets one at a time.
import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { removeOnExit } from '../build/workFolder.js';
import { fail } from './errors.js';
import { makeFolder } from './makeFolder.js';

/** Holders need milliseconds. */
const patienceMs = 20_000;
/** So old, its process was killed before it could remove it. */
const staleMs = 60_000;
const retryMs = 25;

export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  await claim(lock, path);
  const release = removeOnExit(lock);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
    release();
  }
}

async function claim(lock: string, path: string): Promise<void> {
  const giveUp = Date.now() + patienceMs;
  while (!(await create(lock, path))) {
    if (await isStale(lock)) await removeStale(lock);
    else if (Date.now() > giveUp)
      fail('file.write', { path, reason: `another mote holds ${lock}; remove that file if none runs` });
    else await new Promise((done) => setTimeout(done, retryMs));
  }
}

async function create(lock: string, path: string): Promise<boolean> {
  try {
    await makeFolder(dirname(resolve(lock)));
    await writeFile(lock, `${process.pid} ${randomUUID()}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EEXIST' ? false : fail('file.write', { path, reason: code ?? String(error) });
  }
}

async function isStale(lock: string): Promise<boolean> {
  const info = await stat(lock).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > staleMs;
}

/** Moved away first, which only one of several can do; a lock that was made in the meantime is put back. */
async function removeStale(lock: string): Promise<void> {
  const stale = await readFile(lock, 'utf8').catch(() => undefined);
  const away = `${lock}.${randomUUID()}`;
  const moved = await rename(lock, away).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(away, 'utf8')) === stale) await rm(away, { force: true });
  else await rename(away, lock);
}
