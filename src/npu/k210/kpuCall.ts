// SPDX-License-Identifier: Apache-2.0
// A blob as the C call of runtime-c/include/mote/kpu.h: layer words and parameters as arrays.
import type { KernelCall } from '../../ops/op.js';
import { roundUp } from '../../roundUp.js';
import type { NpuBlob } from '../npuBlob.js';
import { blobModel, type KpuBlobMap } from './blobModel.js';
import { tableAlignBytes } from './kpuDevice.js';
import { encodeLayer, layerWordCount } from './layerWords.js';
import { activationTable, batchNormTable } from './writeKmodel.js';

const kernel = 'mote_kpu_run';

/** Tables one behind the other, each at its alignment. */
class Parameters {
  readonly #tables: { at: number; bytes: Uint8Array }[] = [];
  #end = 0;

  add(bytes: Uint8Array): number {
    const at = roundUp(this.#end, tableAlignBytes);
    this.#tables.push({ at, bytes });
    this.#end = at + bytes.length;
    return at;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(roundUp(this.#end, tableAlignBytes));
    for (const { at, bytes } of this.#tables) all.set(bytes, at);
    return all;
  }
}

const numbersOf = ({ row, shape: { channels, height, width }, madeBy }: KpuBlobMap): number[] => [
  row,
  channels,
  height,
  width,
  madeBy,
];

export function kpuCall(blob: NpuBlob): KernelCall {
  const { layers, inputs, outputs } = blobModel(blob);
  const parameters = new Parameters();
  const words = layers.flatMap(({ layer, batchNorm, segments, weights }) => {
    const bytes = encodeLayer({
      ...layer,
      // The CPU fetches maps itself, and waits for each layer.
      interruptEnable: 1,
      sendDataOut: 0,
      batchNormAddress: parameters.add(batchNormTable(batchNorm)),
      activationAddress: parameters.add(activationTable(segments)),
      weightAddress: parameters.add(weights),
    });
    return [...new BigInt64Array(bytes.buffer)];
  });
  const tables = parameters.bytes();
  const maps = Int32Array.from([...inputs, ...outputs].flatMap(numbersOf));
  return {
    kernel,
    params: {
      type: 'mote_kpu_call',
      fields: [
        [
          'layers',
          {
            const: {
              name: 'layers',
              dtype: 'int64',
              data: BigInt64Array.from(words),
              shape: [layers.length, layerWordCount],
              hex: true,
            },
          },
        ],
        ['layer_count', layers.length],
        [
          'parameters',
          {
            const: {
              name: 'parameters',
              dtype: 'uint8',
              data: tables,
              shape: [tables.length],
              alignBytes: tableAlignBytes,
            },
          },
        ],
        ['inputs', inputs.length],
        ['outputs', outputs.length],
        ['maps', { const: { name: 'maps', dtype: 'int32', data: maps, shape: [maps.length / 5, 5] } }],
      ],
    },
    inputs: inputs.map((_, i) => i),
    outputs: outputs.map((_, i) => i),
    // Never empty: a call of arrays of tensors always has its last argument. The KPU has RAM of its own.
    scratchBytes: 16,
    pinned: { inputs: inputs.map(() => undefined), outputs: outputs.map(() => undefined) },
  };
}
