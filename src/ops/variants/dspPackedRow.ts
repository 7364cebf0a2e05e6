// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with weights of few bits for DSP instructions: constants as runtime-c/include/mote/packedfc.h
// describes them.

import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { modeOf, modes, rescaling, type TapPair } from './dspBlock.js';
import {
  blockChannels,
  blockCodes,
  type CodedLayer,
  codedLayer,
  codedTypes,
  codeWords,
  scaleWord,
  sumBits,
} from './dspCodes.js';
import { windowPairs } from './dspConv.js';
import { foldedLayerBias, workOf } from './integerLayer.js';
import type { Lowered, Variant } from './variant.js';

/** An outlier's word has so many bits for the tap. */
const maxTaps = 2 ** 16;

/** Of a block: their number and a word for each. */
function outlierWords({ layer, outliers }: CodedLayer, first: number): number[] {
  const words = [0, 1, 2, 3].flatMap((i) =>
    layer.constantOutputs[first + i] === undefined
      ? [...(outliers[first + i] ?? [])].map(([tap, amount]) => (tap << 16) | (i << 8) | (amount & 0xff))
      : [],
  );
  return [words.length, ...words];
}

/** Codes and scales, group by group. */
function groupWords(
  coded: CodedLayer,
  bits: number,
  first: number,
  pairs: readonly TapPair[],
  group: number,
): number[] {
  const words: number[] = [];
  for (let at = 0; at < pairs.length; at += group) {
    words.push(...codeWords(bits, blockCodes(coded, first, pairs.slice(at, at + group))));
    words.push(coded.group ? scaleWord(coded, first, at / group) : 0x01010101);
  }
  return words;
}

function streamOf(coded: CodedLayer, bits: number, pairs: readonly TapPair[], group: number): Int32Array {
  const { layer, coding, outliers } = coded;
  const bias = foldedLayerBias(layer);
  const stream: number[] = [group, coding.offset << sumBits, outliers.length ? 1 : 0];
  for (let first = 0; first < layer.outC; first += blockChannels) {
    const channels = Array.from({ length: blockChannels }, (_, i) => first + i);
    stream.push(...channels.map((c) => 2 ** sumBits * (bias[c] ?? 0)));
    stream.push(...groupWords(coded, bits, first, pairs, group));
    if (outliers.length) stream.push(...outlierWords(coded, first));
    for (const c of channels) stream.push(...rescaling(layer, c, sumBits, sumBits));
  }
  return Int32Array.from(stream);
}

function lower(
  kernel: string,
  bits: number,
  types: readonly string[],
  node: Node,
  context: LowerContext,
): Lowered | undefined {
  const coded = codedLayer(node, context, types, bits);
  if (!coded || coded.layer.inC > maxTaps) return undefined;
  const { layer } = coded;
  const pairs = windowPairs(layer);
  const steps = pairs.length;
  const group = coded.group ? coded.group / 2 : steps;
  const data = streamOf(coded, bits, pairs, group);
  const fields: CStruct['fields'] = [
    ['rows', layer.inW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['steps', steps],
    ['weights', constant('weights', 'int32', data, [data.length])],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['mode', modes[modeOf(layer, sumBits)]],
  ];
  const groups = Math.ceil(steps / group);
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    scratchBytes: 4 * (steps + groups),
  };
  // Besides the products: 30 instructions for each group of four channels (counted on the Cortex-M4).
  const blocks = Math.ceil(layer.outC / blockChannels);
  const macs = layer.inW * blocks * (2 * blockChannels * steps + 26 * groups);
  return { call, work: { ...workOf(layer), macs } };
}

export const dspPackedRowVariants: readonly Variant[] = codedTypes.map(({ type, bits, types }) => {
  const kernel = `mote_packedfc_s8${type}_b${bits}__dsp_1x4`;
  return {
    kernel,
    op: 'fullyConnected',
    isa: 'dsp',
    lower: (node: Node, context: LowerContext) => lower(kernel, bits, types, node, context),
  };
});
