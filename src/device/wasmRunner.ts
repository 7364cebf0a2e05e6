// SPDX-License-Identifier: Apache-2.0
// Runs graphs for calibration on the C kernels, the fastest that this machine has for them.
import { loadTarget } from '../build/boards.js';
import type { MakeIntegerRunner, MakeRunner } from '../compress/runner.js';
import { GraphRunner } from './graphRunner.js';

/** A runner for this float graph; every activation is shown right after the layer that computes it. */
export const wasmRunner: MakeRunner = async (graph) => {
  const runner = await GraphRunner.open(graph, { target: loadTarget('wasm32'), rounding: 'single' });
  return {
    run: (inputs, visit) =>
      runner.run(inputs, (id, data) => {
        if (data instanceof Float32Array) visit(id, data);
      }),
  };
};

/** The same for integer graphs. */
export const wasmIntegerRunner: MakeIntegerRunner = (graph) =>
  GraphRunner.open(graph, { target: loadTarget('wasm32'), rounding: 'single' });
