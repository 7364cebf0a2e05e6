// SPDX-License-Identifier: Apache-2.0
// layerNorm of int8 and int16 in integers alone: sums of squares of 64 bits, one over their root as Q1.30, then one multiplication
// and one rounding shift (I-ViT takes an integer root likewise). An element less the mean is kept exactly, times the depth;
// of int16 `down` bits of that are rounded away where the squares would not fit.
import type { Node, Tensor, TensorData } from '../model/graph.js';
import { symmetryObstacle } from './curve16.js';
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

const partBits = 30;
const sumBits = 61;

interface Kind {
  /** depth^3 * 2^16 fits 61 bits; depth * 2^15 and as much again fit 31. */
  maxDepth: number;
  /** More would take sums beyond 63 bits. */
  mostFraction: number;
  biasBits: number;
  /** In steps of the output; beyond it every output is saturated. */
  mostBias: number;
  /** Bits of the square of an element. */
  squareBits: number;
}

const kinds: Readonly<Record<'int8' | 'int16', Kind>> = {
  int8: { maxDepth: 2 ** 15, mostFraction: 23, biasBits: 16, mostBias: 256, squareBits: 16 },
  int16: { maxDepth: 2 ** 14, mostFraction: 15, biasBits: 13, mostBias: 2 ** 16, squareBits: 32 },
};

const kindOf = ({ x }: Pick<NormTensors, 'x'>): Kind => kinds[x.dtype as 'int8' | 'int16'];

export function integerNormObstacle({ node, x, y }: NormTensors, { depth }: NormRows): Reason | undefined {
  if (!Object.hasOwn(kinds, x.dtype) || y.dtype !== x.dtype)
    return {
      reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`,
      change: 'use float32, int8 or int16 throughout',
    };
  const { maxDepth } = kindOf({ x });
  if (depth > maxDepth)
    return {
      reason: `its rows of ${depth} elements are longer than ${maxDepth}`,
      change: 'keep this layer in float32',
    };
  for (const t of [x, y]) scaleOf(node, t);
  return x.dtype === 'int16' ? symmetryObstacle({ node, x, y }) : undefined;
}

interface Parameters {
  input: Scale;
  epsilon: bigint;
  multipliers: Int32Array;
  biases: Int32Array;
  shift: number;
  down: number;
}

/** How many bits less leave the sum of the squares of a row 61 bits. */
function bitsDown({ squareBits }: Kind, { depth, centre }: NormRows): number {
  const bits = squareBits + (centre ? 3 : 1) * Math.ceil(Math.log2(depth));
  return Math.max(0, Math.ceil((bits - sumBits) / 2));
}

function parameters({ node, x, y, scale, bias }: NormTensors, rows: NormRows): Parameters {
  const { depth, epsilon, centre } = rows;
  const { mostFraction, mostBias, biasBits } = kindOf({ x });
  const down = bitsDown(kindOf({ x }), rows);
  const [input, output] = [scaleOf(node, x), scaleOf(node, y)];
  const count = scale || bias ? depth : 1;
  const units = (centre ? depth / input.scale : 1 / input.scale) / 2 ** down;
  const factors = Float64Array.from(
    { length: count },
    (_, i) => (Number(scale?.[i] ?? 1) * Math.sqrt(depth)) / output.scale,
  );
  const largest = factors.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const fraction = largest > 0 ? clampTo(partBits - Math.ceil(Math.log2(largest)) - 1, 0, mostFraction) : mostFraction;
  const steps = (i: number): number => Number(bias?.[i] ?? 0) / output.scale + output.zeroPoint;
  return {
    input,
    epsilon: BigInt(Math.round(Math.min(epsilon * depth * units * units, 2 ** sumBits))),
    multipliers: Int32Array.from(factors, (v) => clampTo(Math.round(v * 2 ** fraction), -(2 ** 30), 2 ** 30)),
    biases: Int32Array.from({ length: count }, (_, i) =>
      Math.round(clampTo(steps(i), -mostBias, mostBias) * 2 ** biasBits),
    ),
    shift: partBits + fraction,
    down,
  };
}

export function lowerIntegerNorm(tensors: NormTensors, rows: NormRows): KernelCall {
  const p = parameters(tensors, rows);
  const many = p.multipliers.length > 1;
  const array = (name: string, data: Int32Array): CStruct['fields'][number] => [
    name,
    many ? constant(name, 'int32', data, [data.length]) : null,
  ];
  const wide = tensors.x.dtype === 'int16';
  return kernelCall(
    'layerNorm',
    [wide ? 's16' : 's8'],
    [
      ['rows', rows.rows],
      ['depth', rows.depth],
      ['centre', rows.centre ? 1 : 0],
      wide ? ['down', p.down] : ['input_zero_point', p.input.zeroPoint],
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
  const out = (x as Int8Array | Int16Array).slice();
  const biasShift = BigInt(kindOf(tensors).biasBits);
  const half = p.down > 0 ? 2 ** (p.down - 1) : 0;
  const shift = BigInt(p.shift);
  const finish = (part: number, i: number): number => {
    const k = p.multipliers.length > 1 ? i : 0;
    const wide = BigInt(part) * BigInt(p.multipliers[k]) + (BigInt(p.biases[k]) << (shift - biasShift));
    return clampTo(Number((wide + (1n << (shift - 1n))) >> shift), min, max);
  };
  for (let r = 0; r < rows.rows; r++) {
    const row = out.subarray(r * depth, (r + 1) * depth);
    const sum = Array.from(row).reduce((a, b) => a + b, 0);
    const d = Array.from(row, (q) => {
      const exact = centre ? depth * q - sum : q - p.input.zeroPoint;
      return Math.floor((exact + half) / 2 ** p.down);
    });
    const part = timesInverseRoot(d.reduce((a, v) => a + BigInt(v) * BigInt(v), p.epsilon));
    row.set(d.map((v, i) => finish(part(v), i)));
  }
  return out;
}
