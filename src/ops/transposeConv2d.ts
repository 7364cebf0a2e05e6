// SPDX-License-Identifier: Apache-2.0
// transposeConv2d: every input pixel lays its kernel over the output at `strides`; written as what each output gathers.
// Weights OHWI with I = input channels / groups.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape, given, image, int, intList, maxWindow } from './attributes.js';
import { kernelCall } from './kernels.js';
import { type ConstArray, type CStruct, inputOf, type OpSpec, optionalInput, type Rounding } from './op.js';
import { clampTo, requantize, requantize64, roundingCode } from './requantize.js';
import {
  constant,
  integerConstants,
  type Rescaling,
  rescalingOf,
  tensorConstant,
  weightedObstacle,
  wideBias,
} from './weighted.js';

const f = Math.fround;

interface Geometry {
  x: Tensor;
  w: Tensor;
  outH: number;
  outW: number;
  outC: number;
  /** Input channels of a group. */
  depth: number;
  groups: number;
  strides: number[];
  dilations: number[];
  pads: number[];
}

function geometryOf(node: Node, graph: Graph): Geometry {
  const [x, w] = [image(node, graph), inputOf(node, graph, 1)];
  const [strides, dilations] = ['strides', 'dilations'].map((key) => intList(node, key, { min: 1, max: maxWindow }, 2));
  const pads = intList(node, 'pads', { min: 0, max: maxWindow }, 4);
  const extra = intList(node, 'outputPadding', { min: 0, max: maxWindow }, 2);
  const groups = int(node, 'groups', { min: 1, max: maxWindow });
  if (w.shape.length !== 4 || w.shape[3] * groups !== x.shape[3] || w.shape[0] % groups !== 0)
    badShape(node, `${x.shape[3]} channels, ${groups} groups and weights of ${w.shape.join(' x ')}`);
  const bias = optionalInput(node, graph, 2);
  if (bias && elementCount(bias.shape) !== w.shape[0]) badShape(node, `a bias of ${bias.shape.join(' x ')}`);
  const size = (d: number): number =>
    (x.shape[d + 1] - 1) * strides[d] + (w.shape[d + 1] - 1) * dilations[d] + 1 - pads[d] - pads[d + 2] + extra[d];
  return { x, w, outH: size(0), outW: size(1), outC: w.shape[0], depth: w.shape[3], groups, strides, dilations, pads };
}

const inputRow = (out: number, k: number, stride: number, dilation: number, pad: number, size: number): number => {
  const at = out + pad - k * dilation;
  return at < 0 || at % stride !== 0 || at / stride >= size ? -1 : at / stride;
};

interface Sum {
  start(channel: number): number;
  add(sum: number, x: number, w: number): number;
  finish(sum: number, channel: number): number;
}

const floatSum = (bias?: ArrayLike<number>): Sum => ({
  start: () => 0,
  add: (sum, x, w) => f(sum + f(x * w)),
  finish: (sum, c) => (bias ? f(sum + bias[c]) : sum),
});

/** Sums wrap as in C. */
function integerSum(r: Rescaling, rounding: Rounding, bias?: ArrayLike<number>): Sum {
  const { input, output } = r;
  return {
    start: (c) => bias?.[c] ?? 0,
    add: (sum, x, w) => (sum + (x - input.zeroPoint) * w) | 0,
    finish: (sum, c) =>
      clampTo((requantize(sum, r.multipliers[c * r.step], rounding) + output.zeroPoint) | 0, r.range.min, r.range.max),
  };
}

/** Of int16: wide sums, which are exact; TensorFlow Lite rescales those with an int64 bias otherwise than the others. */
const wideSum = (r: Rescaling, wide: boolean, rounding: Rounding, bias?: ArrayLike<number | bigint>): Sum => ({
  start: (c) => Number(bias?.[c] ?? 0),
  add: (sum, x, w) => sum + x * w,
  finish: (sum, c) => {
    const m = r.multipliers[c * r.step];
    return clampTo(wide ? requantize64(sum, m) : requantize(sum | 0, m, rounding), r.range.min, r.range.max);
  },
});

function sumOf(node: Node, graph: Graph, rounding: Rounding, bias?: TensorData): Sum {
  const { dtype } = inputOf(node, graph, 0);
  if (dtype === 'float32') return floatSum(bias as Float32Array | undefined);
  const r = rescalingOf(node, graph, 0);
  return dtype === 'int16'
    ? wideSum(r, r.accumulatorBits === 64, rounding, bias)
    : integerSum(r, rounding, bias as Int32Array | undefined);
}

function evaluate(g: Geometry, x: ArrayLike<number>, w: ArrayLike<number>, sum: Sum, out: Float32Array): TensorData {
  const [, h, width, channels] = g.x.shape;
  const [, kh, kw] = g.w.shape;
  for (let i = 0; i < out.length; i++) {
    const oc = i % g.outC;
    const [oy, ox] = [Math.floor(i / g.outC / g.outW), Math.floor(i / g.outC) % g.outW];
    const first = Math.floor(oc / (g.outC / g.groups)) * g.depth;
    let acc = sum.start(oc);
    for (let ky = 0; ky < kh; ky++) {
      const y = inputRow(oy, ky, g.strides[0], g.dilations[0], g.pads[0], h);
      for (let kx = 0; y >= 0 && kx < kw; kx++) {
        const at = inputRow(ox, kx, g.strides[1], g.dilations[1], g.pads[1], width);
        if (at < 0) continue;
        const from = (y * width + at) * channels + first;
        const weight = ((oc * kh + ky) * kw + kx) * g.depth;
        for (let c = 0; c < g.depth; c++) acc = sum.add(acc, x[from + c], w[weight + c]);
      }
    }
    out[i] = sum.finish(acc, oc);
  }
  return out;
}

export const transposeConv2d: OpSpec = {
  op: 'transposeConv2d',
  infer(node, graph) {
    const { outH, outW, outC, x } = geometryOf(node, graph);
    return [{ shape: [1, outH, outW, outC], dtype: x.dtype }];
  },
  macs(node, graph) {
    const { x, w } = geometryOf(node, graph);
    return x.shape[1] * x.shape[2] * elementCount(w.shape);
  },
  unsupported(node, graph) {
    const { w } = geometryOf(node, graph);
    return weightedObstacle(node, graph, elementCount(w.shape.slice(1)), false);
  },
  lower(node, { graph, rounding }) {
    const g = geometryOf(node, graph);
    const bias = optionalInput(node, graph, 2);
    const shape: CStruct['fields'] = [
      ['in_h', g.x.shape[1]],
      ['in_w', g.x.shape[2]],
      ['in_c', g.x.shape[3]],
      ['out_h', g.outH],
      ['out_w', g.outW],
      ['out_c', g.outC],
      ['kernel_h', g.w.shape[1]],
      ['kernel_w', g.w.shape[2]],
      ['stride_h', g.strides[0]],
      ['stride_w', g.strides[1]],
      ['dilation_h', g.dilations[0]],
      ['dilation_w', g.dilations[1]],
      ['pad_top', g.pads[0]],
      ['pad_left', g.pads[1]],
      ['depth', g.depth],
      ['group_outputs', g.outC / g.groups],
    ];
    const weights = tensorConstant('weights', g.w) as { const: ConstArray };
    const biases = bias ? tensorConstant('bias', bias) : null;
    if (g.x.dtype === 'float32')
      return kernelCall('transposeConv2d', ['f32', 'f32'], [...shape, ['weights', weights], ['bias', biases]]);
    const r = rescalingOf(node, graph, 0);
    if (g.x.dtype === 'int16') {
      const wide = constant('bias', 'int64', wideBias(bias?.data, g.outC), [g.outC]);
      return kernelCall(
        'transposeConv2d',
        ['s16', 's8'],
        [
          ...shape,
          ...integerConstants(weights, bias ? wide : null, r),
          ['accumulator_bits', r.accumulatorBits],
          ['rounding', roundingCode(rounding)],
        ],
      );
    }
    const fields: CStruct['fields'] = [
      ...shape,
      ['input_zero_point', r.input.zeroPoint],
      ...integerConstants(weights, biases, r),
      ['output_zero_point', r.output.zeroPoint],
      ['rounding', roundingCode(rounding)],
    ];
    return kernelCall('transposeConv2d', ['s8', 's8'], fields);
  },
  evaluate(node, inputs, { graph, rounding }) {
    const g = geometryOf(node, graph);
    const bias = optionalInput(node, graph, 2) ? inputs[2] : undefined;
    const sum = sumOf(node, graph, rounding, bias);
    const out = makeData(g.x.dtype, g.outH * g.outW * g.outC) as Float32Array;
    return [evaluate(g, given(node, inputs, 0), given(node, inputs, 1), sum, out)];
  },
};
