// SPDX-License-Identifier: Apache-2.0
// A depthwise convolution of an image with one channel is a convolution, whose kernels share each window among all filters.
import type { Graph, Node, Tensor, TensorData, TensorId } from '../model/graph.js';
import { GraphEditor } from './editor.js';

export function singleChannelDepthwise(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    if (node.op === 'depthwiseConv2d' && editor.tensor(node.inputs[0]).shape[3] === 1) convert(editor, node);
  }
  return editor.finish();
}

function convert(editor: GraphEditor, node: Node): void {
  const [x, w, bias] = node.inputs;
  const weights = editor.constant(w);
  // Without a bias int16 sums are requantized from 64 bits here and from 32 bits in a convolution (weighted.ts).
  const has64BitSums = editor.tensor(x).dtype === 'int16' && (bias === undefined || bias < 0);
  if (weights?.shape.length !== 4 || weights.shape[0] !== 1 || has64BitSums) return;
  const inputs: TensorId[] = [x, editor.addTensor(filtersFirst(weights)), ...node.inputs.slice(2)];
  const { multiplier: _, ...attrs } = node.attrs;
  editor.update(node, { op: 'conv2d', inputs, attrs: { ...attrs, groups: 1 } });
}

/** 1HWO -> OHW1. */
function filtersFirst(weights: Tensor & { data: TensorData }): Tensor {
  const [, height, width, filters] = weights.shape;
  const taps = height * width;
  const from = weights.data as Int8Array;
  const data = from.map((_, i) => from[(i % taps) * filters + Math.floor(i / taps)]);
  const { quant } = weights;
  return {
    ...weights,
    shape: [filters, height, width, 1],
    data,
    ...(quant ? { quant: { ...quant, axis: quant.scales.length > 1 ? 0 : quant.axis } } : {}),
  };
}
