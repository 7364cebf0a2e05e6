// SPDX-License-Identifier: Apache-2.0
// Damaged models end in one sentence and exit 3: in this process for every damage, and through the command line (own
// process, memory limit, clock) for a sample of them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MoteError } from '../../src/cli/errors.js';
import { packageRoot } from '../../src/packageRoot.js';
import { packModel } from '../../src/packModel.js';
import { describeShared, sharedFile } from '../support/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of the processor, so that a busy machine changes nothing. */
const limitMs = 30_000;
const usedMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};
const limitBytes = 512 * 1024 * 1024;
const seed = Number(process.env.MOTE_FUZZ_SEED ?? 20261122);

interface Damage {
  name: string;
  bytes: Uint8Array;
}

function* truncations(bytes: Uint8Array, step: number): Generator<Damage> {
  for (let length = 0; length < bytes.length; length += step)
    yield { name: `cut at ${length}`, bytes: bytes.slice(0, length) };
}

function* flips(bytes: Uint8Array, count: number): Generator<Damage> {
  let s = seed | 1;
  const next = (): number => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return s >>> 0;
  };
  for (let i = 0; i < count; i++) {
    // Half of the flips hit the structure at the two ends of the file, where offsets and lengths live.
    const at =
      i % 2
        ? next() % bytes.length
        : i % 4
          ? next() % Math.min(2048, bytes.length)
          : bytes.length - 1 - (next() % Math.min(8192, bytes.length));
    const damaged = bytes.slice();
    damaged[at] ^= 1 << (next() & 7);
    yield { name: `bit flip at ${at} (seed ${seed})`, bytes: damaged };
  }
}

/** Length fields of 1 GB: every 32-bit word of the first kilobyte in turn. */
function* giants(bytes: Uint8Array): Generator<Damage> {
  for (let at = 0; at + 4 <= Math.min(1024, bytes.length); at += 4) {
    const damaged = bytes.slice();
    new DataView(damaged.buffer).setUint32(at, 0x40000000, true);
    yield { name: `1 GB at ${at}`, bytes: damaged };
  }
}

/** Packs one damaged model: success, or a MoteError that ends in exit 3; anything else is a defect. */
async function judge(damage: Damage, fileName: string): Promise<'packed' | 'refused'> {
  const started = process.cpuUsage();
  try {
    await packModel({ bytes: damage.bytes, fileName, target: 'wasm32' });
    return 'packed';
  } catch (error) {
    if (!(error instanceof MoteError))
      throw new Error(`${fileName}, ${damage.name}: ${error instanceof Error ? error.stack : error}`);
    expect([damage.name, error.exit, error.message]).toEqual([damage.name, 3, expect.stringMatching(/^[^\n]{10,}$/)]);
    return 'refused';
  } finally {
    expect([damage.name, usedMs(started) < limitMs]).toEqual([damage.name, true]);
  }
}

async function judgeAll(damages: Iterable<Damage>, fileName: string): Promise<{ packed: number; refused: number }> {
  const count = { packed: 0, refused: 0 };
  for (const damage of damages) count[await judge(damage, fileName)]++;
  expect(process.memoryUsage().rss).toBeLessThan(2 * limitBytes);
  return count;
}

// Runs in the command's process before it: reports the peak of its memory and its processor time through descriptor 3 at the end.
const reportUse =
  "data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const u=process.resourceUsage();writeSync(3,[u.maxRSS,u.userCPUTime+u.systemCPUTime].join())})";

/** The command line in its own process. */
function runCli(bytes: Uint8Array, fileName: string) {
  const path = join(folder, fileName);
  writeFileSync(path, bytes);
  const cli = join(packageRoot, 'dist', 'cli', 'main.js');
  const args = ['--import', reportUse, cli, 'pack', path, '--target', 'wasm32', '-o', join(folder, 'out')];
  const result = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 240_000,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [peakKilobytes, usedMicroseconds] = String(result.output[3]).split(',').map(Number);
  return {
    status: result.status,
    stdout: result.stdout,
    stderr: result.stderr,
    ms: usedMicroseconds / 1000,
    peakBytes: peakKilobytes * 1024,
  };
}

const digits = readFileSync(join(packageRoot, 'models', 'digits', 'digits.onnx'));

describe('files that are no model', () => {
  const jpeg = Uint8Array.from([
    0xff,
    0xd8,
    0xff,
    0xe0,
    0,
    16,
    0x4a,
    0x46,
    0x49,
    0x46,
    0,
    1,
    1,
    0,
    0,
    1,
    0,
    1,
    0,
    0,
    ...new Uint8Array(600),
  ]);
  const wrongMagic = Uint8Array.from([0x1c, 0, 0, 0, 0x54, 0x46, 0x4c, 0x39, ...new Uint8Array(256)]);
  const oneGigabyte = Uint8Array.from([0x08, 0x07, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x03, ...new Uint8Array(64)]);
  it.each([
    ['empty', new Uint8Array(0)],
    ['a JPEG', jpeg],
    ['wrong magic', wrongMagic],
    ['a 1 GB length', oneGigabyte],
    ['text', Buffer.from('#!/bin/sh\necho this is no model\n')],
    ['zeros', new Uint8Array(4096)],
    ['one byte', Uint8Array.of(0x1c)],
  ])('%s ends in exit 3 with one sentence', (name, bytes) => {
    for (const fileName of ['x.tflite', 'x.onnx']) {
      const { status, stdout, stderr, ms, peakBytes } = runCli(bytes, fileName);
      expect([name, status, stdout]).toEqual([name, 3, '']);
      expect(stderr).toMatch(/^error (model|file)\.\w+ {2}[^\n]+\n(help {2}[^\n]+\n)?$/);
      expect(ms).toBeLessThan(limitMs);
      expect(peakBytes).toBeGreaterThan(1e6);
      expect(peakBytes).toBeLessThan(limitBytes);
    }
  });
});

describe('damaged ONNX', () => {
  it('every truncation at 64 bytes is refused', async () => {
    const { refused } = await judgeAll(truncations(digits, 64), 'digits.onnx');
    expect(refused).toBeGreaterThan(0.95 * (digits.length / 64));
  });
  it('byte flips and giant lengths never crash', async () => {
    const { refused } = await judgeAll([...flips(digits, 400), ...giants(digits)], 'digits.onnx');
    expect(refused).toBeGreaterThan(50);
  });
});

describeShared('damaged TFLite', () => {
  it.each(['models/tflm/hello_world_int8.tflite', 'models/mlperf-tiny/kws_ref_model.tflite'])('%s', async (file) => {
    const bytes = sharedFile(file);
    const cut = await judgeAll(truncations(bytes, 64), 'model.tflite');
    expect(cut.refused).toBeGreaterThan(0.9 * (bytes.length / 64));
    const flipped = await judgeAll([...flips(bytes, 150), ...giants(bytes)], 'model.tflite');
    expect(flipped.refused).toBeGreaterThan(20);
  });

  it('a sample of them through the command line ends in 0 or 3, never in a trace', () => {
    const bytes = sharedFile('models/mlperf-tiny/kws_ref_model.tflite');
    const sample = [...truncations(bytes, 8192), ...[...flips(bytes, 24)].filter((_, i) => i % 3 === 0)];
    for (const damage of sample) {
      const { status, stderr, ms, peakBytes } = runCli(damage.bytes, 'model.tflite');
      expect([damage.name, status === 0 || status === 3]).toEqual([damage.name, true]);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect([damage.name, ms < limitMs, peakBytes < limitBytes]).toEqual([damage.name, true, true]);
    }
  });
});
