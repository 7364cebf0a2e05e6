// SPDX-License-Identifier: Apache-2.0
// slide: a window of the last frames (axis 1) moves on by those that are new. The window is state (Graph.states).
import { dtypeBytes, elementCount, makeData } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

export const slide: OpSpec = {
  op: 'slide',
  infer(node, graph) {
    const [window, frames] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
    const fits =
      window.dtype === frames.dtype &&
      window.shape.length > 1 &&
      window.shape.length === frames.shape.length &&
      window.shape.every((n, axis) => (axis === 1 ? n > frames.shape[1] : n === frames.shape[axis])) &&
      window.shape[0] === 1;
    if (!fits) badShape(node, `frames [${frames.shape}] do not fit a window [${window.shape}]`);
    return [{ shape: [...window.shape], dtype: window.dtype, ...(window.quant ? { quant: window.quant } : {}) }];
  },
  macs: () => 0,
  updates: [{ input: 0, output: 0 }],
  lower(node, { graph }) {
    const [window, frames] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
    const bytes = dtypeBytes(window.dtype);
    const added = elementCount(frames.shape) * bytes;
    const fields: [string, number][] = [
      ['kept_bytes', elementCount(window.shape) * bytes - added],
      ['new_bytes', added],
    ];
    return kernelCall('slide', ['x8'], fields, [0, 1]);
  },
  evaluate(node, inputs, { graph }) {
    const [window, frames] = [given(node, inputs, 0), given(node, inputs, 1)];
    const out = makeData(inputOf(node, graph, 0).dtype, window.length) as Float32Array;
    out.set(window.subarray(frames.length) as Float32Array, 0);
    out.set(frames as Float32Array, window.length - frames.length);
    return [out];
  },
};
