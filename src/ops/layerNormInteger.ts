// SPDX-License-Identifier: Apache-2.0
// layerNorm of int8 in integers alone: sums of squares of 64 bits, one over their root as Q1.30, then one multiplication
// and one rounding shift (I-ViT takes an integer root likewise). An element less the mean is kept exactly, times the depth.
import type { Node, Tensor, TensorData } from '../model/graph.js';
import { timesInverseRoot } from './integerRoot.js';
import { kernelCall } from './kernels.js';
import type { CStruct, KernelCall } from './op.js';
import { limitsOf, type Scale, scaleOf } from './quantized.js';
import { clampTo } from './requantize.js';
import { constant, type Reason } from './weighted.js';

export interface NormRows {
  rows: number;
  depth: number;
  epsilon: number;
  centre: boolean;
}

export interface NormTensors {
  node: Node;
  x: Tensor;
  y: Tensor;
  /** Real numbers, one per element of a row. */
  scale?: TensorData;
  bias?: TensorData;
}

/** depth^3 * 2^16 fits 61 bits. */
const maxDepth = 2 ** 15;
const partBits = 30;
/** More would take sums beyond 63 bits. */
const mostFraction = 23;
const biasUnit = 2 ** 16;
/** In steps of the output; beyond it every output is saturated. */
const mostBias = 256;

export function integerNormObstacle({ node, x, y }: NormTensors, { depth }: NormRows): Reason | undefined {
  if (x.dtype !== 'int8' || y.dtype !== 'int8')
    return { reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`, change: 'use float32 or int8 throughout' };
  if (depth > maxDepth)
    return {
      reason: `its rows of ${depth} elements are longer than ${maxDepth}`,
      change: 'keep this layer in float32',
    };
  for (const t of [x, y]) scaleOf(node, t);
  return undefined;
}

interface Parameters {
  input: Scale;
  epsilon: bigint;
  multipliers: Int32Array;
  biases: Int32Array;
  shift: number;
}

function parameters({ node, x, y, scale, bias }: NormTensors, { depth, epsilon, centre }: NormRows): Parameters {
  const [input, output] = [scaleOf(node, x), scaleOf(node, y)];
  const count = scale || bias ? depth : 1;
  const units = centre ? depth / input.scale : 1 / input.scale;
  const factors = Float64Array.from(
    { length: count },
    (_, i) => (Number(scale?.[i] ?? 1) * Math.sqrt(depth)) / output.scale,
  );
  const largest = factors.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const fraction = largest > 0 ? clampTo(partBits - Math.ceil(Math.log2(largest)) - 1, 0, mostFraction) : mostFraction;
  const steps = (i: number): number => Number(bias?.[i] ?? 0) / output.scale + output.zeroPoint;
  return {
    input,
    epsilon: BigInt(Math.round(Math.min(epsilon * depth * units * units, 2 ** 61))),
    multipliers: Int32Array.from(factors, (v) => clampTo(Math.round(v * 2 ** fraction), -(2 ** 30), 2 ** 30)),
    biases: Int32Array.from({ length: count }, (_, i) => Math.round(clampTo(steps(i), -mostBias, mostBias) * biasUnit)),
    shift: partBits + fraction,
  };
}

export function lowerIntegerNorm(tensors: NormTensors, rows: NormRows): KernelCall {
  const p = parameters(tensors, rows);
  const many = p.multipliers.length > 1;
  const array = (name: string, data: Int32Array): CStruct['fields'][number] => [
    name,
    many ? constant(name, 'int32', data, [data.length]) : null,
  ];
  return kernelCall(
    'layerNorm',
    ['s8'],
    [
      ['rows', rows.rows],
      ['depth', rows.depth],
      ['centre', rows.centre ? 1 : 0],
      ['input_zero_point', p.input.zeroPoint],
      ['epsilon', constant('epsilon', 'int64', BigInt64Array.of(p.epsilon), [1])],
      array('multipliers', p.multipliers),
      array('biases', p.biases),
      ['multiplier', many ? 0 : p.multipliers[0]],
      ['bias', many ? 0 : p.biases[0]],
      ['shift', p.shift],
    ],
  );
}

export function evaluateIntegerNorm(tensors: NormTensors, rows: NormRows, x: TensorData): TensorData {
  const p = parameters(tensors, rows);
  const { depth, centre } = rows;
  const { min, max } = limitsOf(tensors.y);
  const out = Int8Array.from(x as Int8Array);
  const shift = BigInt(p.shift);
  const finish = (part: number, i: number): number => {
    const k = p.multipliers.length > 1 ? i : 0;
    const wide = BigInt(part) * BigInt(p.multipliers[k]) + (BigInt(p.biases[k]) << (shift - 16n));
    return clampTo(Number((wide + (1n << (shift - 1n))) >> shift), min, max);
  };
  for (let r = 0; r < rows.rows; r++) {
    const row = out.subarray(r * depth, (r + 1) * depth);
    const sum = row.reduce((a, b) => a + b, 0);
    const d = Array.from(row, (q) => (centre ? depth * q - sum : q - p.input.zeroPoint));
    const part = timesInverseRoot(d.reduce((a, v) => a + BigInt(v * v), p.epsilon));
    row.set(d.map((v, i) => finish(part(v), i)));
  }
  return out;
}
