// SPDX-License-Identifier: Apache-2.0
// What every part of the emitted C goes by: the graph, its plan and the names in C of types, parameters and addresses.
import type { Graph, TensorId } from '../model/graph.js';
import type { Plan } from '../plan/plan.js';

export interface EmitContext {
  graph: Graph;
  plan: Plan;
  /** C prefix, from modelName(). */
  name: string;
  /** One line for the head of the files: model file, target, rounding. */
  origin: string;
}

const cTypes: Record<string, string> = {
  float32: 'float',
  int8: 'int8_t',
  uint8: 'uint8_t',
  int16: 'int16_t',
  int32: 'int32_t',
  int64: 'int64_t',
  bool: 'uint8_t',
};

export const tensorCType = (graph: Graph, id: TensorId): string => {
  const type = cTypes[graph.tensors[id].dtype];
  if (!type) throw new Error(`no C type for ${graph.tensors[id].dtype}`);
  return type;
};

export const shapeText = (shape: readonly number[]): string =>
  (shape.length > 1 && shape[0] === 1 ? shape.slice(1) : shape).join('x');
export function parameterSymbol(name: string, layer: string): string {
  return `${name}_${layer}`;
}

/** The C expression of a tensor's address: a caller's pointer for graph inputs and outputs, else an arena offset. */
export function addressOf(context: EmitContext, id: TensorId): string {
  const { graph, plan } = context;
  const root = plan.viewOf.get(id) ?? id;
  const pointer = callerPointer(graph, plan, id) ?? callerPointer(graph, plan, root);
  if (pointer) return tensorCType(graph, root) === tensorCType(graph, id) ? pointer : `(void *)${pointer}`;
  return `(${tensorCType(graph, id)} *)(a + ${plan.offsetOf.get(id)})`;
}

function callerPointer(graph: Graph, plan: Plan, root: TensorId): string | undefined {
  const input = graph.inputs.indexOf(root);
  if (input >= 0) return `input_${input}`;
  const output = graph.outputs.findIndex((id) => (plan.viewOf.get(id) ?? id) === (plan.viewOf.get(root) ?? root));
  return output >= 0 ? `output_${output}` : undefined;
}
