// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with lists or blocks of weights for DSP instructions: runtime-c/include/mote/packedfc.h.

import type { Encoding } from '../../compress/formats/encoding.js';
import type { WeightMatrix } from '../../compress/formats/index.js';
import { constant } from '../weighted.js';
import { type LivelyLayer, modeOf, modes, rescaling } from './dspBlock.js';
import { sumBits } from './dspCodes.js';
import { windowPairs } from './dspConv.js';
import { listBytes } from './dspList.js';
import { blockChannel, layerOf, wordsOf } from './dspPackedOther.js';
import { foldedLayerBias, workOf } from './integerLayer.js';
import type { Variant } from './variant.js';

/** What a kind of weights has for a layer. */
interface Weights {
  head: readonly number[];
  channel(c: number): number[];
  steps: number;
  scratchBytes: number;
  /** Products, with what finding them takes. */
  macs: number;
}

function listWeights(layer: LivelyLayer, { values, columns }: WeightMatrix): Weights {
  const channel = (c: number): number[] => {
    const alive = layer.constantOutputs[c] === undefined;
    return wordsOf(listBytes(alive ? values.subarray(c * columns, (c + 1) * columns) : new Int8Array(columns)));
  };
  const kept = values.reduce((n, w) => n + (w ? 1 : 0), 0);
  return { head: [], channel, steps: 0, scratchBytes: 0, macs: kept };
}

function blockWeights(layer: LivelyLayer, matrix: WeightMatrix, e: Encoding): Weights | undefined {
  if (e.kind !== 'block') return undefined;
  const pairs = windowPairs(layer);
  const steps = pairs.length;
  const block = e.width / 2;
  const kept = matrix.values.reduce((n, w) => n + (w ? 1 : 0), 0);
  return {
    head: [block, e.values.bits, 0],
    channel: (c) => blockChannel({ layer, matrix, pairs }, e, c),
    steps,
    scratchBytes: 4 * (steps + Math.ceil(steps / block)),
    macs: kept + Math.ceil(steps / block) * layer.outC * 3,
  };
}

const makers = { sparse: listWeights, block: blockWeights } as const;

const variant = (kind: keyof typeof makers): Variant => {
  const kernel = `mote_packedfc_s8${kind}__dsp`;
  return {
    kernel,
    op: 'fullyConnected',
    isa: 'dsp',
    lower(node, context) {
      const found = layerOf(node, context, kind);
      const made = found && makers[kind](found.layer, found.matrix, found.encoding);
      if (!made) return undefined;
      const { layer } = found;
      const bias = foldedLayerBias(layer);
      const channels = layer.multipliers.flatMap((_, c) => [
        2 ** sumBits * bias[c],
        ...rescaling(layer, c, sumBits, sumBits),
        ...made.channel(c),
      ]);
      const data = Int32Array.from([...made.head, ...channels]);
      const params = {
        type: kernel.replace(/__.*/, ''),
        fields: [
          ['rows', layer.inW],
          ['in_c', layer.inC],
          ['out_c', layer.outC],
          ['steps', made.steps],
          ['weights', constant('weights', 'int32', data, [data.length])],
          ['output_min', layer.outputMin],
          ['output_max', layer.outputMax],
          ['mode', modes[modeOf(layer, sumBits)]],
        ] satisfies [string, unknown][],
      };
      const call = { kernel, params, inputs: [0], outputs: [0], scratchBytes: made.scratchBytes };
      return { call, work: { ...workOf(layer), macs: layer.inW * made.macs } };
    },
  };
};

export const dspPackedListVariants: readonly Variant[] = [variant('sparse'), variant('block')];
