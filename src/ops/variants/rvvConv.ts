// SPDX-License-Identifier: Apache-2.0
// laneconv: output channels in vector lanes, for convolutions without groups and fully connected layers.
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { windowFields } from '../window.js';
import { constant } from '../weighted.js';
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

const insideImage = (l: IntegerLayer): boolean =>
  l.padTop === 0 && l.padLeft === 0 &&
  (l.outH - 1) * l.strideH + (l.kernelH - 1) * l.dilationH < l.inH && (l.outW - 1) * l.strideW + (l.kernelW - 1) * l.dilationW < l.inW;

const noTable: CStruct['fields'] = [['tap_offset', null], ['tap_y', null], ['tap_x', null]];

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

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding);
  if (!read || read.groups !== 1) return undefined;
  const layer = flattened(read);
  const rescale = rescaleFields(layer);
  if (!rescale) return undefined;
  const row = layer.kernelW * layer.inC;
  const window = layer.kernelH * row;
  const inside = insideImage(layer);
  const direct = layer.dilationW === 1 && (row >= shortestRun || layer.kernelH === 1);
  const [segments, segment] = direct ? [layer.kernelH, row] : [1, window];
  const weights = pairedWeights(layer, segments, segment);
  const inOrder = layer.inH === 1 && layer.outH === 1 && window === layer.inC && layer.inW === layer.outW && inside;
  return {
    call: {
      kernel: 'mote_laneconv_s8s8__rvv',
      params: {
        type: 'mote_laneconv_s8s8',
        fields: [
          ...windowFields(layer, layer.outC),
          ['direct', inOrder ? 2 : direct ? 1 : 0],
          ['segments', segments],
          ['segment', segment],
          ['segment_stride', layer.dilationH * layer.inW * layer.inC],
          ...(direct ? noTable : tapTable(layer)),
          ['weights', constant('weights', 'int8', weights, [segments, Math.ceil(segment / 2), layer.outC, 2])],
          ...rescale,
        ],
      },
      inputs: [0],
      outputs: [0],
      scratchBytes: direct && inside ? 4 : 3 * window,
    },
    work: workOf(layer),
  };
}

export const rvvConvVariants: readonly Variant[] = ['conv2d', 'fullyConnected'].map((op) => ({
  kernel: 'mote_laneconv_s8s8__rvv', op, isa: 'rvv', lower,
}));
