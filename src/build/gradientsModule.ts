// SPDX-License-Identifier: Apache-2.0
// runtime-c/host/mote_gradients.c as WebAssembly: gradients of convolutions.
import type { LayerGeometry, WeightGradients } from '../compress/weightGradients.js';
import { openHostModule } from './hostModule.js';
import type { WasmCache } from './wasmCache.js';

const kinds = ['input', 'weight', 'depthwise_input', 'depthwise_weight'] as const;
const nameOf = (kind: (typeof kinds)[number]): string => `mote_${kind}_gradient`;

/** As `mote_window` has them. */
const wordsOf = ({ window: w, rows }: LayerGeometry): number[] => [
  ...[w.inH, w.inW, w.inC, w.outH, w.outW, rows],
  ...[w.kernelH, w.kernelW, w.strideH, w.strideW, w.dilationH, w.dilationW, w.padTop, w.padLeft],
];
const windowBytes = 64;

/** As plainWeightGradients of src/compress/weightGradients.ts, some fifty times as fast. */
export async function openWeightGradients(cache: WasmCache): Promise<WeightGradients> {
  const { base, memory, call } = await openHostModule(cache, 'mote_gradients.c', kinds.map(nameOf));
  const run = (name: string, layer: LayerGeometry, a: Float32Array, gradient: Float32Array, result: Float32Array) => {
    const atA = base + windowBytes;
    const atGradient = atA + a.byteLength;
    const atResult = atGradient + gradient.byteLength;
    const buffer = memory(windowBytes + a.byteLength + gradient.byteLength + result.byteLength);
    new Int32Array(buffer, base).set(wordsOf(layer));
    new Float32Array(buffer, atA).set(a);
    new Float32Array(buffer, atGradient).set(gradient);
    const sums = new Float32Array(buffer, atResult, result.length);
    sums.set(result);
    call(name, base, atA, atGradient, atResult);
    result.set(sums);
  };
  return {
    input: (layer, weights, gradient, result) =>
      run(nameOf(layer.depthwise ? 'depthwise_input' : 'input'), layer, weights, gradient, result),
    weights: (layer, input, gradient, result) =>
      run(nameOf(layer.depthwise ? 'depthwise_weight' : 'weight'), layer, input, gradient, result),
  };
}
