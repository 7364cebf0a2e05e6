// SPDX-License-Identifier: Apache-2.0
// A front end alone: a model whose output is its input, features of int8.
import { runHost } from '../../src/device/hostSamples.js';
import { HostModel } from '../../src/device/wasm.js';
import { parseFrontend } from '../../src/frontend/frontendSpec.js';
import { prependFrontend } from '../../src/frontend/prependFrontend.js';
import { addTensor, emptyGraph, type Graph, quantOf, type TensorData } from '../../src/model/graph.js';
import { buildHost } from '../../src/packFolder.js';
import type { TestPack } from '../support/packs.js';

/** What micro_speech's model takes: 256 steps of 26. */
export const microScale = 26 / 256;
/** What MLPerf Tiny's kws_ref_model takes. */
export const kwsScale = { scale: 0.5847029089927673, zeroPoint: 83 };

/** A packed model on this machine, whatever it was packed for: input to output, state goes on. */
export async function runnerOf(pack: TestPack): Promise<(input: TensorData) => TensorData> {
  const { wasm, manifest } = await buildHost(pack);
  const host = await HostModel.open(wasm, manifest);
  return (input) => runHost(host, manifest, [input])[0];
}

export const scoresOf = async (pack: TestPack, input: TensorData): Promise<number[]> =>
  Array.from((await runnerOf(pack))(input) as Int8Array);

export function featuresOf(text: string, shape: number[], { scale, zeroPoint }: typeof kwsScale): Graph {
  const graph = emptyGraph('features', { format: 'mote', quantized: true });
  const id = addTensor(graph, { name: 'features', dtype: 'int8', shape, quant: quantOf(scale, zeroPoint) });
  graph.inputs = [id];
  graph.outputs = [id];
  return prependFrontend(graph, parseFrontend(text));
}
