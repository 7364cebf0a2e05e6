// SPDX-License-Identifier: Apache-2.0
// logSoftmax over the last axis: x - max - log(sum of exp(x - max)).
import { elementCount } from '../model/graph.js';
import { given } from './attributes.js';
import { sameType } from './elementwise.js';
import { expf, logf } from './floatMath.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const f = Math.fround;

export const logSoftmax: OpSpec = {
  op: 'logSoftmax',
  infer: sameType,
  macs: () => 0,
  inPlace: () => [0],
  unsupported(node, graph) {
    const { dtype } = inputOf(node, graph, 0);
    return dtype === 'float32'
      ? undefined
      : {
          reason: `there is no kernel for ${dtype}`,
          change: 'keep this layer in float32, or leave it out behind the last layer',
        };
  },
  lower(node, { graph }) {
    const { shape } = inputOf(node, graph, 0);
    const depth = shape.at(-1) ?? 1;
    return kernelCall('logSoftmax', ['f32'], Object.entries({ rows: elementCount(shape) / depth, depth }));
  },
  evaluate(node, inputs, { graph }) {
    const depth = inputOf(node, graph, 0).shape.at(-1) ?? 1;
    const out = Float32Array.from(given(node, inputs, 0));
    for (let r = 0; r < out.length; r += depth) {
      const row = out.subarray(r, r + depth);
      let max = row[0];
      for (const v of row) if (v > max) max = v;
      let sum = 0;
      for (const v of row) sum = f(sum + expf(f(v - max)));
      const log = logf(sum);
      for (let i = 0; i < depth; i++) row[i] = f(f(row[i] - max) - log);
    }
    return [out];
  },
};
