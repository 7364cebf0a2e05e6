// SPDX-License-Identifier: Apache-2.0
// Runs samples through the packed C as WebAssembly.
import type { PackManifest } from '../generated/pack.js';
import type { DType, TensorData } from '../model/graph.js';
import { bytesOf, dataFromBytes } from '../model/tensorData.js';
import type { HostModel } from './wasm.js';

/** Outputs of one sample, in the ports' types. */
export function runHost(host: HostModel, manifest: PackManifest, inputs: readonly TensorData[]): TensorData[] {
  manifest.inputs.forEach((port, i) => void host.write(port.offset, bytesOf(inputs[i])));
  const result = host.run();
  if (result !== 0) throw new Error(`${manifest.name}_run returned ${result}`);
  return manifest.outputs.map((port) => dataFromBytes(port.dtype as DType, host.read(port.offset, port.bytes)));
}
