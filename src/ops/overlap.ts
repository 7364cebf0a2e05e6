// SPDX-License-Identifier: Apache-2.0
// How far before its input an output may begin when both share memory: the write front has to stay behind the read front.
// Kernels that slide a window visit output pixels in row-major order, so the distance follows from the geometry.
import { type DType, dtypeBytes } from '../model/graph.js';
import type { KernelCall, Overlap } from './op.js';
import type { Window } from './window.js';

/**
 * When a kernel writes, relative to its reads:
 * - `pixel`: the channels of a pixel one after the other, each from the whole window of the pixel;
 * - `channel`: the same, but channel c is made from channel c of the window alone (depthwise, pooling);
 * - `{ heldPixels }`: as `pixel`, but the channels of up to so many neighbouring pixels come in any order;
 * - `{ blockPixels }`: reads all that a block of pixels needs, then writes the block (the last block may be shorter).
 */
export type WriteOrder = 'pixel' | 'channel' | { heldPixels: number } | { blockPixels: number };

/** First input pixel (row-major) that output pixels from (y, x) on still read. */
export function readFront(w: Window, y: number, x: number): number {
  const row = (oy: number): number => Math.min(w.inH - 1, Math.max(0, oy * w.strideH - w.padTop));
  const column = Math.min(w.inW - 1, Math.max(0, x * w.strideW - w.padLeft));
  const here = row(y) * w.inW + column;
  return y + 1 < w.outH ? Math.min(here, row(y + 1) * w.inW) : here;
}

/**
 * Smallest number of bytes by which the output must begin before the input; 0 is exactly in place. Elements are one byte
 * wide where `elementBytes` is 1.
 */
export function overlapLagBytes(w: Window, outC: number, order: WriteOrder, elementBytes: number): number {
  const pixels = w.outH * w.outW;
  const front = (n: number): number => readFront(w, Math.floor(n / w.outW), n % w.outW) * w.inC;
  let lag = 0;
  if (typeof order === 'object' && 'blockPixels' in order) {
    for (let n = order.blockPixels; n < pixels; n += order.blockPixels) lag = Math.max(lag, n * outC - front(n));
  } else {
    const held = typeof order === 'object' ? order.heldPixels : order === 'pixel' ? 1 : 0;
    for (let n = 0; n < pixels; n++) lag = Math.max(lag, Math.min(pixels, n + held) * outC - front(n));
  }
  return lag * elementBytes;
}

/** A moment in the work on one channel: output pixels before `written` are there, input pixels from `next` on will be read. */
export interface Front {
  written: number;
  next: number;
}

/**
 * For a kernel that goes through the whole image for one channel, or a few, before it turns to the next: an output may
 * only fall on an input of its own channel, so they lie whole pixels apart. Without fronts all of a channel's input is
 * read before the first output is written.
 */
export function planeOverlap(w: Window, fronts: readonly Front[]): Overlap {
  const pixels = w.inH * w.inW;
  const lag = fronts.reduce((n, f) => (f.next < pixels ? Math.max(n, f.written - f.next) : n), -pixels);
  return { input: 0, lagBytes: lag * w.inC, stepBytes: w.inC };
}

/** The call with what its reference kernel's order of writes allows. Input and output have one element type. */
export function withOverlap(call: KernelCall, w: Window, outC: number, order: WriteOrder, dtype: DType): KernelCall {
  return { ...call, overlap: { input: 0, lagBytes: overlapLagBytes(w, outC, order, dtypeBytes(dtype)) } };
}
