// SPDX-License-Identifier: Apache-2.0
// batchNorm: (x - mean) / sqrt(variance + epsilon) * scale + bias, channels last. Passes fold it into the layer before it
// where there is one; this is for the rest, in float32.
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, finiteNumber, given } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { constant } from './weighted.js';

const f = Math.fround;

function channelsOf(node: Node, graph: Graph): number {
  const { shape } = inputOf(node, graph, 0);
  const channels = shape.at(-1) ?? 0;
  for (let i = 1; i <= 4; i++) {
    const t = inputOf(node, graph, i);
    if (elementCount(t.shape) !== channels) badShape(node, `'${t.name}' does not hold ${channels} numbers`);
  }
  finiteNumber(node, 'epsilon');
  return channels;
}

/** The one multiply and one add per channel, computed in double. */
function folded(node: Node, data: readonly (TensorData | undefined)[]): { scale: Float32Array; offset: Float32Array } {
  const epsilon = finiteNumber(node, 'epsilon');
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => given(node, data, i) as Float32Array);
  const factor = Array.from(gamma, (g, c) => g / Math.sqrt(variance[c] + epsilon));
  return { scale: Float32Array.from(factor), offset: Float32Array.from(factor, (k, c) => beta[c] - mean[c] * k) };
}

export const batchNorm: OpSpec = {
  op: 'batchNorm',
  infer(node, graph) {
    channelsOf(node, graph);
    const x = inputOf(node, graph, 0);
    return [{ shape: [...x.shape], dtype: x.dtype }];
  },
  macs: (node, graph) => elementCount(inputOf(node, graph, 0).shape),
  inPlace: () => [0],
  unsupported(node, graph) {
    const parameters = [1, 2, 3, 4].map((i) => inputOf(node, graph, i));
    if ([inputOf(node, graph, 0), ...parameters].some((t) => t.dtype !== 'float32')) {
      return {
        reason: 'there is a kernel for float32 only',
        change: 'fold the batch normalization into the layer before it',
      };
    }
    if (parameters.some((t) => !t.data))
      return { reason: 'its parameters are computed, not constant', change: 'export the model for inference' };
    return undefined;
  },
  lower(node, { graph }) {
    const channels = channelsOf(node, graph);
    const { scale, offset } = folded(
      node,
      node.inputs.map((id) => graph.tensors[id].data),
    );
    return kernelCall(
      'batchNorm',
      ['f32'],
      [
        ['outer', elementCount(inputOf(node, graph, 0).shape) / channels],
        ['channels', channels],
        ['scale', constant('scale', 'float32', scale, [channels])],
        ['offset', constant('offset', 'float32', offset, [channels])],
      ],
    );
  },
  evaluate(node, inputs) {
    const { scale, offset } = folded(node, inputs);
    const x = given(node, inputs, 0);
    return [Float32Array.from(x, (v, i) => f(v * scale[i % scale.length]) + offset[i % scale.length])];
  },
};
