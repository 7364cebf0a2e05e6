// SPDX-License-Identifier: Apache-2.0
// laneconv: output channels in vector lanes, for convolutions without groups and fully connected layers.

import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { rescaleFields } from './rvvRescale.js';
import type { Lowered, Variant } from './variant.js';

/** Runs shorter than this are gathered into one: entering the kernel's loop costs more than the copy. */
const shortestRun = 16;
/** Rows and columns, sums of two included, and offsets are 16 bits wide in the kernel's table. */
const maxInt16 = 32_767;

/** A 1x1 convolution that reads every pixel once is one row of pixels. */
function flattened(layer: IntegerLayer): IntegerLayer {
  const { inH, inW, outH, outW, kernelH, kernelW, strideH, strideW, padTop, padLeft } = layer;
  const plain = kernelH * kernelW * strideH * strideW === 1 && padTop + padLeft === 0 && inH === outH && inW === outW;
  return plain ? { ...layer, inH: 1, inW: inH * inW, outH: 1, outW: outH * outW } : layer;
}

/** [run][(length + 1) / 2][outC][2]: two taps of a channel side by side. */
function pairedWeights({ weights, outC }: IntegerLayer, runs: number, length: number): Int8Array {
  const half = Math.ceil(length / 2);
  const out = new Int8Array(runs * half * 2 * outC);
  for (let c = 0; c < outC; c++) {
    for (let i = 0; i < runs * length; i++) {
      const [run, k] = [Math.floor(i / length), i % length];
      out[((run * half + (k >> 1)) * outC + c) * 2 + (k & 1)] = weights[c * runs * length + i];
    }
  }
  return out;
}

/** No window reads outside the image. */
export const insideImage = (l: IntegerLayer): boolean =>
  l.padTop === 0 &&
  l.padLeft === 0 &&
  (l.outH - 1) * l.strideH + (l.kernelH - 1) * l.dilationH < l.inH &&
  (l.outW - 1) * l.strideW + (l.kernelW - 1) * l.dilationW < l.inW;

const noTable: CStruct['fields'] = [
  ['tap_offset', null],
  ['tap_y', null],
  ['tap_x', null],
];

/** Where each element of a window lies from its first one; none where the numbers do not fit or windows are long. */
function tapTable(l: IntegerLayer): CStruct['fields'] {
  const window = l.kernelH * l.kernelW * l.inC;
  const lists = [new Int16Array(window), new Int16Array(window), new Int16Array(window)];
  const largest = ((l.kernelH - 1) * l.dilationH * l.inW + (l.kernelW - 1) * l.dilationW + 1) * l.inC;
  const names = ['tap_offset', 'tap_y', 'tap_x'];
  if (largest > maxInt16 || l.inH + l.padTop > maxInt16 / 2 || l.inW + l.padLeft > maxInt16 / 2) return noTable;
  for (let i = 0; i < window; i++) {
    const tap = Math.floor(i / l.inC);
    const y = Math.floor(tap / l.kernelW) * l.dilationH;
    const x = (tap % l.kernelW) * l.dilationW;
    [(y * l.inW + x) * l.inC + (i % l.inC), y, x].forEach((v, k) => {
      lists[k][i] = v;
    });
  }
  return names.map((name, k) => [name, constant(name, 'int16', lists[k], [window])]);
}

/** Where the kernel reads windows, and the runs of consecutive bytes that they come in. */
function readingOf(l: IntegerLayer): { direct: 0 | 1 | 2; segments: number; segment: number; scratchBytes: number } {
  const row = l.kernelW * l.inC;
  const window = l.kernelH * row;
  const inside = insideImage(l);
  if (l.dilationW > 1 || (row < shortestRun && l.kernelH > 1)) {
    return { direct: 0, segments: 1, segment: window, scratchBytes: 3 * window };
  }
  const inOrder = l.inH === 1 && l.outH === 1 && window === l.inC && l.inW === l.outW && inside;
  // The kernel's signature has a scratch: 4 bytes where it needs none.
  return { direct: inOrder ? 2 : 1, segments: l.kernelH, segment: row, scratchBytes: inside ? 4 : 3 * window };
}

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding);
  if (read?.groups !== 1) return undefined;
  const layer = flattened(read);
  const rescale = rescaleFields(layer);
  if (!rescale) return undefined;
  const { direct, segments, segment, scratchBytes } = readingOf(layer);
  const weights = pairedWeights(layer, segments, segment);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['direct', direct],
    ['segments', segments],
    ['segment', segment],
    ['segment_stride', layer.dilationH * layer.inW * layer.inC],
    ...(direct ? noTable : tapTable(layer)),
    ['weights', constant('weights', 'int8', weights, [segments, Math.ceil(segment / 2), layer.outC, 2])],
    ...rescale,
  ];
  const params = { type: 'mote_laneconv_s8s8', fields };
  return {
    // Three pixels at a time, strips of channels, from the image itself where it can.
    call: {
      kernel: 'mote_laneconv_s8s8__rvv',
      params,
      inputs: [0],
      outputs: [0],
      overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { heldPixels: 3 }, 1) },
      scratchBytes,
    },
    work: workOf(layer),
  };
}

export const rvvConvVariants: readonly Variant[] = ['conv2d', 'fullyConnected'].map((op) => ({
  kernel: 'mote_laneconv_s8s8__rvv',
  op,
  isa: 'rvv',
  lower,
}));
