// SPDX-License-Identifier: Apache-2.0
// logSoftmax over the last axis: x - max - log(sum of exp(x - max)). int8 and int16: the exponentials of int8 softmax, and a logarithm
// that is worked out bit by bit, once per row.
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { given, outputOf } from './attributes.js';
import { symmetryObstacle } from './curve16.js';
import { sameType } from './elementwise.js';
import { expNegativeQ5 } from './fixedPoint.js';
import { expf, logf } from './floatMath.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec, type Rounding } from './op.js';
import { scaleOf } from './quantized.js';
import {
  clampTo,
  highMul,
  type Multiplier,
  quantizeMultiplier,
  requantize,
  roundingCode,
  shiftRound,
} from './requantize.js';
import { int8Parameters } from './softmax.js';

const f = Math.fround;
/** Bits behind the point of a logarithm; the sums of exponentials have one less. */
const logBits = 20;
/** ln 2 in Q0.31. */
const ln2 = 1_488_522_236;
/** Longest rows whose sums of exponentials fit 32 bits. */
const maxDepth = 4095;

const depthOf = (node: Node, graph: Graph): number => inputOf(node, graph, 0).shape.at(-1) ?? 1;

interface Integers {
  exp: Multiplier & { diffMin: number };
  real: Multiplier;
  /** Bits that real numbers have less than logarithms, so that the largest fit. */
  logShift: number;
  output: Multiplier;
  zeroPoint: number;
}

function integers(node: Node, graph: Graph, rounding: Rounding): Integers {
  const x = inputOf(node, graph, 0);
  const [input, output] = [scaleOf(node, x), scaleOf(node, outputOf(node, graph))];
  const steps = x.dtype === 'int8' ? 255 : 65_535;
  const bits = clampTo(Math.floor(Math.log2(2 ** 30 / (steps * input.scale))), 0, logBits);
  return {
    exp: int8Parameters(node, x, 1, rounding),
    real: quantizeMultiplier(input.scale * 2 ** bits),
    logShift: logBits - bits,
    output: quantizeMultiplier(1 / (output.scale * 2 ** bits)),
    zeroPoint: output.zeroPoint,
  };
}

/** ln(x) with logBits behind the point, of x >= 2^19 with 19. */
function logarithm(x: number): number {
  const zeros = Math.clz32(x);
  let mantissa = BigInt(x) << BigInt(zeros);
  let log2 = 31 - zeros - (logBits - 1);
  for (let i = 0; i < logBits; i++) {
    mantissa = (mantissa * mantissa) >> 31n;
    log2 *= 2;
    if (mantissa >> 32n) {
      log2++;
      mantissa >>= 1n;
    }
  }
  return highMul(log2, ln2);
}

function integerRow(p: Integers, rounding: Rounding, row: Int8Array | Int16Array): void {
  const max = Math.max(...row);
  const least = row instanceof Int8Array ? -128 : -32768;
  let sum = 0;
  for (const q of row)
    if (q - max >= p.exp.diffMin) sum += shiftRound(expNegativeQ5(requantize(q - max, p.exp, rounding)), 12);
  const log = shiftRound(logarithm(sum), p.logShift);
  for (let i = 0; i < row.length; i++) {
    const real = requantize(row[i] - max, p.real, rounding) - log;
    row[i] = clampTo((requantize(real, p.output, rounding) + p.zeroPoint) | 0, least, -least - 1);
  }
}

function floatRow(row: Float32Array): void {
  let max = row[0];
  for (const v of row) if (v > max) max = v;
  let sum = 0;
  for (const v of row) sum = f(sum + expf(f(v - max)));
  const log = logf(sum);
  for (let i = 0; i < row.length; i++) row[i] = f(f(row[i] - max) - log);
}

export const logSoftmax: OpSpec = {
  op: 'logSoftmax',
  infer: sameType,
  macs: () => 0,
  inPlace: () => [0],
  unsupported(node, graph) {
    const [{ dtype }, y] = [inputOf(node, graph, 0), outputOf(node, graph)];
    const depth = depthOf(node, graph);
    if (dtype !== y.dtype || !['float32', 'int8', 'int16'].includes(dtype))
      return {
        reason: `there is no kernel for ${dtype} giving ${y.dtype}`,
        change: 'keep this layer in float32, int8 or int16, or leave it out behind the last layer',
      };
    return dtype !== 'float32' && depth > maxDepth
      ? { reason: `its rows of ${depth} elements are longer than ${maxDepth}`, change: 'keep this layer in float32' }
      : dtype === 'int16'
        ? symmetryObstacle({ node, x: inputOf(node, graph, 0), y })
        : undefined;
  },
  lower(node, { graph, rounding }) {
    const x = inputOf(node, graph, 0);
    const depth = depthOf(node, graph);
    const rows = { rows: elementCount(x.shape) / depth, depth };
    if (x.dtype === 'float32') return kernelCall('logSoftmax', ['f32'], Object.entries(rows));
    const p = integers(node, graph, rounding);
    const zero = x.dtype === 'int8' ? { output_zero_point: p.zeroPoint } : {};
    const fields = {
      ...rows,
      multiplier: p.exp.multiplier,
      shift: p.exp.shift,
      diff_min: p.exp.diffMin,
      real_multiplier: p.real.multiplier,
      real_shift: p.real.shift,
      log_shift: p.logShift,
      output_multiplier: p.output.multiplier,
      output_shift: p.output.shift,
      ...zero,
      rounding: roundingCode(rounding),
    };
    return kernelCall('logSoftmax', [x.dtype === 'int8' ? 's8' : 's16'], Object.entries(fields));
  },
  evaluate(node, inputs, { graph, rounding }): TensorData[] {
    const depth = depthOf(node, graph);
    const out = given(node, inputs, 0).slice() as Float32Array | Int8Array | Int16Array;
    const p = out instanceof Float32Array ? undefined : integers(node, graph, rounding);
    for (let r = 0; r < out.length; r += depth) {
      const row = out.subarray(r, r + depth);
      if (p && !(row instanceof Float32Array)) integerRow(p, rounding, row);
      else floatRow(row as Float32Array);
    }
    return [out];
  },
};
