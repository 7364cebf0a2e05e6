// SPDX-License-Identifier: Apache-2.0
// Functions of one int8: a table of 256 bytes, which the operator's own twin fills.
import type { Graph, Node, Tensor } from '../../../model/graph.js';
import { opSpec } from '../../../ops/index.js';

/** The operator's answers for -128 to 127. */
export function tableOf(node: Node, graph: Graph): Uint8Array {
  const whole = (id: number): Tensor => ({ ...graph.tensors[id], shape: [1, 256] });
  const tensors = [whole(node.inputs[0]), whole(node.outputs[0])];
  const alone: Node = { ...node, inputs: [0], outputs: [1] };
  const all = Int8Array.from({ length: 256 }, (_, i) => i - 128);
  const [answers] = opSpec(node.op)?.evaluate(alone, [all], { graph: { ...graph, tensors }, rounding: 'tflite' }) ?? [];
  return Uint8Array.from(answers as Int8Array);
}
