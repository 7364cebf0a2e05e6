// SPDX-License-Identifier: Apache-2.0
// Convolution with the weights that are not zero, for DSP instructions: runtime-c/include/mote/packedgather.h.

import type { CStruct } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { modeOf, modes, rescaling } from './dspBlock.js';
import { sumBits } from './dspCodes.js';
import { isFlat, windowParams } from './dspConv.js';
import { listBytes } from './dspList.js';
import { layerOf, wordsOf } from './dspPackedOther.js';
import { foldedLayerBias, workOf } from './integerLayer.js';
import type { Variant } from './variant.js';

const kernel = 'mote_packedgather_s8sparse__dsp_8x1';

/** What the scratch may hold of widened taps. */
const tileBytes = 10240;
const tilePixels = 8;
const maxTiles = 4;

/** Tiles in the scratch, the same every time as far as that goes; 0: not one has room. */
function tilesOf(pixels: number, taps: number): number {
  const all = Math.ceil(pixels / tilePixels);
  const most = Math.min(maxTiles, Math.floor(tileBytes / (16 * taps)));
  return most ? Math.ceil(all / Math.ceil(all / most)) : 0;
}

/** Instructions to spread a tap of a pixel, and for an entry of a list once for all tiles, in those of a product. */
const [spreadMacs, entryMacs] = [1.2, 5];

const gather = (op: string): Variant => ({
  kernel,
  op,
  isa: 'dsp',
  lower(node, context) {
    const found = layerOf(node, context, 'sparse');
    if (!found) return undefined;
    const { layer, matrix } = found;
    const work = workOf(layer);
    const taps = matrix.columns;
    const tiles = tilesOf(work.pixels, taps);
    if (tiles === 0) return undefined;
    const bias = foldedLayerBias(layer);
    const lists = layer.multipliers.map((_, c) =>
      listBytes(
        layer.constantOutputs[c] === undefined ? matrix.values.subarray(c * taps, (c + 1) * taps) : new Int8Array(taps),
      ),
    );
    const channels = lists.flatMap((list, c) => [
      2 ** sumBits * bias[c],
      ...rescaling(layer, c, sumBits, sumBits),
      ...wordsOf(list),
    ]);
    const data = Int32Array.from([tiles, ...channels]);
    const fields: CStruct['fields'] = [
      ...windowParams(layer),
      ['flat', isFlat(layer) ? 1 : 0],
      ['steps', 0],
      ['weights', constant('weights', 'int32', data, [data.length])],
      ['input_zero_point', layer.inputZeroPoint],
      ['output_min', layer.outputMin],
      ['output_max', layer.outputMax],
      ['mode', modes[modeOf(layer, sumBits)]],
    ];
    const entries = lists.map((list) => Math.max(4, Math.ceil((2 * (list[0] + 256 * list[1])) / 4) * 4));
    const scratchBytes =
      Math.ceil((2 * layer.kernelW * layer.inC) / 4) * 4 + 16 * taps * tiles + 4 * Math.max(...entries) + 16;
    // All taps of the tiles are spread in the scratch before any of their outputs is written.
    const overlap = { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: tilePixels * tiles }, 1) };
    const params = { type: kernel.replace(/__.*$/, ''), fields };
    const call = { kernel, params, inputs: [0], outputs: [0], overlap, scratchBytes };
    const made = Math.ceil(work.pixels / tilePixels) * tilePixels;
    const kept = entries.reduce((a, b) => a + b, 0);
    const rounds = Math.ceil(made / (tilePixels * tiles));
    return { call, work: { ...work, macs: made * (kept + spreadMacs * taps) + rounds * kept * entryMacs } };
  },
});

export const dspGatherVariants: readonly Variant[] = ['conv2d', 'fullyConnected'].map(gather);
