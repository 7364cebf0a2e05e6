// SPDX-License-Identifier: Apache-2.0
// The two sides of a trust report: the float model on this machine, and the packed one, as graph or as folder.
import { loadTarget } from './build/boards.js';
import { openWasmCache } from './build/wasmCache.js';
import { decoded } from './compress/allocate/outputs.js';
import { GraphRunner } from './device/graphRunner.js';
import type { Evaluator } from './evaluator.js';
import type { PackManifest } from './generated/pack.js';
import type { Graph, TensorData } from './model/graph.js';
import type { Rounding } from './ops/op.js';
import { compareWithFloat, type Observe, type Observed, type Seen, type Trust } from './trust.js';

/** Runs a graph; layers are known by their nodes' names. */
export async function observeGraph(graph: Graph, rounding: Rounding, inputs: readonly TensorData[]): Promise<Observe> {
  const plain = decoded(graph);
  const runner = await GraphRunner.open(plain, {
    target: loadTarget('wasm32'),
    rounding,
    cache: await openWasmCache(),
  });
  const nameOf = new Map(plain.nodes.map((n) => [n.outputs[0], n.name]));
  return (sample, withLayers): Observed => {
    const layers = new Map<string, Seen>();
    const visit = (id: number, data: TensorData): void => {
      const name = nameOf.get(id);
      const { quant } = plain.tensors[id];
      const meaning = { scale: quant?.scales[0] ?? 1, zeroPoint: quant?.zeroPoints[0] ?? 0 };
      if (name !== undefined) layers.set(name, { data: (data as Float32Array).slice(), ...meaning });
    };
    if (withLayers) runner.run([inputs[sample]], visit);
    const output = runner.outputs([inputs[sample]])[0] as Float32Array;
    return { output, layers };
  };
}

/** Runs a pack's C on this machine. */
export function observePack(evaluator: Evaluator, inputs: readonly TensorData[]): Observe {
  const { manifest } = evaluator;
  // Each sample by itself, as on the float side.
  const anew = (): Evaluator => {
    evaluator.reset();
    return evaluator;
  };
  return (sample, withLayers): Observed => ({
    output: anew().run([inputs[sample]])[0] as Int8Array,
    layers: withLayers ? layersOf(manifest, anew().layerOutputs([inputs[sample]])) : new Map(),
  });
}

function layersOf(manifest: PackManifest, outputs: readonly Uint8Array[][]): Map<string, Seen> {
  const layers = new Map<string, Seen>();
  manifest.layers.forEach(({ node, outputs: ports }, i) => {
    const [port] = ports;
    if (node === undefined || (port?.dtype !== 'int8' && port?.dtype !== 'int16')) return;
    const bytes = outputs[i][0].slice();
    const data = port.dtype === 'int8' ? new Int8Array(bytes.buffer) : new Int16Array(bytes.buffer);
    layers.set(node, { data, scale: port.scale ?? 1, zeroPoint: port.zeroPoint ?? 0 });
  });
  return layers;
}

export interface TrustRequest {
  float: Graph;
  floatInputs: readonly TensorData[];
  packed: Observe;
  labels?: readonly number[];
  classes: number;
  equalized: boolean;
}

export async function trustOf({
  float,
  floatInputs,
  packed,
  labels,
  classes,
  equalized,
}: TrustRequest): Promise<Trust> {
  return compareWithFloat({
    samples: floatInputs.length,
    float: await observeGraph(float, 'single', floatInputs),
    packed,
    ...(labels ? { labels } : {}),
    classes,
    scaled: equalized,
    channelsOf: new Map(float.nodes.map((n) => [n.name, Math.max(1, float.tensors[n.outputs[0]].shape.at(-1) ?? 1)])),
  });
}
