// SPDX-License-Identifier: Apache-2.0
// What plans are judged on: the values that a float or an integer graph gives for samples.
import { type Graph, type TensorData, type TensorId, uses } from '../../model/graph.js';

/** The same layers with plain int8 weights: equal in every bit, and fast on this machine. */
export const decoded = (graph: Graph): Graph => ({
  ...graph,
  tensors: graph.tensors.map(({ stored: _, ...t }) => t),
});

/** What the loss is taken of: the graph's outputs, or the inputs of softmaxes that make them. */
export function judgedOf(graph: Graph): TensorId[] {
  const { producer } = uses(graph);
  return graph.outputs.map((id) => {
    let at = id;
    for (let node = producer.get(at); node && (node.op === 'softmax' || node.op === 'reshape'); node = producer.get(at))
      at = node.inputs[0];
    return at;
  });
}

function toReal(graph: Graph, id: TensorId, data: TensorData): Float64Array {
  const { quant } = graph.tensors[id];
  const values = Float64Array.from(data as ArrayLike<number>, Number);
  return quant ? values.map((q) => quant.scales[0] * (q - quant.zeroPoints[0])) : values;
}

function toInput(graph: Graph, id: TensorId, data: TensorData): TensorData {
  const { quant } = graph.tensors[id];
  if (!quant) return data;
  const [scale, zero] = [quant.scales[0], quant.zeroPoints[0]];
  const integers = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++)
    integers[i] = Math.min(127, Math.max(-128, Math.round(Number(data[i]) / scale) + zero));
  return integers;
}

type Run = (inputs: TensorData[], visit: (id: TensorId, data: TensorData) => void) => void;

/** The judged values of each sample, one after another. */
export function outputsOf(graph: Graph, run: Run, samples: readonly TensorData[][]): Float64Array[] {
  const wanted = judgedOf(graph);
  return samples.map((sample) => {
    const found = new Map<TensorId, Float64Array>();
    run(
      sample.map((data, i) => toInput(graph, graph.inputs[i], data)),
      (id, data) => {
        if (wanted.includes(id)) found.set(id, toReal(graph, id, data));
      },
    );
    return concatenated(wanted.map((id) => found.get(id) as Float64Array));
  });
}

export function concatenated(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
