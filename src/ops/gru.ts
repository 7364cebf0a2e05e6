// SPDX-License-Identifier: Apache-2.0
// gru: gated recurrent unit over a sequence. Rows: update gate, reset gate, candidate; the bias has those of W, then those
// of R. Attribute resetAfter: the reset gate meets the recurrent product (ONNX's linear_before_reset), not the state.
import { activate, cellActivations, clip, clipAttr, dotFloat } from './cell.js';
import { hiddenLayerOp, type StepData } from './hiddenLayer.js';
import type { OpSpec } from './op.js';

const f = Math.fround;

function step({ s, node, w, r, bias, x, at, h, state }: StepData): Float32Array {
  const n = s.hidden;
  const [gate, last] = cellActivations(node, 2);
  const limit = clipAttr(node, 'gateClip');
  const after = node.attrs.resetAfter === true;
  const product = (row: number, from: number): number => dotFloat(from, w, row * s.inputs, x, at, s.inputs);
  const gateOf = (row: number): number => {
    const sum = product(row, f(bias[row] + bias[3 * n + row]));
    return activate(gate, clip(dotFloat(sum, r, row * n, h, state, n), limit));
  };
  const update = Float32Array.from({ length: n }, (_, i) => gateOf(i));
  const reset = Float32Array.from({ length: n }, (_, i) => (after ? gateOf(n + i) : f(gateOf(n + i) * h[state + i])));
  return Float32Array.from({ length: n }, (_, i) => {
    const row = 2 * n + i;
    const again = dotFloat(bias[3 * n + row], r, row * n, after ? h : reset, after ? state : 0, n);
    const sum = f(product(row, bias[row]) + (after ? f(reset[i] * again) : again));
    const candidate = activate(last, clip(sum, limit));
    return f(f(f(1 - update[i]) * candidate) + f(update[i] * h[state + i]));
  });
}

export const gru: OpSpec = hiddenLayerOp({
  op: 'gru',
  gates: 3,
  biases: 6,
  activations: 2,
  fields: (node) => [['reset_after', node.attrs.resetAfter === true ? 1 : 0]],
  step,
});
