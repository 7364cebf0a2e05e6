// SPDX-License-Identifier: Apache-2.0
// Bias correction (Nagel et al. 2019, arXiv:1906.04721, section 4.2): rounded weights shift the mean of an output
// channel by sum((Wq - W) * E[x]); the bias takes the shift back. E[x] comes from calibration, per input channel.
import type { Graph, Node } from '../model/graph.js';
import { inputChannel, outputChannel } from '../passes/affine.js';

export interface CorrectionInput {
  /** Real values of the weights before and after quantization, in the node's own order. */
  exact: Float64Array;
  rounded: Float64Array;
  shape: readonly number[];
  /** Mean of the layer's input per index of its last dimension. */
  means: Float64Array;
}

/** What to add to the real bias of each output channel. */
export function biasCorrection(
  graph: Graph,
  node: Node,
  { exact, rounded, shape, means }: CorrectionInput,
): Float64Array {
  const to = outputChannel(node, shape);
  const from = inputChannel(node, shape);
  const channels = exact.reduce((most, _, i) => Math.max(most, to(i) + 1), 0);
  const correction = new Float64Array(channels);
  const seen = tapShare(graph, node, shape);
  exact.forEach((w, i) => {
    correction[to(i)] -= (rounded[i] - w) * (means[from(i) % means.length] ?? 0) * seen(i);
  });
  return correction;
}

/** Share of output positions at which a kernel tap meets the image rather than its zero padding. */
function tapShare(graph: Graph, node: Node, shape: readonly number[]): (i: number) => number {
  if (node.op === 'fullyConnected') return () => 1;
  const input = graph.tensors[node.inputs[0]].shape;
  const output = graph.tensors[node.outputs[0]].shape;
  const numbers = (value: unknown, otherwise: number[]): number[] =>
    Array.isArray(value) ? value.map(Number) : otherwise;
  const strides = numbers(node.attrs.strides, [1, 1]);
  const dilations = numbers(node.attrs.dilations, [1, 1]);
  const pads = numbers(node.attrs.pads, [0, 0, 0, 0]);
  const shares = [0, 1].map((d) =>
    Float64Array.from({ length: shape[1 + d] }, (_, tap) => {
      let inside = 0;
      for (let o = 0; o < output[1 + d]; o++) {
        const position = o * strides[d] - pads[d] + tap * dilations[d];
        if (position >= 0 && position < input[1 + d]) inside++;
      }
      return inside / Math.max(1, output[1 + d]);
    }),
  );
  const [width, inner] = [shape[2], shape[3]];
  return (i) => {
    const tap = Math.floor(i / inner);
    return shares[0][Math.floor(tap / width) % shape[1]] * shares[1][tap % width];
  };
}
