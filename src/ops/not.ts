// SPDX-License-Identifier: Apache-2.0
// not: 1 where a bool is 0, else 0.
import { elementCount, makeData } from '../model/graph.js';
import { given } from './attributes.js';
import { sameType } from './elementwise.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

export const not: OpSpec = {
  op: 'not',
  infer: sameType,
  macs: () => 0,
  inPlace: () => [0],
  unsupported(node, graph) {
    const { dtype } = inputOf(node, graph, 0);
    return dtype === 'bool' ? undefined : { reason: `there is no kernel for ${dtype}`, change: 'negate a comparison' };
  },
  lower: (node, { graph }) => kernelCall('not', ['b8'], [['count', elementCount(inputOf(node, graph, 0).shape)]]),
  evaluate(node, inputs) {
    const x = given(node, inputs, 0);
    const out = makeData('bool', x.length) as Uint8Array;
    for (let i = 0; i < out.length; i++) out[i] = x[i] === 0 ? 1 : 0;
    return [out];
  },
};
