// SPDX-License-Identifier: Apache-2.0
// A depthwise convolution of one channel with several filters is a convolution: the same products, summed in the same
// order, for which every target has a faster kernel.
import type { Graph, Node, Quant, Tensor, TensorData } from '../model/graph.js';
import { GraphEditor } from './editor.js';

export function depthwiseToConv(source: Graph): Graph {
  const editor = new GraphEditor(source);
  for (const node of editor.list()) {
    const weights = node.op === 'depthwiseConv2d' ? editor.constant(node.inputs[1]) : undefined;
    if (!weights || weights.shape[3] < 2 || editor.tensor(node.inputs[0]).shape[3] !== 1) continue;
    const { multiplier: _, ...attrs } = node.attrs;
    const turned = editor.addTensor(channelsFirst(weights));
    const inputs = [node.inputs[0], turned, ...node.inputs.slice(2)];
    editor.update(node, { op: 'conv2d', inputs, attrs: { ...attrs, groups: 1 } } satisfies Partial<Node>);
  }
  return editor.finish();
}

/** 1HWO to OHW1, the scales of the channels with them. */
function channelsFirst(weights: Tensor & { data: TensorData }): Tensor {
  const [, height, width, channels] = weights.shape;
  const taps = height * width;
  const data = weights.data.slice();
  for (let c = 0; c < channels; c++) for (let t = 0; t < taps; t++) data[c * taps + t] = weights.data[t * channels + c];
  const quant: Quant | undefined = weights.quant && { ...weights.quant, axis: 0 };
  return { ...weights, shape: [channels, height, width, 1], data, ...(quant ? { quant } : {}) };
}
