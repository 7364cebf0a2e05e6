// SPDX-License-Identifier: Apache-2.0
// The distance against a simulation that reads and writes byte by byte: at the lag nothing that is still needed is
// overwritten, one byte less and something is (or the lag is 0).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlapLagBytes, type WriteOrder } from './overlap.js';
import type { Window } from './window.js';

const shape = fc
  .record({
    inH: fc.integer({ min: 1, max: 7 }),
    inW: fc.integer({ min: 1, max: 7 }),
    inC: fc.integer({ min: 1, max: 4 }),
    kernelH: fc.integer({ min: 1, max: 4 }),
    kernelW: fc.integer({ min: 1, max: 4 }),
    strideH: fc.integer({ min: 1, max: 3 }),
    strideW: fc.integer({ min: 1, max: 3 }),
    padTop: fc.integer({ min: 0, max: 2 }),
    padLeft: fc.integer({ min: 0, max: 2 }),
    outC: fc.integer({ min: 1, max: 5 }),
  })
  .map((s) => ({
    ...s,
    dilationH: 1,
    dilationW: 1,
    outH: Math.floor((s.inH + 2 * s.padTop - s.kernelH) / s.strideH) + 1,
    outW: Math.floor((s.inW + 2 * s.padLeft - s.kernelW) / s.strideW) + 1,
  }))
  .filter((s) => s.outH >= 1 && s.outW >= 1);

/** Input bytes that output pixel n reads for channel c. */
function reads(w: Window, n: number, channel: number | undefined): number[] {
  const list: number[] = [];
  for (let ky = 0; ky < w.kernelH; ky++) {
    for (let kx = 0; kx < w.kernelW; kx++) {
      const y = Math.floor(n / w.outW) * w.strideH - w.padTop + ky;
      const x = (n % w.outW) * w.strideW - w.padLeft + kx;
      if (y < 0 || x < 0 || y >= w.inH || x >= w.inW) continue;
      for (let c = 0; c < w.inC; c++)
        if (channel === undefined || channel === c) list.push((y * w.inW + x) * w.inC + c);
    }
  }
  return list;
}

/** Does a kernel that writes in this order destroy an input byte before its last read, output `lag` before input? */
function destroys(w: Window, outC: number, order: WriteOrder, lag: number): boolean {
  const written = new Set<number>();
  const pixels = w.outH * w.outW;
  const clash = (list: number[]): boolean => list.some((at) => written.has(at));
  const write = (n: number, c: number): void => void written.add(n * outC + c - lag);
  const block = typeof order === 'object' ? ('blockPixels' in order ? order.blockPixels : order.heldPixels) : 1;
  for (let n0 = 0; n0 < pixels; n0 += block) {
    const end = Math.min(pixels, n0 + block);
    for (let n = n0; n < end; n++) {
      if (typeof order === 'object' && 'blockPixels' in order) {
        if (clash(reads(w, n, undefined))) return true;
        continue;
      }
      if (typeof order === 'object') continue;
      for (let c = 0; c < outC; c++) {
        if (clash(reads(w, n, order === 'channel' ? c : undefined))) return true;
        write(n, c);
      }
    }
    if (typeof order === 'object' && 'heldPixels' in order) {
      // The worst order: every channel reads the windows of the whole block again.
      for (let c = 0; c < outC; c++) {
        for (let n = n0; n < end; n++) {
          if (clash(reads(w, n, undefined))) return true;
          write(n, c);
        }
      }
      continue;
    }
    if (typeof order === 'object') for (let n = n0; n < end; n++) for (let c = 0; c < outC; c++) write(n, c);
  }
  return false;
}

describe('overlapLagBytes', () => {
  it.each<WriteOrder>([
    'pixel',
    'channel',
    { blockPixels: 1 },
    { blockPixels: 2 },
    { blockPixels: 3 },
    { heldPixels: 2 },
    { heldPixels: 4 },
  ])('%o never destroys what is still read', (order) => {
    fc.assert(
      fc.property(shape, (w) => {
        const outC = order === 'channel' ? w.inC : w.outC;
        const lag = overlapLagBytes(w, outC, order, 1);
        expect(destroys(w, outC, order, lag)).toBe(false);
        expect(destroys(w, outC, order, lag + 7)).toBe(false);
        expect(overlapLagBytes(w, outC, order, 4)).toBe(4 * lag);
      }),
      { numRuns: 300 },
    );
  });

  it('is tight where every input is read', () => {
    const w: Window = {
      inH: 6,
      inW: 5,
      inC: 3,
      outH: 6,
      outW: 5,
      kernelH: 3,
      kernelW: 3,
      strideH: 1,
      strideW: 1,
      dilationH: 1,
      dilationW: 1,
      padTop: 1,
      padLeft: 1,
    };
    for (const order of ['pixel', 'channel', { blockPixels: 2 }] as const) {
      const lag = overlapLagBytes(w, 3, order, 1);
      // `pixel` does not count that its last channel is written after the last read: one channel more than needed.
      expect(destroys(w, 3, order, order === 'pixel' ? lag - 2 : lag - 1), String(order)).toBe(true);
    }
    const pointwise: Window = { ...w, kernelH: 1, kernelW: 1, padTop: 0, padLeft: 0 };
    expect(overlapLagBytes(pointwise, 3, { blockPixels: 2 }, 1)).toBe(0);
    expect(overlapLagBytes(pointwise, 3, 'pixel', 1)).toBe(3);
  });
});
