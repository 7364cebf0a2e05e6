// SPDX-License-Identifier: Apache-2.0
// Runs many samples of a pack on this machine. Plain C is the truth, SIMD gives the same bits several times as fast: it
// is the pack's own C where that is for wasm32, else the packed model itself on the kernels for this machine. The first
// samples run on both, layer by layer.
import { loadTarget } from './build/boards.js';
import { openWasmCache } from './build/wasmCache.js';
import { GraphRunner } from './device/graphRunner.js';
import { runHost } from './device/hostSamples.js';
import { HostModel } from './device/wasm.js';
import type { PackManifest } from './generated/pack.js';
import type { TensorData } from './model/graph.js';
import { bytesOf } from './model/tensorData.js';
import { buildHost, buildOwn, type PackFolder, referenceGraph } from './packFolder.js';

export interface Evaluator {
  manifest: PackManifest;
  /** Which kernels run. */
  kernels: 'plain C' | 'SIMD';
  /** Outputs of one sample, in the ports' types. */
  run(inputs: readonly TensorData[]): TensorData[];
  /** Bytes of the outputs of every layer, until the next run. */
  layerOutputs(inputs: readonly TensorData[]): Uint8Array[][];
  /** Clears what lives from one sample to the next. */
  reset(): void;
}

/** An evaluator that can be looked into. */
export interface LayeredModel {
  run(inputs: readonly TensorData[]): TensorData[];
  layerOutputs(inputs: readonly TensorData[]): Uint8Array[][];
  reset(): void;
}

/** With fewer samples, plain C is done before another model is ready. */
const fewSamples = 100;
const checkedSamples = 4;

/** The plain C of a pack. */
export const hostEvaluator = (host: HostModel, manifest: PackManifest): Evaluator => ({
  manifest,
  kernels: 'plain C',
  ...layeredHost(host, manifest),
});

function layeredHost(host: HostModel, manifest: PackManifest): LayeredModel {
  return {
    run: (inputs) => runHost(host, manifest, inputs),
    reset: () => host.reset(),
    layerOutputs(inputs) {
      manifest.inputs.forEach((port, i) => void host.write(port.offset, bytesOf(inputs[i])));
      return manifest.layers.map((layer, i) => {
        host.step(i);
        return layer.outputs.map((port) => host.read(port.offset, port.bytes));
      });
    },
  };
}

async function fastModel(folder: PackFolder): Promise<LayeredModel | undefined> {
  // Its layers are those of the NPU, which runs in the functional model either way.
  if (folder.manifest.npu) return undefined;
  const own = await buildOwn(folder);
  if (own) return layeredHost(await HostModel.open(own.wasm, own.manifest), own.manifest);
  const graph = await referenceGraph(folder);
  if (!graph) return undefined;
  const { rounding } = folder.manifest;
  const runner = await GraphRunner.open(graph, {
    target: loadTarget('wasm32'),
    rounding,
    cache: await openWasmCache(),
    keepsState: true,
  });
  return {
    run: (inputs) => runner.outputs(inputs),
    layerOutputs: (inputs) => runner.layerOutputs(inputs),
    reset: () => runner.reset(),
  };
}

/** The first layer whose outputs differ in any bit, or undefined. */
export function firstLayerThatDiffers(
  truth: LayeredModel,
  other: LayeredModel,
  samples: readonly (readonly TensorData[])[],
): number | undefined {
  for (const sample of samples) {
    const [wanted, got] = [truth.layerOutputs(sample), other.layerOutputs(sample)];
    const layer = wanted.findIndex((outputs, i) =>
      outputs.some((o, k) => Buffer.compare(o, got[i]?.[k] ?? new Uint8Array()) !== 0),
    );
    if (layer >= 0) return layer;
  }
  return undefined;
}

/** For these samples. A difference between SIMD and plain C is a defect of mote. */
export async function openEvaluator(
  folder: PackFolder,
  samples: readonly (readonly TensorData[])[],
): Promise<Evaluator> {
  const { wasm, manifest } = await buildHost(folder);
  const plain = hostEvaluator(await HostModel.open(wasm, manifest), manifest);
  const fast = samples.length < fewSamples ? undefined : await fastModel(folder);
  if (!fast) return plain;
  const layer = firstLayerThatDiffers(plain, fast, samples.slice(0, checkedSamples));
  plain.reset();
  fast.reset();
  if (layer !== undefined)
    throw new Error(`the SIMD kernel of layer ${layer} (${manifest.layers[layer].name}) is wrong`);
  return { manifest, kernels: 'SIMD', ...fast };
}
