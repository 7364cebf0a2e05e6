// SPDX-License-Identifier: Apache-2.0
// Runs graphs for calibration on the C kernels, the fastest that this machine has for them.
import { loadTarget } from '../build/boards.js';
import { openWeightGradients } from '../build/gradientsModule.js';
import { openProducts } from '../build/productsModule.js';
import { openWasmCache } from '../build/wasmCache.js';
import type { MakeIntegerRunner, MakeRunner } from '../compress/runner.js';
import type { TensorId } from '../model/graph.js';
import { GraphRunner } from './graphRunner.js';

/** Makers of runners that share their compiled kernels. */
export async function openWasmRunners(): Promise<{ float: MakeRunner; integer: MakeIntegerRunner }> {
  const options = { target: loadTarget('wasm32'), rounding: 'single' as const, cache: await openWasmCache() };
  const sums = await openProducts(options.cache);
  const gradients = await openWeightGradients(options.cache);
  return {
    // Every activation is shown right after the layer that computes it.
    float: async (graph) => {
      const runner = await GraphRunner.open(graph, options);
      return {
        ...sums,
        gradients,
        setConstants: (changes) => runner.setTensors(changes),
        runPart: (nodes, known, wanted) => runner.runPart(nodes, known, wanted) as Map<TensorId, Float32Array>,
        run: (inputs, visit) =>
          runner.run(inputs, (id, data) => {
            if (data instanceof Float32Array) visit(id, data);
          }),
      };
    },
    integer: (graph) => GraphRunner.open(graph, options),
  };
}
