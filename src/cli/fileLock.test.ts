// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withFileLock } from './fileLock.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'count');
const lock = `${path}.lock`;

/** Loses an increment whenever two do it at once. */
const increment = () =>
  withFileLock(path, async () => {
    const before = Number(await readFile(path, 'utf8'));
    await new Promise((done) => setImmediate(done));
    await writeFile(path, String(before + 1));
  });

it('lets one at a time, and leaves nothing behind', async () => {
  writeFileSync(path, '0');
  await Promise.all(Array.from({ length: 20 }, increment));
  expect(readFileSync(path, 'utf8')).toBe('20');
  expect(existsSync(lock)).toBe(false);
});

it('is released by a failure', async () => {
  await expect(withFileLock(path, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});

it('takes over what a killed process left, once', async () => {
  writeFileSync(path, '0');
  writeFileSync(lock, '1 dead');
  const longAgo = Date.now() / 1000 - 3600;
  utimesSync(lock, longAgo, longAgo);
  await Promise.all([increment(), increment(), increment()]);
  expect(readFileSync(path, 'utf8')).toBe('3');
  expect(existsSync(lock)).toBe(false);
});
