// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../generated/run.js';
import { keepRun, keptRuns } from './runFiles.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-runs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const record = (name: string) => ({ name, board: 'pico' }) as RunRecord;

describe('kept runs', () => {
  it('get numbers of their own though they end together', async () => {
    const names = ['a', 'b', 'a', 'a', 'b', '../evil', 'c', 'd'];
    const kept = await Promise.all(names.map((name) => keepRun(record(name), folder)));
    const files = readdirSync(folder);
    expect(files).toHaveLength(names.length);
    expect(new Set(files.map((f) => f.slice(0, 4))).size).toBe(names.length);
    kept.forEach((k, i) => {
      if (!('path' in k)) throw new Error(k.reason);
      expect(JSON.parse(readFileSync(k.path, 'utf8'))).toEqual(record(names[i]));
    });
    expect(await keptRuns(folder)).toEqual(files.sort());
  });

  it('go on after the highest number, whatever else lies there', async () => {
    writeFileSync(join(folder, '0041-x-y.json'), '{}');
    writeFileSync(join(folder, 'notes.txt'), '');
    expect(await keepRun(record('z'), folder)).toEqual({ path: join(folder, '0042-z-pico.json') });
  });
});
