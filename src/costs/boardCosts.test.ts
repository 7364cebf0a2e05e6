// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { loadTarget } from '../build/boards.js';
import type { CostFile, CostSample } from '../generated/costs.js';
import { predictInstructions } from '../ops/variants/choose.js';
import { type CostTable, learntTable, targetTable } from './boardCosts.js';
import { predictPack } from './predict.js';

const target = loadTarget('cortex-m0plus');
const costs = target.costs ?? {};
const conv = 'mote_conv2d_s8s8_pairs__thumb';
const dense = 'mote_fullyconnected_s8s8_bytes__thumb';
const code = '0123456789ab';
const clockHz = 125_000_000;

/** So many cycles for each instruction that the target's table predicts. */
function sample(kernel: string, ratio: number, size: number, more: Partial<CostSample> = {}): CostSample {
  const work = { pixels: size, outputs: 16 * size, macs: 16 * size * 72 };
  const count = ratio * predictInstructions(costs[kernel], work);
  return {
    kernel,
    shape: `1x${size} > 1x${size}`,
    work,
    count,
    layers: 1,
    source: 'emulated',
    clockHz,
    code,
    from: 'x',
    ...more,
  };
}

const fileOf = (samples: CostSample[], sessions: CostFile['sessions'] = []): CostFile => ({
  schema: 'mote.costs/1',
  board: 'pico',
  target: 'cortex-m0plus',
  unit: 'cycles',
  sessions,
  samples,
});

const tableOf = (samples: CostSample[], sessions?: CostFile['sessions']): CostTable =>
  learntTable(fileOf(samples, sessions), target, clockHz, () => code);

const relative = (t: CostTable, kernel: string): number => t.rows[kernel].perMac / costs[kernel].perMac;

describe('learntTable', () => {
  it('scales a counted kernel by its own ratio, its operator by that, all others by the board', () => {
    const t = tableOf([sample(conv, 1.5, 10), sample(conv, 1.5, 90), sample(dense, 1.2, 30), sample(dense, 1.2, 70)]);
    expect(relative(t, conv)).toBeCloseTo(1.5, 6);
    expect(relative(t, dense)).toBeCloseTo(1.2, 6);
    expect(t.rows[conv]).toMatchObject({ how: 'ratio', shapes: 2, from: 'emulated' });
    const other = 'mote_conv2d_s8s8__ref';
    expect(t.rows[other].how).toBe('operator');
    expect(relative(t, other)).toBeCloseTo(1.5, 6);
    const depthwise = 'mote_depthwiseconv2d_s8s8_plane__thumb';
    expect(t.rows[depthwise].how).toBe('board');
    expect(relative(t, depthwise)).toBeGreaterThan(1.2);
    expect(relative(t, depthwise)).toBeLessThan(1.5);
    // Conv from dense and dense from conv, each 20 to 25 % off: what an unknown operator may be.
    expect(t.rows[depthwise].errorPercent).toBeGreaterThan(15);
    expect(t.rows[depthwise].errorPercent).toBeLessThan(30);
  });

  it('takes what silicon said before what an emulator said, kernel by kernel', () => {
    const silicon = { source: 'measured' as const };
    const t = tableOf([sample(conv, 1.5, 10), sample(conv, 2, 50, silicon), sample(dense, 1.2, 30)]);
    expect(relative(t, conv)).toBeCloseTo(2, 6);
    expect([t.rows[conv].from, t.rows[dense].from]).toEqual(['measured', 'emulated']);
  });

  it('leaves out what is of another version of a kernel, of another clock, or of no kernel', () => {
    const old = sample(conv, 9, 20, { code: 'ffffffffffff' });
    const slow = sample(conv, 1.1, 20, { clockHz: 48_000_000 });
    const t = tableOf([sample(conv, 1.5, 10), old, slow]);
    expect(relative(t, conv)).toBeCloseTo(1.5, 6);
    expect([t.stale, t.otherClock]).toEqual([[old], 1]);
    const gone = learntTable(fileOf([sample(conv, 1.5, 10)]), target, clockHz, () => undefined);
    expect(gone.stale).toHaveLength(1);
    expect(gone.rows[conv]).toMatchObject({ ...costs[conv], how: 'target', errorPercent: null });
  });

  it('knows no error from a single shape of a single kernel', () => {
    expect(tableOf([sample(conv, 1.5, 10)]).rows[conv].errorPercent).toBeNull();
  });

  it('never lets a kernel be chosen that the target does not choose', () => {
    const stranger = { ...sample(conv, 1, 10), kernel: 'mote_conv2d_s8s8_dsp__dsp_2x4' };
    expect(tableOf([stranger]).rows[stranger.kernel]).toBeUndefined();
  });

  it('learns energy per count from metered models, and what it is off between them', () => {
    const session = (name: string, count: number, microjoules: number): CostFile['sessions'][number] => ({
      ...{ name, hash: `${name}0123456789abcde`, source: 'measured', clockHz, count },
      energy: { microjoules, uncertaintyMicrojoules: microjoules / 50, source: 'measured', meter: 'PPK2' },
    });
    const one = tableOf([sample(conv, 1.5, 10)], [session('a', 1e6, 200)]);
    expect(one.energy).toMatchObject({ errorPercent: 2, models: 1, from: 'measured' });
    expect(one.energy?.joulesPerCount).toBeCloseTo(2e-10, 16);
    const two = tableOf([sample(conv, 1.5, 10)], [session('a', 1e6, 200), session('b', 1e6, 220)]);
    expect(two.energy?.joulesPerCount).toBeGreaterThan(2.08e-10);
    expect(two.energy?.joulesPerCount).toBeLessThan(2.12e-10);
    expect(two.energy?.errorPercent).toBeGreaterThan(8);
    expect(two.energy?.errorPercent).toBeLessThan(11);
  });
});

describe('predictPack', () => {
  const layer = (kernel: string, size: number): Parameters<typeof predictPack>[0]['layers'][number] => {
    const { work } = sample(kernel, 1, size);
    const port = { name: 't', dtype: 'int8' as const, shape: [1, size], bytes: size, offset: 0 };
    const sizes = { macs: work.macs, weightBytes: 100, scratchBytes: 0 };
    return { index: 0, name: 'l', op: 'conv2d', kernel, ...sizes, work, code, inputs: [port], outputs: [port] };
  };

  it('adds layers up, finds what was counted, and never calls a guess from emulation measured', () => {
    const silicon = { source: 'measured' as const };
    const t = tableOf([sample(conv, 1.5, 10, silicon), sample(conv, 1.5, 90, silicon), sample(dense, 1.2, 30)]);
    const p = predictPack({ layers: [layer(conv, 10), layer(conv, 40), layer(dense, 5)], hash: 'ab' }, t);
    const expected = [sample(conv, 1.5, 10), sample(conv, 1.5, 40), sample(dense, 1.2, 5)].map((s) => s.count);
    for (const [i, count] of expected.entries()) expect(p.layers[i]?.count).toBeCloseTo(count, 3);
    expect(p.whole?.count).toBeCloseTo(expected[0] + expected[1] + expected[2], 3);
    expect(p.whole?.from).toBe('emulated');
    expect(p.layers.map((l) => l?.counted?.source)).toEqual(['measured', undefined, undefined]);
    expect(predictPack({ layers: [layer(conv, 10)], hash: 'ab' }, t).whole?.from).toBe('measured');
  });

  it('says how many layers no row predicts, and gives no energy for a part', () => {
    const p = predictPack(
      { layers: [layer(conv, 10), { ...layer(conv, 3), work: undefined }], hash: 'ab' },
      targetTable(target),
    );
    expect([p.missing, p.unit, p.whole?.errorPercent]).toEqual([1, 'instructions', null]);
    expect(p.energy).toBeUndefined();
  });

  it('predicts bands of rows by their kernels and what lies between them', () => {
    const t = tableOf([sample(conv, 1.5, 10), sample(conv, 1.5, 90)]);
    const { work } = sample(conv, 1, 40);
    const member = {
      name: 'm',
      op: 'conv2d',
      kernel: conv,
      macs: work.macs,
      rowsPerBand: 1,
      work: { ...work, calls: 7 },
      code,
    };
    const stream = {
      ...layer(conv, 40),
      op: 'stream',
      kernel: 'k',
      work: undefined,
      bands: 7,
      streamed: [member],
      otherInstructions: 1000,
    };
    const count = predictPack({ layers: [stream], hash: '' }, t).whole?.count;
    expect(count).toBeCloseTo(1.5 * (predictInstructions(costs[conv], { ...work, calls: 7 }) + 1000), 2);
  });
});
