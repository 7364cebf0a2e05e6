// SPDX-License-Identifier: Apache-2.0
// rnn: h = activation(W x + R h + b) over a sequence.
import { activate, cellActivations, clip, clipAttr, dotFloat } from './cell.js';
import { gateTanh, saturate16 } from './cellGate.js';
import { hiddenLayerOp } from './hiddenLayer.js';
import type { OpSpec } from './op.js';

export const rnn: OpSpec = hiddenLayerOp({
  op: 'rnn',
  gates: 1,
  biases: 1,
  activations: 1,
  fields: () => [],
  step({ s, node, w, r, bias, x, at, h, state }) {
    const [activation] = cellActivations(node, 1);
    const limit = clipAttr(node, 'gateClip');
    const sum = (i: number): number =>
      dotFloat(dotFloat(bias[i], w, i * s.inputs, x, at, s.inputs), r, i * s.hidden, h, state, s.hidden);
    return Float32Array.from({ length: s.hidden }, (_, i) => activate(activation, clip(sum(i), limit)));
  },
  integer: {
    op: 'rnn',
    gates: 1,
    activations: ['tanh'],
    recurrentBias: false,
    fields: () => [],
    step: (sums, { hidden, h, state }) =>
      Int16Array.from({ length: hidden }, (_, i) =>
        gateTanh(3 * saturate16(sums.ofInput(0, i) + sums.ofState(0, i, h, state))),
      ),
  },
});
