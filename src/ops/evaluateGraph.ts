// SPDX-License-Identifier: Apache-2.0
// Runs a graph with the TypeScript twins of its operators: slow, plain, and exact.
import { type Graph, NO_TENSOR, type TensorData, type TensorId } from '../model/graph.js';
import { resetStates, statesOf } from '../model/state.js';
import { opSpec } from './index.js';
import type { Rounding } from './op.js';

export interface EvaluateOptions {
  rounding: Rounding;
  /** Sees every computed tensor as soon as it is there. */
  visit?: (id: TensorId, data: TensorData) => void;
  /** State by the tensor that reads it, replaced by what it becomes; without it, the inference begins from a reset. */
  state?: Map<TensorId, TensorData>;
}

/** Outputs for one set of inputs, in graph order. Constants are shared, never copied or written. */
export function evaluateGraph(graph: Graph, inputs: readonly TensorData[], options: EvaluateOptions): TensorData[] {
  const { rounding, visit, state = resetStates(graph) } = options;
  const values = new Map<TensorId, TensorData>([
    ...state,
    ...graph.inputs.map((id, i): [TensorId, TensorData] => [id, inputs[i]]),
  ]);
  const dataOf = (id: TensorId): TensorData | undefined =>
    values.get(id) ?? (id === NO_TENSOR ? undefined : graph.tensors[id].data);
  const lastRead = lastReads(graph);
  graph.nodes.forEach((node, step) => {
    const spec = opSpec(node.op);
    if (!spec) throw new Error(`no operator '${node.op}'`);
    const results = spec.evaluate(node, node.inputs.map(dataOf), { graph, rounding });
    results.forEach((data, i) => {
      values.set(node.outputs[i], data);
      visit?.(node.outputs[i], data);
    });
    for (const id of node.inputs) if (lastRead.get(id) === step) values.delete(id);
  });
  for (const { read, write } of statesOf(graph)) state.set(read, dataOf(write) as TensorData);
  return graph.outputs.map((id) => {
    const data = dataOf(id);
    if (!data) throw new Error(`output ${graph.tensors[id].name} was not computed`);
    return data;
  });
}

/** Index of the last node that reads each tensor; graph outputs are read at the end. */
function lastReads(graph: Graph): Map<TensorId, number> {
  const last = new Map<TensorId, number>();
  graph.nodes.forEach((node, step) => {
    for (const id of node.inputs) last.set(id, step);
  });
  for (const id of [...graph.outputs, ...statesOf(graph).map((s) => s.write)]) last.set(id, graph.nodes.length);
  return last;
}
