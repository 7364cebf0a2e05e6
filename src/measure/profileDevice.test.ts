// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Device, DeviceInfo, Window } from '../device/device.js';
import type { PackManifest } from '../generated/pack.js';
import { checkClock, profileDevice } from './profileDevice.js';
import { boundOf, roofOf } from './roofline.js';
import { runRecord, secondsOf } from './runRecord.js';

const port = (name: string, bytes: number, offset: number) => ({
  name,
  dtype: 'int8' as const,
  shape: [bytes],
  bytes,
  offset,
});
const manifest: PackManifest = {
  schema: 'mote.manifest/1',
  mote: '0.1.0',
  name: 'fake',
  hash: '00112233445566778899aabbccddeeff',
  model: { file: 'fake', format: 'mote', sha256: '', quantizedBy: 'none' },
  target: 'cortex-m4',
  rounding: 'single',
  prefer: 'balance',
  arithmetic: 'int8',
  arenaBytes: 64,
  weightBytes: 100,
  macs: 3000,
  inputs: [port('x', 16, 0)],
  outputs: [port('y', 4, 32)],
  layers: [
    {
      index: 0,
      name: 'a',
      op: 'conv2d',
      kernel: 'k0',
      macs: 2000,
      weightBytes: 80,
      scratchBytes: 0,
      inputs: [port('x', 16, 0)],
      outputs: [port('m', 16, 16)],
    },
    {
      index: 1,
      name: 'b',
      op: 'fullyConnected',
      kernel: 'k1',
      macs: 1000,
      weightBytes: 20,
      scratchBytes: 0,
      inputs: [port('m', 16, 16)],
      outputs: [port('y', 4, 32)],
    },
  ],
  files: { header: 'fake.h', sources: [], layerSources: [], kernels: [], test: 't.c' },
  vectors: { count: 0, inputs: [], outputs: [], from: 'random' },
};

interface Quirks {
  counter?: Partial<DeviceInfo['counter']>;
  counts?: (run: number) => number;
  layerCounts?: number[];
  result?: number;
  guardIntact?: boolean;
  /** The board's clock over what its file says. */
  clockRatio?: number;
}

/** A board whose time passes as its cycles do, at 10 MHz times the ratio. */
function fakeBoard(quirks: Quirks = {}): { device: Device; nowMs: () => number } {
  let runs = 0;
  let nowMs = 0;
  const hz = 10e6 * (quirks.clockRatio ?? 1);
  const window = (count: number): Window => {
    nowMs += (count / hz) * 1000 + 3;
    return { result: quirks.result ?? 0, count, guardIntact: quirks.guardIntact ?? true };
  };
  const device: Device = {
    info: {
      board: 'fake',
      model: 'fake',
      hash: manifest.hash.slice(0, 16),
      layers: 2,
      arenaBytes: 64,
      clockHz: 10e6,
      counter: { unit: 'cycles', source: 'measured', ...quirks.counter },
      emptyWindow: 12,
    },
    write: async () => undefined,
    read: async (_, count) => new Uint8Array(count),
    run: async () => window(quirks.counts?.(runs++) ?? 3000),
    step: async (index) => window((quirks.layerCounts ?? [2000, 1000])[index]),
    reset: async () => undefined,
    batch: async (n) => {
      nowMs += 0.2;
      return window(n * 3000);
    },
    status: async () => {
      nowMs += 3;
      return { guardIntact: true, stackUsedBytes: 100, stackReservedBytes: 400 };
    },
    close: async () => undefined,
  };
  return { device, nowMs: () => nowMs };
}

const sample = [new Uint8Array(16)];
const options = { runs: 4, warmups: 2 };

async function recordOf(quirks: Quirks) {
  const { device, nowMs } = fakeBoard(quirks);
  const profiled = await profileDevice(device, manifest, sample, options);
  const clock = await checkClock(device, profiled.whole.median, { nowMs });
  return runRecord({ manifest, info: device.info, profiled, clock });
}

describe('profileDevice', () => {
  it('gives medians, spreads and what bounds each layer', async () => {
    const record = await recordOf({ counts: (run) => (run === 0 ? 3600 : 3000 + (run % 2)) });
    expect(record.whole).toMatchObject({ count: 4, min: 3000, max: 3001, median: 3000.5 });
    expect(record.first).toEqual([3600, 3001]);
    expect(record.layers.map((l) => l.count.median)).toEqual([2000, 1000]);
    expect(record.layers.map((l) => l.bytes)).toEqual([112, 40]);
    expect(record.warnings.map((w) => w.code)).toEqual(['run.cold']);
    expect(secondsOf(record, 10e6)).toBeCloseTo(1, 2);
  });

  it('says when the clock is off, and computes with the checked one', async () => {
    const record = await recordOf({ clockRatio: 0.8 });
    expect(record.warnings.map((w) => w.code)).toEqual(['clock.off']);
    expect(record.clock?.checkedHz).toBeGreaterThan(7.9e6);
    expect(record.clock?.checkedHz).toBeLessThan(8.1e6);
    expect(secondsOf(record, 8e6)).toBeCloseTo(1, 1);
    expect((await recordOf({ clockRatio: 1.01 })).warnings).toEqual([]);
  });

  it('says when the layers one by one are not the whole', async () => {
    const record = await recordOf({ layerCounts: [2100, 1000] });
    expect(record.warnings).toEqual([
      { code: 'layers.sum', text: 'the layers one by one take 3.3 % more than the whole' },
    ]);
  });

  it('never calls emulated counts seconds, and checks no clock there', async () => {
    const record = await recordOf({ counter: { source: 'emulated' } });
    expect(record.clock).toBeUndefined();
    expect(secondsOf(record, 1000)).toBeUndefined();
  });

  it.each([
    ['a stuck counter', { counts: () => 0 }, 'device.counter'],
    ['no counter', { counter: { unit: 'none' as const } }, 'device.counter'],
    ['a model error', { result: 3 }, 'device.fault'],
    ['an overwritten guard', { guardIntact: false }, 'device.guard'],
  ])('refuses %s', async (_, quirks, code) => {
    const { device } = fakeBoard(quirks);
    await expect(profileDevice(device, manifest, sample, options)).rejects.toMatchObject({ code });
  });
});

describe('roofline', () => {
  it('names the nearer roof', () => {
    const compute = { macs: 1000, bytes: 10, count: 500 };
    const memory = { macs: 10, bytes: 1000, count: 500 };
    const roof = roofOf([compute, memory]);
    expect(roof).toEqual({ macsPerCount: 2, bytesPerCount: 2 });
    expect([compute, memory, { macs: 0, bytes: 0, count: 5 }].map((l) => boundOf(l, roof))).toEqual([
      'compute',
      'memory',
      'none',
    ]);
  });
});
