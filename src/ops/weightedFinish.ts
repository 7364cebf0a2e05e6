// SPDX-License-Identifier: Apache-2.0
// From an accumulator to an output value, for the TypeScript twins of the layers with weights.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { clampAttr, outputOf } from './attributes.js';
import type { Rounding } from './op.js';
import { floatRange } from './quantized.js';
import { clampTo, requantize, requantize64 } from './requantize.js';
import { type Arithmetic, arithmeticOf, rescalingOf } from './weighted.js';

export interface Finisher {
  arithmetic: Arithmetic;
  /** Zero point of the input, 0 for float. */
  inputZeroPoint: number;
  /** Sum of products -> output value of a channel; adds the bias. */
  finish(sum: number, channel: number): number;
  output: Float32Array | Int8Array | Int16Array;
}

interface FinishRequest {
  node: Node;
  graph: Graph;
  bias: TensorData | undefined;
  rounding: Rounding;
  axis: number;
  shape: readonly number[];
}

export function finisher(request: FinishRequest): Finisher {
  const { node, graph, shape } = request;
  const arithmetic = arithmeticOf(node, graph);
  if (!arithmetic) throw new Error(`${node.name}: no arithmetic for its types`);
  const output = makeData(outputOf(node, graph).dtype, elementCount(shape)) as Finisher['output'];
  return arithmetic === 'f32' ? floatFinisher(request, output) : integerFinisher(request, arithmetic, output);
}

function floatFinisher({ node, bias }: FinishRequest, output: Finisher['output']): Finisher {
  const { min, max } = floatRange(clampAttr(node));
  const b = bias as Float32Array | undefined;
  return {
    arithmetic: 'f32',
    inputZeroPoint: 0,
    output,
    finish: (sum, c) => clampTo(Math.fround(sum + (b ? b[c] : 0)), min, max),
  };
}

function integerFinisher(request: FinishRequest, arithmetic: Arithmetic, output: Finisher['output']): Finisher {
  const { node, graph, bias, rounding, axis } = request;
  const r = rescalingOf(node, graph, axis);
  const biases = bias ? Float64Array.from(bias as ArrayLike<number | bigint>, Number) : undefined;
  const multiplier = (c: number) => r.multipliers[c * r.step];
  const wide = r.accumulatorBits === 64;
  return {
    arithmetic,
    output,
    inputZeroPoint: r.input.zeroPoint,
    finish(sum, c) {
      const acc = sum + (biases ? biases[c] : 0);
      const scaled = wide ? requantize64(acc, multiplier(c)) : requantize(acc | 0, multiplier(c), rounding);
      return clampTo((scaled + r.output.zeroPoint) | 0, r.range.min, r.range.max);
    },
  };
}

/** Input and weights without their zero points, in an array type whose products and sums are exact (float32: rounded
 *  where they are used). |sum| is below 2^31 for int8 (weightedObstacle) and below 2^53 for int16. */
export type Factors =
  | { arithmetic: 's8'; x: Int32Array; w: Int32Array }
  | { arithmetic: 's16'; x: Float64Array; w: Float64Array }
  | { arithmetic: 'f32'; x: Float32Array; w: Float32Array };

type Numbers = Exclude<TensorData, BigInt64Array>;

export function factors(f: Finisher, x: Numbers, w: Numbers, weightZeroPoint: number): Factors {
  const { arithmetic, inputZeroPoint } = f;
  if (arithmetic === 'f32') return { arithmetic, x: x as Float32Array, w: w as Float32Array };
  if (arithmetic === 's16') return { arithmetic, x: Float64Array.from(x), w: Float64Array.from(w) };
  return { arithmetic, x: shifted(x, inputZeroPoint), w: shifted(w, weightZeroPoint) };
}

function shifted(data: Numbers, zeroPoint: number): Int32Array {
  const out = new Int32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = data[i] - zeroPoint;
  return out;
}
