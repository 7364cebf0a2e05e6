// SPDX-License-Identifier: Apache-2.0
// constant: copies a constant into the arena, where a graph's output is one, or where a kernel takes it from memory only.
import { elementCount } from '../model/graph.js';
import { given } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { moveType } from './strides.js';
import { tensorConstant } from './weighted.js';

export const constantOp: OpSpec = {
  op: 'constant',
  infer(node, graph) {
    const { shape, dtype, quant } = inputOf(node, graph, 0);
    return [{ shape: [...shape], dtype, ...(quant ? { quant } : {}) }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const x = inputOf(node, graph, 0);
    if (!moveType(x)) return { reason: `there is no kernel for ${x.dtype}`, change: 'use elements of at most 32 bits' };
    return x.data ? undefined : { reason: 'its input is computed', change: 'leave it out' };
  },
  lower(node, { graph }) {
    const x = inputOf(node, graph, 0);
    const fields = [
      ['count', elementCount(x.shape)],
      ['data', tensorConstant('data', x)],
    ] as [string, number | ReturnType<typeof tensorConstant>][];
    return kernelCall('constant', [moveType(x) as KernelType], fields, []);
  },
  evaluate: (node, inputs) => [given(node, inputs, 0).slice()],
};
