// SPDX-License-Identifier: Apache-2.0
// What runs a float graph for calibration, and the default that needs nothing but the operators' own evaluation.
import type { Graph, Node, Tensor, TensorData, TensorId } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import type { Covariances } from './covariances.js';
import type { Products } from './products.js';
import type { WeightGradients } from './weightGradients.js';

export interface FloatRunner {
  /** Runs the graph and shows every computed activation once. `data` may be reused after `visit` returns. */
  run(inputs: Float32Array[], visit: (id: TensorId, data: Float32Array) => void): void;
  /** Exchanges constants, each by as many values. Sequential calibration needs it. */
  setConstants?(changes: ReadonlyMap<TensorId, { data: Float32Array }>): void;
  /** Runs some of the graph's nodes on values that are known, and gives copies of those that are wanted; so does this. */
  runPart?(nodes: readonly Node[], known: Values, wanted: readonly TensorId[]): Values;
  /** Faster than the plain ones. */
  products?: Products;
  covariances?: Covariances;
  gradients?: WeightGradients;
}

/** Activations of one sample. */
export type Values = ReadonlyMap<TensorId, Float32Array>;

export type TensorChange = Partial<Pick<Tensor, 'data' | 'quant'>>;

/** The same for an integer graph. */
export interface IntegerRunner {
  run(inputs: TensorData[], visit: (id: TensorId, data: TensorData) => void): void;
  /** Exchanges constants, of the same size, and scales. */
  setTensors?(changes: ReadonlyMap<TensorId, TensorChange>): void;
}

/** A runner for one graph: equalization makes further graphs, which need their own. */
export type MakeRunner = (graph: Graph) => FloatRunner | Promise<FloatRunner>;
export type MakeIntegerRunner = (graph: Graph) => IntegerRunner | Promise<IntegerRunner>;

export function evaluateIntegerRunner(graph: Graph): IntegerRunner {
  return { run: (inputs, visit) => void evaluateGraph(graph, inputs, { rounding: 'single', visit }) };
}

export function evaluateRunner(source: Graph): FloatRunner {
  const graph = { ...source, tensors: [...source.tensors] };
  return {
    setConstants(changes) {
      for (const [id, change] of changes) graph.tensors[id] = { ...graph.tensors[id], ...change };
    },
    run(inputs, visit) {
      const show = (id: TensorId, data: TensorData): void => {
        if (data instanceof Float32Array) visit(id, data);
      };
      evaluateGraph(graph, inputs, { rounding: 'tflite', visit: show });
    },
    runPart(nodes, known, wanted) {
      const part = { ...graph, nodes: [...nodes], inputs: [...known.keys()], outputs: [...wanted] };
      const outputs = evaluateGraph(part, [...known.values()], { rounding: 'tflite' });
      return new Map(wanted.map((id, i) => [id, outputs[i] as Float32Array]));
    },
  };
}
