// SPDX-License-Identifier: Apache-2.0
// Fills the shape, dtype and (where the operator fixes it) quantization of computed tensors from the operators' rules.
import { cloneGraph, type Graph, type Node } from '../model/graph.js';
import { opSpec } from '../ops/index.js';

/** Fills the node's output tensors in place. Its inputs must have been filled before. */
export function inferNode(graph: Graph, node: Node): void {
  // What mote has no rule for keeps the shapes that the file states.
  const outputs = opSpec(node.op)?.infer(node, graph);
  outputs?.forEach((inferred, i) => {
    const tensor = graph.tensors[node.outputs[i]];
    if (!tensor) return;
    tensor.shape = [...inferred.shape];
    tensor.dtype = inferred.dtype;
    if (inferred.quant) tensor.quant = inferred.quant;
  });
}

/** The graph with every computed tensor filled, in node order. */
export function inferShapes(graph: Graph): Graph {
  const out = cloneGraph(graph);
  for (const node of out.nodes) inferNode(out, node);
  return out;
}
