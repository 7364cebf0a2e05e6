// SPDX-License-Identifier: Apache-2.0
// gru: gated recurrent unit over a sequence. Rows: update gate, reset gate, candidate; the bias has those of W, then those
// of R. Attribute resetAfter: the reset gate meets the recurrent product (ONNX's linear_before_reset), not the state.
import type { Node } from '../model/graph.js';
import { activate, cellActivations, clip, clipAttr, dotFloat } from './cell.js';
import { gateSigmoid, gateTanh, saturate16 } from './cellGate.js';
import type { IntegerHidden } from './hiddenInteger.js';
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

/** a * b of Q0.15 and another format, in the other. */
const times = (a: number, b: number): number => (a * b + 2 ** 14) >> 15;

const integerStep: IntegerHidden['step'] = (sums, { node, hidden: n, h, state }) => {
  const after = node.attrs.resetAfter === true;
  const gate = (which: number, i: number): number => {
    const row = which * n + i;
    return gateSigmoid(3 * saturate16(sums.ofInput(which, row) + sums.ofState(which, row, h, state)));
  };
  const update = Int16Array.from({ length: n }, (_, i) => gate(0, i));
  const reset = Int16Array.from({ length: n }, (_, i) => (after ? gate(1, i) : times(gate(1, i), h[state + i])));
  return Int16Array.from({ length: n }, (_, i) => {
    const row = 2 * n + i;
    const again = after ? times(reset[i], sums.ofState(2, row, h, state)) : sums.ofState(2, row, reset, 0);
    const candidate = gateTanh(3 * saturate16(sums.ofInput(2, row) + again));
    return saturate16(((32_768 - update[i]) * candidate + update[i] * h[state + i] + 2 ** 14) >> 15);
  });
};

const ownFields = (node: Node): [string, number][] => [['reset_after', node.attrs.resetAfter === true ? 1 : 0]];

export const gru: OpSpec = hiddenLayerOp({
  op: 'gru',
  gates: 3,
  biases: 6,
  activations: 2,
  fields: ownFields,
  step,
  integer: {
    op: 'gru',
    gates: 3,
    activations: ['sigmoid', 'tanh'],
    recurrentBias: true,
    fields: ownFields,
    step: integerStep,
  },
});
