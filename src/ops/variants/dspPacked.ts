// SPDX-License-Identifier: Apache-2.0
// Convolutions with int4 weights for DSP instructions: constants as runtime-c/include/mote/packedconv.h describes them.

import type { IntEncoding } from '../../compress/formats/encoding.js';
import { codesOf, groupsOf } from '../../compress/formats/groups.js';
import type { CStruct } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { storedOf } from '../packedConv.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { filterOf, highShift, type LivelyLayer, livelyLayer, modeOf, modes, rescaling, sumRange } from './dspBlock.js';
import { isFlat, windowPairs, windowParams } from './dspConv.js';
import { foldedLayerBias, integerLayer, workOf } from './integerLayer.js';
import type { Variant } from './variant.js';

const kernel = 'mote_packedconv_s8int_nibbles__dsp_2x4';
const blockChannels = 4;
/** The kernel's sums come times 16. */
const sumBits = 4;

/** A tile's taps: the more pixels share a decoded block the better, but few kilobytes are to spare. */
const tileBytes = 8192;
const maxPairs = 16;

function fits(layer: LivelyLayer): boolean {
  const bias = foldedLayerBias(layer);
  const mode = modeOf(layer);
  const limit = 2 ** (31 - sumBits);
  return layer.multipliers.every((m, c) => {
    const { min, max } = sumRange(filterOf(layer, c), bias[c]);
    if (min < -limit || max >= limit) return false;
    return layer.constantOutputs[c] !== undefined || highShift(m, mode) !== undefined;
  });
}

interface Stored {
  codes: Int8Array;
  scales: Uint8Array | undefined;
  columns: number;
  group: number;
}

function streamOf(layer: LivelyLayer, { codes, scales, columns, group }: Stored, pairsAtOnce: number): Int32Array {
  const pairs = windowPairs(layer);
  const bias = foldedLayerBias(layer);
  const perRow = groupsOf(columns, group);
  const stepsOfGroup = group / 2;
  const offset = group ? 8 : 0;
  const alive = (c: number): boolean => c < layer.outC && layer.constantOutputs[c] === undefined;
  const nibble = (c: number, tap: number): number =>
    ((alive(c) && tap >= 0 ? codes[c * columns + tap] : 0) + offset) & 15;
  const stream: number[] = [pairsAtOnce, stepsOfGroup];
  for (let first = 0; first < layer.outC; first += blockChannels) {
    const channels = Array.from({ length: blockChannels }, (_, i) => first + i);
    stream.push(...channels.map((c) => 2 ** sumBits * (bias[c] ?? 0)));
    for (const c of channels) stream.push(...rescaling(layer, c, sumBits));
    for (const [a, b] of pairs)
      stream.push(channels.reduce((w, c, i) => w | (nibble(c, a) << (4 * i)) | (nibble(c, b) << (16 + 4 * i)), 0));
    if (!scales) continue;
    for (let g = 0; g < Math.ceil(pairs.length / stepsOfGroup); g++)
      stream.push(channels.reduce((w, c, i) => w | ((scales[c * perRow + g] ?? 1) << (8 * i)), 0));
  }
  return Int32Array.from(stream);
}

/** int4, per channel or with groups that whole steps make up. */
const taken = (e: IntEncoding, rowBytes: number): boolean => e.bits === 4 && (e.group === 0 || rowBytes % 4 === 0);

const nibbles: Variant = {
  kernel,
  op: 'conv2d',
  isa: 'dsp',
  lower(node, { graph, rounding }) {
    const encoding = storedOf(node, graph)?.encoding;
    const integer = integerLayer(node, graph, rounding, 'stored');
    if (encoding?.kind !== 'int' || integer?.groups !== 1) return undefined;
    if (!taken(encoding, integer.kernelW * integer.inC)) return undefined;
    const layer = livelyLayer(integer);
    if (!fits(layer)) return undefined;
    const matrix = weightMatrix(node.op, graph.tensors[node.inputs[1]]);
    const { group } = encoding;
    const steps = windowPairs(layer).length;
    const work = workOf(layer);
    const tilePairs = Math.min(maxPairs, Math.ceil(work.pixels / 2), Math.max(1, Math.floor(tileBytes / (8 * steps))));
    const stored = { codes: codesOf(matrix, group), scales: matrix.groupScales, columns: matrix.columns, group };
    const data = streamOf(layer, stored, tilePairs);
    const fields: CStruct['fields'] = [
      ...windowParams(layer),
      ['flat', isFlat(layer) ? 1 : 0],
      ['steps', steps],
      ['weights', constant('weights', 'int32', data, [data.length])],
      ['input_zero_point', layer.inputZeroPoint],
      ['output_min', layer.outputMin],
      ['output_max', layer.outputMax],
      ['mode', modes[modeOf(layer)]],
    ];
    const scratchBytes = 8 * steps * tilePairs + 64 + 16 * steps + 2 * layer.kernelW * layer.inC + 8 * tilePairs;
    const params = { type: kernel.replace(/__.*$/, ''), fields };
    // All taps of a tile are widened into the scratch before any of its outputs is written.
    const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: 2 * tilePairs }, 1) };
    const call = { kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes };
    // Decoding a weight, once for each tile, costs 1.3 products; with a scale five times that (counted on the Cortex-M4).
    const decoded = ((group ? 5 : 1) * Math.ceil(work.pixels / (2 * tilePairs)) * layer.outC * 2 * steps) / 0.75;
    return { call, work: { ...work, macs: 2 * work.outputs * steps + decoded } };
  },
};

export const dspPackedVariants: readonly Variant[] = [nibbles];
