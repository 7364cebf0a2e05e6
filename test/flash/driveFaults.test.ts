// SPDX-License-Identifier: Apache-2.0
// 200 copies to a UF2 drive with seeded faults: the drive leaves early, never leaves, or Ctrl-C comes. Each ends with the
// whole image at the board or with a named error, and no block that arrived lies outside of the image.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBlock } from 'uf2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MoteError } from '../../src/cli/errors.js';
import { firstSeed } from '../../src/flash/testing/faultRun.js';
import { virtualUf2Drive } from '../../src/flash/testing/virtualDrive.js';
import { copyUf2 } from '../../src/flash/uf2Drive.js';
import type { Uf2DriveFlash } from '../../src/generated/board.js';
import { xorshift32 } from '../../src/xorshift.js';

const runs = 200;
const start = 0x10000000;
const image = [{ address: start, bytes: Uint8Array.from({ length: 50_000 }, (_, i) => (i * 13 + (i >> 7)) & 0xff) }];
const pieces = 4;
const options: Uf2DriveFlash = {
  method: 'uf2-drive',
  boardIds: ['RPI-RP2'],
  family: '0xe48bff56',
  blocks: [{ start: '0x10000000', bytes: 4096, count: 512 }],
};
const faults = ['none', 'leaves', 'stays', 'interrupt'] as const;

let room: string;
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'mote-drive-faults-'));
});
afterAll(() => rm(room, { recursive: true, force: true }));

/** Every block that arrived, as npm's uf2 reads it, lies in the image and holds what the image holds. */
function expectOnlyImage(received: Uint8Array): number {
  const [{ bytes }] = image;
  for (let at = 0; at + 512 <= received.length; at += 512) {
    const { flashAddress, payload } = decodeBlock(received.subarray(at, at + 512));
    expect(flashAddress).toBeGreaterThanOrEqual(start);
    const part = bytes.subarray(flashAddress - start, flashAddress - start + 256);
    expect(part.length).toBeGreaterThan(0);
    expect(Buffer.compare(payload.subarray(0, part.length), part)).toBe(0);
  }
  return Math.floor(received.length / 512);
}

async function run(seed: number): Promise<string> {
  const random = xorshift32(Math.imul(seed + 1, 0x9e3779b1));
  for (let i = 0; i < 8; i++) random();
  const fault = faults[seed % faults.length];
  const at = random() % pieces;
  const path = join(room, `drive${seed}`);
  const drive = await virtualUf2Drive(path, 'RPI-RP2', fault === 'stays' ? 0xe48bff59 : 0xe48bff56);
  const stop = new AbortController();
  let calls = 0;
  const onProgress = (): void => {
    if (calls++ !== at) return;
    if (fault === 'leaves') rmSync(path, { recursive: true, force: true });
    if (fault === 'interrupt') stop.abort();
  };
  const request = {
    drive: { path, kind: 'uf2' as const, info: { 'Board-ID': 'RPI-RP2' } },
    image,
    onProgress,
    signal: stop.signal,
    // Only a drive that never leaves is waited for in vain; the others have time, however slow this machine is.
    timeScale: fault === 'stays' ? 0.003 : 1,
  };
  try {
    await copyUf2(request, options);
    expect(drive.taken(), `MOTE_SEED=${seed} ${fault} ${at}`).toBe(true);
    expect(expectOnlyImage(drive.received())).toBe(Math.ceil(50_000 / 256));
    return 'written';
  } catch (error) {
    if (!(error instanceof MoteError)) throw error;
    expect(error.exit).toBe(fault === 'interrupt' ? 130 : 6);
    expectOnlyImage(drive.received());
    return error.code;
  } finally {
    drive.stop();
  }
}

it(`${runs} copies`, async () => {
  const ended = new Map<string, number>();
  for (let i = 0; i < runs; i++) {
    const code = await run(firstSeed() + i);
    ended.set(code, (ended.get(code) ?? 0) + 1);
  }
  expect(ended.get('written')).toBeGreaterThanOrEqual(runs / 4);
  expect(ended.get('flash.drive')).toBeGreaterThanOrEqual(runs / 4);
  expect(ended.get('flash.interrupted')).toBeGreaterThan(0);
});
