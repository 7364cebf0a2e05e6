// SPDX-License-Identifier: Apache-2.0
// Cost files are hostile until parsed: each fault is one sentence.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import type { CostFile } from '../generated/costs.js';
import type { RunRecord } from '../generated/run.js';
import { codeNow, findCosts, learnRuns, readCosts } from './costFile.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-costfile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'costs.json');
const kernel = 'mote_conv2d_s8s8_pairs__thumb';

const good: CostFile = {
  schema: 'mote.costs/1',
  board: 'pico',
  target: 'cortex-m0plus',
  unit: 'cycles',
  sessions: [],
  samples: [
    {
      ...{ kernel, shape: '1x4x4x8 > 1x4x4x8', work: { pixels: 16, outputs: 128, macs: 1024 }, count: 9000, layers: 1 },
      ...{ source: 'emulated', clockHz: 125_000_000, code: codeNow(kernel) as string, from: 'kws 0123456789abcdef' },
    },
  ],
};

const find = (text: string) => {
  writeFileSync(path, text);
  return findCosts(loadBoard('pico'), path);
};
const withSample = (more: object): string => JSON.stringify({ ...good, samples: [{ ...good.samples[0], ...more }] });

const once = (n: number): RunRecord['whole'] => ({
  ...{ count: 1, min: n, median: n, mean: n, max: n, deviation: 0, low95: n, high95: n },
});

/** A run of one layer of its own shape. */
const runOf = (i: number): RunRecord => ({
  ...{ schema: 'mote.run/1', mote: '0', name: `m${i}`, hash: `0123456789abcd${i + 10}`, board: 'pico' },
  ...{ target: 'cortex-m0plus', rounding: 'single', counter: { unit: 'cycles', source: 'emulated' } },
  ...{ clockHz: 125_000_000, runs: 1, whole: once(9000 + i), arenaBytes: 1, weightBytes: 1, macs: 1024 },
  layers: [
    {
      ...{ index: 0, name: 'l', op: 'conv2d', kernel, macs: 1024, bytes: 100, count: once(9000 + i), bound: 'compute' },
      call: {
        shape: `1x4x4x${i + 1} > 1x4x4x8`,
        work: { pixels: 16, outputs: 128, macs: 128 * (i + 1) },
        code: codeNow(kernel) as string,
      },
    },
  ],
  warnings: [],
});

describe('learnRuns', () => {
  it('loses no row when several learn at once', async () => {
    const together = join(folder, 'together.json');
    const indices = Array.from({ length: 8 }, (_, i) => i);
    await Promise.all(indices.map((i) => learnRuns([{ path: 'run', record: runOf(i) }], loadBoard('pico'), together)));
    const file = await readCosts(together);
    expect(file.samples.map((s) => s.shape).sort()).toEqual(indices.map((i) => `1x4x4x${i + 1} > 1x4x4x8`));
    expect(file.sessions).toHaveLength(8);
  });
});

describe('findCosts', () => {
  it('takes a good file', async () => {
    const found = await find(JSON.stringify(good));
    expect(found?.table.rows[kernel]).toMatchObject({ how: 'ratio', shapes: 1 });
    expect(found?.table.stale).toEqual([]);
  });

  const cases: [string, string, RegExp][] = [
    ['half a file', '{"schema":', /is not a valid cost file/],
    ['a list', '[]', /is not a valid cost file/],
    ['null', 'null', /is not a valid cost file/],
    ['deep nesting', '['.repeat(100_000), /is not a valid cost file/],
    ['a negative count', withSample({ count: -1 }), /\/samples\/0\/count must be > 0/],
    ['a count of nothing', withSample({ count: 0 }), /\/samples\/0\/count must be > 0/],
    ['a huge count', withSample({ count: 1e300 }), /\/samples\/0\/count must be <= /],
    ['more than a number', withSample({}).replace('"count":9000', '"count":1e999'), /\/samples\/0\/count must be/],
    ['NaN', withSample({}).replace('"count":9000', '"count":NaN'), /is not a valid cost file: .*JSON/],
    ['negative work', withSample({ work: { pixels: -1, outputs: 1, macs: 1 } }), /work\/pixels must be >= 0/],
    ['a kernel that is a path', withSample({ kernel: '../../etc' }), /\/samples\/0\/kernel must match pattern/],
    ['another board', JSON.stringify({ ...good, board: 'pico2' }), /holds the costs of pico2, not of pico/],
    [
      'another CPU',
      JSON.stringify({ ...good, target: 'cortex-m4' }),
      /holds the costs of pico as a cortex-m4, not of a cortex-m0plus/,
    ],
    [
      'too many rows',
      JSON.stringify({ ...good, samples: Array.from({ length: 5001 }, () => good.samples[0]) }),
      /must NOT have more than 5000 items/,
    ],
    ['too many bytes', ' '.repeat(17 * 1024 * 1024), /is 17825792 bytes, more than the 16777216/],
  ];
  it.each(cases)('refuses %s', async (_, text, message) => {
    await expect(find(text)).rejects.toThrow(message);
  });

  it('reads the largest file that it takes in little time', async () => {
    const samples = Array.from({ length: 5000 }, (_, i) => ({
      ...good.samples[0],
      work: { pixels: i + 1, outputs: 8 * i + 1, macs: 64 * i + 1 },
      count: 100 + 300 * i,
    }));
    const found = await find(JSON.stringify({ ...good, samples }));
    expect(found?.table.rows[kernel]).toMatchObject({ shapes: 5000 });
  });

  it('does without a file that nobody named', async () => {
    expect(await findCosts(loadBoard('ek-ra8d1'), undefined)).toBeUndefined();
    await expect(findCosts(loadBoard('pico'), join(folder, 'none.json'))).rejects.toThrow(/no such file/);
    expect(await findCosts(loadBoard('pico'), join(folder, 'none.json'), true)).toBeUndefined();
  });
});
