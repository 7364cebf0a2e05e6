// SPDX-License-Identifier: Apache-2.0
// What convolution, depthwise convolution and fully connected layers share: which arithmetic they run in, their
// per-channel multipliers, and the constants that the packer makes for their kernels.
import type { Graph, Node, Tensor, TensorData } from '../model/graph.js';
import { clampAttr, outputOf } from './attributes.js';
import { type ConstArray, type CStruct, inputOf, optionalInput, type Rounding } from './op.js';
import { activationRange, floatRange, type Limits, limitsOf, type Scale, scaleOf, weightScales } from './quantized.js';
import { type Multiplier, quantizeMultiplier, quantizeMultiplier64, roundingCode } from './requantize.js';

/** Types of activation, weight and bias that have kernels. */
export type Arithmetic = 'f32' | 's8' | 's16';

export interface Reason {
  reason: string;
  change: string;
}

interface Weighted {
  x: Tensor;
  w: Tensor;
  bias: Tensor | undefined;
  y: Tensor;
}

function weighted(node: Node, graph: Graph): Weighted {
  return {
    x: inputOf(node, graph, 0),
    w: inputOf(node, graph, 1),
    bias: optionalInput(node, graph, 2),
    y: outputOf(node, graph),
  };
}

const biasTypes: Record<Arithmetic, readonly Tensor['dtype'][]> = {
  f32: ['float32'],
  s8: ['int32'],
  s16: ['int64', 'int32'],
};
const activationType: Record<string, Arithmetic | undefined> = { float32: 'f32', int8: 's8', int16: 's16' };

/** The arithmetic of a layer, where its types have kernels. */
export function arithmeticOf(node: Node, graph: Graph): Arithmetic | undefined {
  const { x, w, bias, y } = weighted(node, graph);
  const arithmetic = activationType[x.dtype];
  if (!arithmetic || y.dtype !== x.dtype || w.dtype !== (arithmetic === 'f32' ? 'float32' : 'int8')) return undefined;
  return bias && !biasTypes[arithmetic].includes(bias.dtype) ? undefined : arithmetic;
}

/** The accumulator is 32 bits: more taps than this could overflow it. */
const maxTaps = 65_535;
/** The 64-bit rescaling is exact below this. */
const maxWideBias = 2n ** 46n;

/** Why a layer cannot be lowered. `taps` is the number of products of one output. */
export function weightedObstacle(
  node: Node,
  graph: Graph,
  taps: number,
  weightZeroPoints: boolean,
): Reason | undefined {
  const { x, w, bias, y } = weighted(node, graph);
  const arithmetic = arithmeticOf(node, graph);
  if (!arithmetic) {
    const types = `${x.dtype} input, ${w.dtype} weights, ${bias ? `${bias.dtype} bias, ` : ''}${y.dtype} output`;
    return {
      reason: `there is no kernel for ${types}`,
      change: 'use float32 throughout, or int8 or int16 activations with int8 weights',
    };
  }
  if (!w.data || (bias && !bias.data)) {
    return { reason: 'its weights are computed, not constant', change: 'export the model with constant weights' };
  }
  if (arithmetic === 'f32') return undefined;
  const zeros = w.quant?.zeroPoints ?? new Int32Array(0);
  if (zeros.some((z) => z !== 0) && !(weightZeroPoints && arithmetic === 's8' && zeros.length === 1)) {
    return { reason: 'its weights have a zero point', change: 'quantize the weights symmetrically (zero point 0)' };
  }
  if (arithmetic === 's16' && [x, y].some((t) => t.quant?.zeroPoints.some((z) => z !== 0))) {
    return { reason: 'its int16 activations have a zero point', change: 'quantize int16 activations symmetrically' };
  }
  if (taps > maxTaps)
    return { reason: `one output sums ${taps} products, more than ${maxTaps}`, change: 'split the layer' };
  if (bias?.data instanceof BigInt64Array && bias.data.some((b) => b >= maxWideBias || b <= -maxWideBias)) {
    return { reason: 'a bias is 2^46 or more', change: 'quantize the model again' };
  }
  return undefined;
}

/** How accumulators become outputs. */
export interface Rescaling {
  multipliers: Multiplier[];
  /** 1: one multiplier per channel; 0: one for all. */
  step: 0 | 1;
  /** 64: the accumulator is wide, and the multiplier short (requantize64). */
  accumulatorBits: 32 | 64;
  input: Scale;
  output: Scale;
  range: Limits;
}

/** Scales are multiplied in double, as TensorFlow Lite Micro does everywhere. (TensorFlow Lite up to 2.14 multiplied those
 *  of fully connected layers in float32, which moves some multipliers by one.) */
export function rescalingOf(node: Node, graph: Graph, axis: number): Rescaling {
  const { x, w, bias, y } = weighted(node, graph);
  const input = scaleOf(node, x);
  const output = scaleOf(node, y);
  const wide = x.dtype === 'int16' && isWide(node, bias);
  const scales = weightScales(node, w, axis);
  const real = (s: number): number => (input.scale * s) / output.scale;
  return {
    multipliers: Array.from(scales, (s) => (wide ? quantizeMultiplier64(real(s)) : quantizeMultiplier(real(s)))),
    step: scales.length === 1 ? 0 : 1,
    accumulatorBits: wide ? 64 : 32,
    input,
    output,
    range: activationRange(clampAttr(node), output, limitsOf(y)),
  };
}

/** With int16 activations the bias type decides; without a bias, TensorFlow Lite's convolution takes the 32-bit path. */
const isWide = (node: Node, bias: Tensor | undefined): boolean =>
  bias ? bias.dtype === 'int64' : node.op !== 'conv2d' && node.op !== 'transposeConv2d';

/** Adds to the bias what the input zero point adds to every sum: bias - zeroPoint * sum of the channel's weights. */
export function foldedBias(bias: TensorData | undefined, sums: Int32Array, zeroPoint: number): Int32Array {
  return sums.map((sum, c) => Number(bias?.[c] ?? 0) - zeroPoint * sum);
}

export function wideBias(bias: TensorData | undefined, channels: number): BigInt64Array {
  return BigInt64Array.from({ length: channels }, (_, c) => BigInt(bias?.[c] ?? 0));
}

export const floatBias = (bias: TensorData | undefined, channels: number): Float32Array =>
  bias instanceof Float32Array ? bias : new Float32Array(channels);

export const constant = (
  name: string,
  dtype: ConstArray['dtype'],
  data: TensorData,
  shape: number[],
): { const: ConstArray } => ({ const: { name, dtype, data, shape } });

/** A constant tensor as it is, for a kernel's parameters; null where the tensor is none. */
export const tensorConstant = (name: string, { data, dtype, shape }: Tensor): { const: ConstArray } | null =>
  data ? constant(name, dtype === 'bool' ? 'uint8' : (dtype as ConstArray['dtype']), data, shape) : null;

/** weights, bias, multiplier, shift, requantize_step: the constants of an integer kernel. */
export function integerConstants(
  weights: { const: ConstArray },
  bias: { const: ConstArray } | null,
  r: Rescaling,
): CStruct['fields'] {
  const { multipliers } = r;
  const shape = [multipliers.length];
  return [
    ['weights', weights],
    ['bias', bias],
    [
      'multiplier',
      constant(
        'multiplier',
        'int32',
        Int32Array.from(multipliers, (m) => m.multiplier),
        shape,
      ),
    ],
    [
      'shift',
      constant(
        'shift',
        'int8',
        Int8Array.from(multipliers, (m) => m.shift),
        shape,
      ),
    ],
    ['requantize_step', r.step],
  ];
}

export function clampFields(range: Limits, rounding: Rounding): CStruct['fields'] {
  return [
    ['output_min', range.min],
    ['output_max', range.max],
    ['rounding', roundingCode(rounding)],
  ];
}

/** weights, bias and bounds of a float32 kernel. */
export function floatConstants(node: Node, weights: { const: ConstArray }, bias: Float32Array): CStruct['fields'] {
  const { min, max } = floatRange(clampAttr(node));
  return [
    ['weights', weights],
    ['bias', constant('bias', 'float32', bias, [bias.length])],
    ['output_min', { float: min }],
    ['output_max', { float: max }],
  ];
}

/** Accumulators (float sums without bias, or exact integers with it) -> outputs, one channel per column. */
export type Finish = (acc: number, channel: number) => number;
