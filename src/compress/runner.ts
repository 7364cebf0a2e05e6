// SPDX-License-Identifier: Apache-2.0
// What runs a float graph for calibration, and the default that needs nothing but the operators' own evaluation.
import type { Graph, TensorData, TensorId } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';

export interface FloatRunner {
  /** Runs the graph and shows every computed activation once. `data` may be reused after `visit` returns. */
  run(inputs: Float32Array[], visit: (id: TensorId, data: Float32Array) => void): void;
}

export function evaluateRunner(graph: Graph): FloatRunner {
  return {
    run(inputs, visit) {
      const show = (id: TensorId, data: TensorData): void => {
        if (data instanceof Float32Array) visit(id, data);
      };
      evaluateGraph(graph, inputs, { rounding: 'tflite', visit: show });
    },
  };
}
