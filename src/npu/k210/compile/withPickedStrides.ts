// SPDX-License-Identifier: Apache-2.0
// The KPU's convolutions keep the size. One that does not (padding 'valid', a stride of 2 on an odd size or to a map that is
// too small, any other stride) becomes one that does, and a slice for the CPU that picks the wanted outputs: all of them are among those.
import { addTensor, type Graph, type Node } from '../../../model/graph.js';
import { intList, maxWindow } from '../../../ops/attributes.js';
import { inputOf } from '../../../ops/op.js';
import { type Window, windowOf } from '../../../ops/window.js';
import { kpuSupports } from './kpuSupport.js';

const convolutions = new Set(['conv2d', 'depthwiseConv2d']);

/** First row and column of the wanted outputs; undefined where some see more padding than the KPU has. */
function originOf(node: Node, { kernelH, padTop, padLeft }: Window): [number, number] | undefined {
  const pad = kernelH === 3 ? 1 : 0;
  const pads = intList(node, 'pads', { min: 0, max: maxWindow }, 4);
  return pads.every((p) => p <= pad) ? [pad - padTop, pad - padLeft] : undefined;
}

/** The two nodes in place of one, where that helps; `graph` gets the tensor between them. */
function pickedFrom(graph: Graph, node: Node): Node[] {
  const [, kernelH, kernelW] = inputOf(node, graph, 1).shape;
  const y = graph.tensors[node.outputs[0]];
  if (kernelH !== kernelW || (kernelH !== 1 && kernelH !== 3) || inputOf(node, graph, 0).shape.length !== 4)
    return [node];
  const window = windowOf(node, graph, [kernelH, kernelW], true);
  const origin = originOf(node, window);
  if (!origin || kpuSupports(node, graph).npu) return [node];
  const { inH, inW, outH, outW, strideH, strideW } = window;
  const channels = y.shape[3];
  const whole = addTensor(graph, { ...y, name: `${y.name} whole`, shape: [1, inH, inW, channels] });
  const pad = kernelH === 3 ? 1 : 0;
  const conv = { ...node, outputs: [whole], attrs: { ...node.attrs, strides: [1, 1], pads: [pad, pad, pad, pad] } };
  if (!kpuSupports(conv, graph).npu) {
    graph.tensors.pop();
    return [node];
  }
  const slice: Node = {
    op: 'slice',
    name: `${node.name} pick`,
    inputs: [whole],
    outputs: node.outputs,
    attrs: { begin: [0, ...origin, 0], size: [1, outH, outW, channels], strides: [1, strideH, strideW, 1] },
  };
  return [conv, slice];
}

export function withPickedStrides(graph: Graph): Graph {
  const result: Graph = { ...graph, tensors: [...graph.tensors] };
  const nodes = graph.nodes.flatMap((node) => (convolutions.has(node.op) ? pickedFrom(result, node) : [node]));
  return { ...result, nodes };
}
