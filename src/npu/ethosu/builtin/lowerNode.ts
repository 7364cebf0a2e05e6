// SPDX-License-Identifier: Apache-2.0
// Graph nodes -> operations of the NPU, with TensorFlow Lite's int8 arithmetic: one row per operator.
import type { Graph, Node, Tensor } from '../../../model/graph.js';
import { additionParameters } from '../../../ops/addition.js';
import { clampAttr } from '../../../ops/attributes.js';
import { operandsOf } from '../../../ops/binary.js';
import { meanFactor } from '../../../ops/mean.js';
import { mulParameters } from '../../../ops/mul.js';
import { inputOf } from '../../../ops/op.js';
import { poolBounds, poolWindow } from '../../../ops/pooling.js';
import { activationRange, limitsOf, type Scale, sameQuant, scaleOf } from '../../../ops/quantized.js';
import type { Multiplier } from '../../../ops/requantize.js';
import { rescalingOf } from '../../../ops/weighted.js';
import { type Window, windowOf } from '../../../ops/window.js';
import { averageScale } from '../arithmetic.js';
import type { ElementwiseMode } from '../registers.js';
import type { ChannelScale, Scale as NpuScale } from '../scaling.js';
import { asItIs, type Context, inputView, type Lowering, npuScale, outputView, pointwise } from './lowering.js';
import { concat, pad, reshape } from './lowerMoves.js';
import { lowerSoftmax } from './lowerSoftmax.js';
import {
  type ElementwiseOperation,
  type Kernel,
  type MapView,
  type NpuOperation,
  type OperandScales,
  type Output,
  type Parameters,
  pointKernel,
} from './npuOperation.js';
import { tableOps } from './tableNames.js';
import { tableOf } from './tableOps.js';
import { denseView, type Placed, shape3 } from './views.js';

/** Padding that an output really reaches: a map may have rows that no window begins in. */
function kernelOf(w: Window): Kernel {
  const behind = (out: number, stride: number, taps: number, dilation: number, pad: number, size: number): number =>
    Math.max(0, (out - 1) * stride + (taps - 1) * dilation + 1 - pad - size);
  return {
    height: w.kernelH,
    width: w.kernelW,
    // One output has no next one: a stride that the hardware lacks does not matter.
    strideY: w.outH === 1 ? 1 : w.strideH,
    strideX: w.outW === 1 ? 1 : w.strideW,
    dilationY: w.dilationH,
    dilationX: w.dilationW,
    padTop: w.padTop,
    padLeft: w.padLeft,
    padBottom: behind(w.outH, w.strideH, w.kernelH, w.dilationH, w.padTop, w.inH),
    padRight: behind(w.outW, w.strideW, w.kernelW, w.dilationW, w.padLeft, w.inW),
  };
}

/** A map as far as windows reach. */
function reached(view: MapView, w: Window, k: Kernel): MapView {
  const span = (out: number, stride: number, taps: number, dilation: number, before: number, behind: number): number =>
    (out - 1) * stride + (taps - 1) * dilation + 1 - before - behind;
  return {
    ...view,
    height: Math.min(view.height, span(w.outH, k.strideY, k.height, k.dilationY, k.padTop, k.padBottom)),
    width: Math.min(view.width, span(w.outW, k.strideX, k.width, k.dilationX, k.padLeft, k.padRight)),
  };
}

/** Weights less their zero points, in OHWI order. */
function weightsOf(w: Tensor, depthwise: boolean): Int16Array {
  const data = w.data as Int8Array;
  const zeros = w.quant?.zeroPoints ?? [0];
  const channels = depthwise ? w.shape[3] : w.shape[0];
  const each = data.length / channels;
  const zeroOf = (c: number): number => zeros[zeros.length === 1 ? 0 : c];
  return Int16Array.from(data, (_, at) => {
    const c = Math.floor(at / each);
    return (depthwise ? data[(at % each) * channels + c] : data[at]) - zeroOf(c);
  });
}

/** Records of the output channels: what rescalingOf says, as the hardware wants it. */
function scalesOf({ node, graph }: Context, channels: number, axis: number): ChannelScale[] {
  const { multipliers, step } = rescalingOf(node, graph, axis);
  const bias = node.inputs[2] >= 0 ? graph.tensors[node.inputs[2]]?.data : undefined;
  return Array.from({ length: channels }, (_, c) => ({
    ...npuScale(multipliers[c * step]),
    bias: Number(bias?.[c] ?? 0),
  }));
}

function stageOf({ node, graph }: Context): Output {
  const y = graph.tensors[node.outputs[0]];
  const { min, max } = activationRange(clampAttr(node), scaleOf(node, y), limitsOf(y));
  return { rounding: 'tfl', min, max };
}

function convolution(c: Context, kind: 'conv' | 'depthwise', kernel: Kernel, parameters: Parameters): NpuOperation {
  return { kind, name: c.node.name, input: inputView(c), output: outputView(c), stage: stageOf(c), kernel, parameters };
}

function windowed(c: Context, kind: 'conv' | 'depthwise', w: Tensor, parameters: Parameters): NpuOperation[] {
  const window = windowOf(c.node, c.graph, w.shape.slice(1, 3), true);
  const kernel = kernelOf(window);
  const operation = convolution(c, kind, kernel, parameters);
  return [{ ...operation, input: reached(operation.input, window, kernel) }];
}

const conv2d: Lowering = (c) => {
  const w = inputOf(c.node, c.graph, 1);
  return windowed(c, 'conv', w, { weights: weightsOf(w, false), scales: scalesOf(c, w.shape[0], 0) });
};

const depthwiseConv2d: Lowering = (c) => {
  const w = inputOf(c.node, c.graph, 1);
  const parameters = { weights: weightsOf(w, true), scales: scalesOf(c, w.shape[3], 3) };
  // Several outputs of the only input channel are a convolution.
  return windowed(c, shape3(inputOf(c.node, c.graph, 0)).depth === 1 ? 'conv' : 'depthwise', w, parameters);
};

const fullyConnected: Lowering = (c) => {
  const w = inputOf(c.node, c.graph, 1);
  const [outputs, inputs] = w.shape;
  const x = inputView(c);
  const rows = (x.height * x.width * x.depth) / inputs;
  const y = outputView(c);
  const single = x.height === 1 && x.width === 1;
  const input = single ? x : denseView(x.storage, { height: 1, width: rows, depth: inputs }, x.zeroPoint, x.offset);
  const output =
    y.height === 1 && y.width === rows
      ? y
      : denseView(y.storage, { height: 1, width: rows, depth: outputs }, y.zeroPoint, y.offset);
  const parameters = { weights: weightsOf(w, false), scales: scalesOf(c, outputs, 0) };
  return [{ ...convolution(c, 'conv', pointKernel, parameters), input, output }];
};

/** Sums of an average are of the raw numbers, zero point included, as TensorFlow Lite rounds them: away from zero, which
 *  the hardware's scale, a bit above one count-th, makes of "natural" rounding. */
const averagePool2d: Lowering = (c) => {
  const window = poolWindow(c.node, c.graph, false);
  const kernel = kernelOf(window);
  const { min, max } = poolBounds(c.node, c.graph);
  const padded = kernel.padTop + kernel.padLeft + kernel.padBottom + kernel.padRight > 0;
  const scale = padded ? undefined : averageScale(kernel.height * kernel.width);
  return [
    {
      kind: 'pool',
      mode: 'average',
      name: c.node.name,
      input: { ...reached(inputView(c), window, kernel), zeroPoint: 0 },
      output: { ...outputView(c), zeroPoint: 0 },
      kernel,
      stage: { rounding: 'natural', min, max, ...(scale ? { scale } : {}) },
    },
  ];
};

const maxPool2d: Lowering = (c) => {
  const window = poolWindow(c.node, c.graph, false);
  const kernel = kernelOf(window);
  const { min, max } = poolBounds(c.node, c.graph);
  return [
    {
      kind: 'pool',
      mode: 'max',
      name: c.node.name,
      input: { ...reached(inputView(c), window, kernel), zeroPoint: 0 },
      output: { ...outputView(c), zeroPoint: 0 },
      kernel,
      stage: { rounding: 'tfl', min, max },
    },
  ];
};

/** Of one scale throughout: the sum of raw numbers divided and cut; else a depthwise convolution by ones, whose scale
 *  divides too. */
const mean: Lowering = (c) => {
  const [x, y] = [inputOf(c.node, c.graph, 0), c.graph.tensors[c.node.outputs[0]]];
  const [input, output] = [inputView(c), outputView(c)];
  const { height, width, depth } = input;
  const kernel = { ...pointKernel, height, width };
  const count = height * width;
  const { name } = c.node;
  if (sameQuant(x.quant, y.quant)) {
    const stage: Output = { ...asItIs, rounding: 'truncate', scale: averageScale(count) };
    const [from, to] = [input, output].map((view) => ({ ...view, zeroPoint: 0 }));
    return [{ kind: 'pool', mode: 'average', name, input: from, output: to, kernel, stage }];
  }
  const scale = { ...npuScale(meanFactor(c.node, x, y, count)), bias: 0 };
  const parameters = { weights: new Int16Array(count * depth).fill(1), scales: new Array(depth).fill(scale) };
  return [convolution(c, 'depthwise', kernel, parameters)].map((o) => ({ ...o, stage: asItIs }));
};

const table: Lowering = (c) => [
  pointwise(c, inputView(c), outputView(c), { ...asItIs, table: tableOf(c.node, c.graph) }),
];

const isConstantScalar = (t: Tensor): boolean => t.data !== undefined && t.data.length === 1;

/** The whole operand comes first; the other may be broadcast, or one number. */
function operands(c: Context): Pick<ElementwiseOperation, 'input' | 'second' | 'reversed'> {
  const { a, b, y } = operandsOf(c.node, c.graph);
  const size = (t: Tensor): number => t.shape.reduce((n, d) => n * d, 1);
  const turned = size(a) < size(y) || (isConstantScalar(a) && !isConstantScalar(b));
  const [first, other] = turned ? [1, 0] : [0, 1];
  const small = turned ? a : b;
  const second =
    isConstantScalar(small) && small.data
      ? { scalar: Number(small.data[0]), zeroPoint: small.quant?.zeroPoints[0] ?? 0 }
      : inputView(c, other);
  return { input: inputView(c, first), second, reversed: turned };
}

function elementwise(c: Context, mode: ElementwiseMode, stage: Output, scales?: OperandScales): NpuOperation[] {
  const output = outputView(c);
  return [
    { kind: 'elementwise', mode, name: c.node.name, ...operands(c), output, stage, ...(scales ? { scales } : {}) },
  ];
}

/** Low bits of the output's factor that must be zero for one rounding to do what two do (Vela's scaling.py). */
const roundingFreeMask = 0xfff;

/** The smaller operand has a factor, the larger one counts half; of equal ones both count as they are where that cannot
 *  change a rounding. */
function additionScales(
  a: Scale,
  b: Scale,
  p: { a: Multiplier; b: Multiplier; y: Multiplier },
): { stage: NpuScale; scales: OperandScales } {
  const none = { multiplier: 0, shift: 0 };
  const stage = npuScale(p.y);
  if (a.scale === b.scale && (p.y.multiplier & roundingFreeMask) === 0) {
    const both = { multiplier: 2 ** 15, shift: 0 };
    return { stage: { ...stage, shift: stage.shift - 4 }, scales: { which: 0, a: both, b: both } };
  }
  const aIsSmall = a.scale < b.scale;
  const small = npuScale(aIsSmall ? p.a : p.b);
  const factor = { ...small, shift: small.shift - additionHeadroom };
  return { stage, scales: { which: aIsSmall ? 1 : 2, a: factor, b: none } };
}

/** Bits that operands are shifted up by before they are added. */
const additionHeadroom = 20;

const addition =
  (mode: 'add' | 'sub', round: (x: number) => number): Lowering =>
  (c) => {
    const o = operandsOf(c.node, c.graph);
    const p = additionParameters(c.node, o, round);
    const { stage, scales } = additionScales(scaleOf(c.node, o.a), scaleOf(c.node, o.b), p);
    return elementwise(c, mode, { rounding: 'tfl', scale: stage, min: p.range.min, max: p.range.max }, scales);
  };

const mul: Lowering = (c) => {
  const p = mulParameters(c.node, operandsOf(c.node, c.graph));
  const { min, max } = p.range;
  return elementwise(c, 'mul', { rounding: 'tfl', scale: npuScale(p.rescale), min, max });
};

const extremum =
  (mode: 'min' | 'max'): Lowering =>
  (c) =>
    elementwise(c, mode, { rounding: 'tfl', min: -128, max: 127 });

const lowerings: Readonly<Record<string, Lowering>> = {
  conv2d,
  depthwiseConv2d,
  fullyConnected,
  averagePool2d,
  maxPool2d,
  reshape,
  pad,
  mean,
  concat,
  softmax: lowerSoftmax,
  mul,
  add: addition('add', (x) => x),
  sub: addition('sub', Math.fround),
  minimum: extremum('min'),
  maximum: extremum('max'),
  ...Object.fromEntries([...tableOps].map((op) => [op, table])),
};

/** Whether there is a row for an operator. */
export const hasLowering = (op: string): boolean => op in lowerings;

/** The operations of one node. */
export function lowerNode(node: Node, graph: Graph, placed: Placed): NpuOperation[] {
  return lowerings[node.op]({ node, graph, placed });
}
