// SPDX-License-Identifier: Apache-2.0
// dct: the first rows of a cosine transform (DCT-II) of each frame of logarithms in Q16, quantized: coefficients of MFCC.
// The matrix is an operand, so any other linear map of a frame will do.
import { type Graph, makeData, type Node, perTensorQuant, type TensorData } from '../model/graph.js';
import { badShape, given, int, outputOf } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { limitsOf } from './quantized.js';
import { clampTo, type Multiplier, quantizeMultiplier, requantize } from './requantize.js';
import { frameShape, framesOf } from './signal.js';
import { constant } from './weighted.js';

const logBits = 16;
/** Bits of a sum that are dropped before it is scaled. */
const dropBits = 15;
const mostSum = 2 ** 30;

interface Matrix {
  frames: number;
  channels: number;
  coefficients: number;
  weights: Int16Array;
  factor: Multiplier;
  zero: number;
}

function matrixOf(node: Node, graph: Graph): Matrix {
  const { frames, size: channels } = framesOf(node, graph, ['int32']);
  const { data, shape } = inputOf(node, graph, 1);
  if (!(data instanceof Int16Array) || shape.length !== 2 || shape[1] !== channels)
    badShape(node, `its matrix [${shape}] of constants does not fit ${channels} channels`);
  const y = outputOf(node, graph);
  if (y.dtype !== 'int8' || !y.quant) badShape(node, 'its output is not quantized int8');
  const { scale, zeroPoint } = perTensorQuant(y);
  const bits = int(node, 'bits', { min: 0, max: 24 });
  const factor = quantizeMultiplier(2 ** (dropBits - logBits - bits) / scale);
  return { frames, channels, coefficients: shape[0], weights: data, factor, zero: zeroPoint };
}

export const dct: OpSpec = {
  op: 'dct',
  infer(node, graph) {
    const { frames, coefficients } = matrixOf(node, graph);
    return [{ shape: frameShape(frames, coefficients), dtype: 'int8' }];
  },
  macs(node, graph) {
    const { frames, channels, coefficients } = matrixOf(node, graph);
    return frames * channels * coefficients;
  },
  lower(node, { graph }) {
    const m = matrixOf(node, graph);
    return kernelCall(
      'dct',
      ['s32'],
      [
        ['frames', m.frames],
        ['channels', m.channels],
        ['coefficients', m.coefficients],
        ['weights', constant('weights', 'int16', m.weights, [m.coefficients, m.channels])],
        ['multiplier', m.factor.multiplier],
        ['shift', m.factor.shift],
        ['zero_point', m.zero],
      ],
    );
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const m = matrixOf(node, graph);
    const { min, max } = limitsOf(outputOf(node, graph));
    const x = given(node, inputs, 0);
    const out = makeData('int8', m.frames * m.coefficients) as Int8Array;
    for (let i = 0; i < out.length; i++) {
      const [frame, row] = [Math.floor(i / m.coefficients), i % m.coefficients];
      let sum = 1n << BigInt(dropBits - 1);
      for (let c = 0; c < m.channels; c++)
        sum += BigInt(x[frame * m.channels + c]) * BigInt(m.weights[row * m.channels + c]);
      const dropped = clampTo(Number(sum >> BigInt(dropBits)), -mostSum, mostSum);
      out[i] = clampTo(requantize(dropped, m.factor, 'single') + m.zero, min, max);
    }
    return [out];
  },
};
