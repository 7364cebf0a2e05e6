// SPDX-License-Identifier: Apache-2.0
// What reading a minute of a PPK2 costs: 100,000 samples a second through the driver, in seconds of processor time, so that
// other programs matter less. The stream is made before, by the emulated instrument's own arithmetic.
import { memoryLink } from '../src/link/memoryLink.js';
import { codeFor, emulatedCal, Ppk2Emulator, rangeFor } from '../src/measure/emulated/ppk2Emulator.js';
import { segmentScene } from '../src/measure/emulated/scene.js';
import { openPpk2 } from '../src/measure/ppk2.js';
import { ppk2RateHz } from '../src/measure/ppk2Stream.js';
import type { TimeRow } from './times.js';

const seconds = 60;
const millivolt = 3300;
/** What a read of a serial port gives at this rate. */
const pieceBytes = 4096;
/** The issue asks for half of one core. */
const mostShare = 0.5;

/** A second of samples in four ranges; its length in samples is a multiple of the counter's 64. */
function stream(): Uint8Array {
  const count = 102_400;
  const bytes = new DataView(new ArrayBuffer(4 * count));
  for (let i = 0; i < count; i++) {
    const amps = [31e-6, 310e-6, 2.7e-3, 24e-3][(i >> 10) & 3];
    const range = rangeFor(amps);
    const code = codeFor(emulatedCal, amps, range, millivolt, (i * 0.618) % 1);
    bytes.setUint32(4 * i, ((255 << 24) | ((i & 63) << 18) | (range << 14) | code) >>> 0, true);
  }
  return new Uint8Array(bytes.buffer);
}

export async function benchPpk2(): Promise<TimeRow> {
  const { near, far } = memoryLink('emulated PPK2');
  new Ppk2Emulator(far, { scene: segmentScene([]), silent: 'stream' });
  const samples = stream();
  const meter = await openPpk2(near, { mode: 'source', millivolt, source: 'emulated' });
  await meter.start();
  const before = process.cpuUsage();
  const total = seconds * ppk2RateHz * 4;
  for (let sent = 0; sent < total; ) {
    const at = sent % samples.length;
    const piece = samples.subarray(at, Math.min(samples.length, at + Math.min(pieceBytes, total - sent)));
    far.send(piece);
    sent += piece.length;
  }
  const { user, system } = process.cpuUsage(before);
  const trace = await meter.stop();
  await meter.close();
  if (trace.currentA.length !== seconds * ppk2RateHz || trace.lostSamples > 0)
    throw new Error(`${trace.currentA.length} samples of ${seconds * ppk2RateHz}, ${trace.lostSamples} lost`);
  return {
    what: `read ${seconds} s of a PPK2 at 100 kS/s (processor time)`,
    seconds: (user + system) / 1e6,
    limit: seconds * mostShare,
  };
}
