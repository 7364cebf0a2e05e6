// SPDX-License-Identifier: Apache-2.0
// softmax over the last axis: float32, int8 in fixed point, int16 by tables (TensorFlow Lite's reference kernels).
import {
  elementCount,
  type Graph,
  makeData,
  type Node,
  quantOf,
  type Tensor,
  type TensorData,
} from '../model/graph.js';
import { axisOf, badShape, finiteNumber, given, outputOf } from './attributes.js';
import { expNegativeQ5, reciprocalOnePlus } from './fixedPoint.js';
import { expf } from './floatMath.js';
import { int16Table, lookUp } from './int16Table.js';
import { kernelCall } from './kernels.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec, type Rounding } from './op.js';
import { sameQuant, scaleOf } from './quantized.js';
import {
  clampTo,
  highMul,
  type Multiplier,
  quantizeMultiplier,
  requantize,
  roundingCode,
  shiftRound,
} from './requantize.js';
import { constant, type Reason } from './weighted.js';

interface Rows {
  rows: number;
  depth: number;
  beta: number;
}

/** The last axis and what lies before it. */
export function softmaxRows(node: Node, graph: Graph): Rows & { lastAxis: boolean } {
  const x = inputOf(node, graph, 0);
  if (x.shape.length === 0) badShape(node, 'a scalar has no axis');
  const axis = axisOf(node, node.attrs.axis ?? -1, x.shape.length);
  const depth = x.shape[axis];
  if (depth < 1) badShape(node, 'its axis is empty');
  const beta = Math.fround(finiteNumber(node, 'beta', 1));
  if (beta <= 0) badShape(node, `beta is ${beta}, not positive`);
  const inner = elementCount(x.shape.slice(axis + 1));
  return { rows: elementCount(x.shape) / depth, depth, beta, lastAxis: inner === 1 };
}

/** int8 in, int16 out: TensorFlow Lite wants scale 1/65536, give or take a thousandth, and zero point -32768. */
function isWidening(x: Tensor, y: Tensor): boolean {
  if (x.dtype !== 'int8' || y.dtype !== 'int16' || y.quant?.scales.length !== 1) return false;
  return y.quant.zeroPoints[0] === -32768 && Math.abs(y.quant.scales[0] * 65_536 - 1) < 1e-3;
}

/** Output quantization that TensorFlow Lite fixes. */
const fixedQuant: Partial<Record<Tensor['dtype'], [scale: number, zeroPoint: number]>> = {
  int8: [1 / 256, -128],
  int16: [1 / 32768, 0],
};
/** Longest rows whose integer sums of exponentials fit 32 bits: 2^31 / 2^19, 2^31 / 2^15. */
const maxDepth: Partial<Record<Tensor['dtype'], number>> = { int8: 4095, int16: 65_535 };

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const [x, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
  const { depth, lastAxis } = softmaxRows(node, graph);
  const widening = isWidening(x, y);
  if ((x.dtype !== y.dtype && !widening) || !['float32', 'int8', 'int16'].includes(x.dtype)) {
    return {
      reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`,
      change: 'use float32, int8 or int16 throughout',
    };
  }
  if (!lastAxis) return { reason: 'its axis is not the last one', change: 'transpose before and after it' };
  const fixed = widening ? undefined : fixedQuant[x.dtype];
  if (fixed && !sameQuant(y.quant, quantOf(...fixed))) {
    return {
      reason: `its ${y.dtype} output must have scale 1/${1 / fixed[0]} and zero point ${fixed[1]}`,
      change: 'requantize after it',
    };
  }
  const limit = maxDepth[x.dtype];
  if (limit && depth > limit)
    return { reason: `its rows of ${depth} elements are longer than ${limit}`, change: 'keep this layer in float32' };
  return undefined;
}

/** Integer bits of the scaled difference in int8 softmax: Q5.26. */
const differenceBits = 5;

/** TensorFlow Lite's PreprocessSoftmaxScaling and CalculateInputRadius. */
export function int8Parameters(
  node: Node,
  x: Tensor,
  beta: number,
  rounding: Rounding,
): Multiplier & { diffMin: number } {
  const largest = (rounding === 'single' ? 2 ** 30 : 2 ** 31) - 1;
  const real = Math.min(beta * scaleOf(node, x).scale * 2 ** (31 - differenceBits), largest);
  const m = quantizeMultiplier(real);
  const radius = Math.floor(((2 ** differenceBits - 1) * 2 ** (31 - differenceBits)) / 2 ** m.shift);
  return { ...m, diffMin: Math.max(-radius, x.dtype === 'int8' ? -256 : -65_536) };
}

/** exp of the 256 differences 0, -1 … in steps of the input scale, Q0.31, as the int8 kernel computes them. */
export function softmaxExponentials(node: Node, graph: Graph, rounding: Rounding): Int32Array {
  const p = int8Parameters(node, inputOf(node, graph, 0), softmaxRows(node, graph).beta, rounding);
  return Int32Array.from({ length: 256 }, (_, d) => (-d >= p.diffMin ? expNegativeQ5(requantize(-d, p, rounding)) : 0));
}

/** The int16 tables map a difference of [-65535, 0] to [-10, 0]. */
const int16Multiplier = (node: Node, x: Tensor, beta: number): Multiplier =>
  quantizeMultiplier((scaleOf(node, x).scale * beta) / (10 / 65535));

const expTable = (): Int16Array => int16Table(Math.exp, -10, 0);
const reciprocalTable = (): Int16Array => int16Table((x) => 1 / Math.fround(1 + x), 0, 1);

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const x = inputOf(node, graph, 0);
  const { rows, depth, beta } = softmaxRows(node, graph);
  const head: KernelCall['params']['fields'] = [
    ['rows', rows],
    ['depth', depth],
  ];
  if (x.dtype === 'float32') return kernelCall('softmax', ['f32'], [...head, ['beta', { float: beta }]]);
  if (x.dtype === 'int8') {
    const p = int8Parameters(node, x, beta, rounding);
    const rest: typeof head = [
      ['multiplier', p.multiplier],
      ['shift', p.shift],
      ['diff_min', p.diffMin],
      ['rounding', roundingCode(rounding)],
    ];
    const types: ['s8', string?] = outputOf(node, graph).dtype === 'int16' ? ['s8', 's16'] : ['s8'];
    return kernelCall('softmax', types, [...head, ...rest]);
  }
  const m = int16Multiplier(node, x, beta);
  const tables: typeof head = [
    ['exp_table', constant('exp_table', 'int16', expTable(), [513])],
    ['reciprocal_table', constant('reciprocal_table', 'int16', reciprocalTable(), [513])],
  ];
  return kernelCall(
    'softmax',
    ['s16'],
    [...head, ['multiplier', m.multiplier], ['shift', m.shift], ...tables, ['rounding', roundingCode(rounding)]],
  );
}

type Row = (x: Float32Array, out: Float32Array) => void;

function floatRow(beta: number): Row {
  return (x, out) => {
    // biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
    const max = x.reduce((a, b) => (b > a ? b : a));
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      out[i] = expf(Math.fround(Math.fround(x[i] - max) * beta));
      sum = Math.fround(sum + out[i]);
    }
    for (let i = 0; i < x.length; i++) out[i] = out[i] / sum;
  };
}

function int8Row(p: Multiplier & { diffMin: number }, rounding: Rounding, bits: 8 | 16): Row {
  const exp = (difference: number): number => expNegativeQ5(requantize(difference, p, rounding));
  return (x, out) => {
    const max = x.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (const v of x) if (v - max >= p.diffMin) sum += shiftRound(exp(v - max), 12);
    const headroom = Math.clz32(sum);
    const scale = reciprocalOnePlus((sum * 2 ** headroom - 2 ** 31) | 0);
    const exponent = 43 - bits - headroom;
    const least = -(2 ** (bits - 1));
    for (let i = 0; i < x.length; i++) {
      const kept = exponent <= 31 && x[i] - max >= p.diffMin;
      out[i] = kept ? clampTo(shiftRound(highMul(scale, exp(x[i] - max)), exponent) + least, least, -least - 1) : least;
    }
  };
}

function int16Row(m: Multiplier, rounding: Rounding): Row {
  const [exp, reciprocal] = [expTable(), reciprocalTable()];
  return (x, out) => {
    const max = x.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let i = 0; i < x.length; i++) {
      out[i] = lookUp(exp, clampTo((requantize(x[i] - max, m, rounding) + 32767) | 0, -32768, 32767));
      sum += out[i];
    }
    const headroom = Math.clz32(sum);
    const shifted = Math.floor((sum * 2 ** (headroom - 1) + 2 ** 13) / 2 ** 14);
    const scale = lookUp(reciprocal, clampTo(shifted - 2 ** 15 - 2 ** 16, -32768, 32767));
    const right = 31 - headroom;
    for (let i = 0; i < x.length; i++)
      out[i] = clampTo(Math.floor((out[i] * scale + 2 ** (right - 1)) / 2 ** right), 0, 32767);
  };
}

function evaluate(
  node: Node,
  inputs: readonly (TensorData | undefined)[],
  graph: Graph,
  rounding: Rounding,
): TensorData[] {
  const t = inputOf(node, graph, 0);
  const { rows, depth, beta } = softmaxRows(node, graph);
  const x = given(node, inputs, 0) as Float32Array;
  const y = outputOf(node, graph);
  const out = makeData(y.dtype, x.length) as Float32Array;
  const row =
    t.dtype === 'float32'
      ? floatRow(beta)
      : t.dtype === 'int8'
        ? int8Row(int8Parameters(node, t, beta, rounding), rounding, y.dtype === 'int16' ? 16 : 8)
        : int16Row(int16Multiplier(node, t, beta), rounding);
  for (let r = 0; r < rows; r++) row(x.subarray(r * depth, (r + 1) * depth), out.subarray(r * depth, (r + 1) * depth));
  return [out];
}

export const softmax: OpSpec = {
  op: 'softmax',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    softmaxRows(node, graph);
    const y = outputOf(node, graph);
    if (isWidening(x, y)) return [{ shape: [...x.shape], dtype: y.dtype }];
    const fixed = fixedQuant[x.dtype];
    return [{ shape: [...x.shape], dtype: x.dtype, ...(fixed ? { quant: quantOf(...fixed) } : {}) }];
  },
  macs: () => 0,
  inPlace: (node, graph) => (outputOf(node, graph).dtype === inputOf(node, graph, 0).dtype ? [0] : []),
  unsupported: obstacle,
  lower,
  evaluate: (node, inputs, { graph, rounding }) => evaluate(node, inputs, graph, rounding),
};
