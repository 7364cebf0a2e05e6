// SPDX-License-Identifier: Apache-2.0
// reshape: the same buffer under another shape; no code.
import { elementCount } from '../model/graph.js';
import { badShape, given, intList } from './attributes.js';
import { inputOf, type OpSpec } from './op.js';

export const reshape: OpSpec = {
  op: 'reshape',
  alias: true,
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    const shape = intList(node, 'shape', { min: 0, max: 2 ** 31 - 1 });
    if (elementCount(shape) !== elementCount(x.shape))
      badShape(node, `${x.shape.join(' x ')} cannot become ${shape.join(' x ')}`);
    return [{ shape: [...shape], dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs: () => 0,
  lower: (node) => {
    throw new Error(`${node.name}: a reshape is no call`);
  },
  evaluate: (node, inputs) => [inputs[0] ?? given(node, inputs, 0)],
};
