// SPDX-License-Identifier: Apache-2.0
// noiseReduction: follows the noise of each channel with a low pass and subtracts it, but leaves a share of the signal:
// tflite-micro's SignalFilterBankSpectralSubtraction. Outputs: words, the noise of each frame, and that of the last one,
// which is state where there is an input for it; else frames begin from no noise.
import { type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { type OpSpec, optionalInput } from './op.js';
import { frameShape, framesOf, type Rows } from './signal.js';

/** Smoothing, the share that remains and their complement to 1 have so many bits. */
const fractionBits = 14;
const one = 2 ** fractionBits;

interface Parameters extends Rows {
  smoothing: readonly [even: number, odd: number];
  smoothingBits: number;
  least: number;
  stateful: boolean;
}

function parameters(node: Node, graph: Graph): Parameters {
  const rows = framesOf(node, graph, ['int32']);
  const state = optionalInput(node, graph, 1);
  if (state && (state.dtype !== 'int32' || state.shape.join() !== `1,1,1,${rows.size}`))
    badShape(node, `its state is not ${rows.size} int32`);
  const share = (key: string): number => int(node, key, { min: 0, max: one });
  return {
    ...rows,
    smoothing: [share('evenSmoothing'), share('oddSmoothing')],
    smoothingBits: int(node, 'smoothingBits', { min: 0, max: 31 }),
    least: share('least'),
    stateful: state !== undefined,
  };
}

export const noiseReduction: OpSpec = {
  op: 'noiseReduction',
  infer(node, graph) {
    const { frames, size } = parameters(node, graph);
    return [frames, frames, 1].map((count) => ({ shape: frameShape(count, size), dtype: 'int32' as const }));
  },
  macs(node, graph) {
    const { frames, size } = parameters(node, graph);
    return 3 * frames * size;
  },
  updates: [{ input: 1, output: 2 }],
  lower(node, { graph }) {
    const p = parameters(node, graph);
    const call = kernelCall(
      'noiseReduction',
      ['s32'],
      [
        ['frames', p.frames],
        ['channels', p.size],
        ['even_smoothing', p.smoothing[0]],
        ['odd_smoothing', p.smoothing[1]],
        ['smoothing_bits', p.smoothingBits],
        ['least', p.least],
        ['stateful', p.stateful ? 1 : 0],
      ],
    );
    // Without state, its place is that of the signal, and it is not read.
    return { ...call, inputs: p.stateful ? [0, 1] : [0, 0], outputs: [0, 1, 2] };
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const p = parameters(node, graph);
    const x = given(node, inputs, 0);
    const state = p.stateful ? (given(node, inputs, 1).slice() as Int32Array) : new Int32Array(p.size);
    const [out, noise] = [0, 1].map(() => makeData('int32', x.length) as Int32Array);
    for (let i = 0; i < x.length; i++) {
      const c = i % p.size;
      const { reduced, estimate } = reduce(p, x[i] >>> 0, state[c] >>> 0, p.smoothing[c % 2]);
      out[i] = reduced;
      noise[i] = estimate;
      state[c] = estimate;
    }
    return [out, noise, state];
  },
};

function reduce(
  p: Parameters,
  signal: number,
  before: number,
  smoothing: number,
): { reduced: number; estimate: number } {
  const scaled = (signal << p.smoothingBits) >>> 0;
  // Products of 32 and 15 bits: exact.
  const estimate = Math.floor((scaled * smoothing + before * (one - smoothing)) / one);
  const left = Math.max(0, scaled - estimate) >>> p.smoothingBits;
  return { reduced: Math.max(left, Math.floor((signal * p.least) / one)), estimate };
}
