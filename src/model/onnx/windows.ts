// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that slide a window: convolution and pooling.
// Semantics: onnx/defs/nn/defs.cc (ConvPoolShapeInference and the operators' documentation).
import { type Attrs, NO_TENSOR, type Tensor, type TensorId } from '../graph.js';
import { permuteConstant } from '../permute.js';
import { refuse } from '../refusal.js';
import { samePadding, windowReach } from '../windows.js';
import { emitChannelsLast, emitOnImage, imageSize } from './layout.js';
import type { OnnxNode } from './node.js';
import type { Value } from './values.js';

export interface Window {
  kernel: [number, number];
  strides: [number, number];
  dilations: [number, number];
  /** [top, left, bottom, right], SAME and VALID resolved. */
  pads: [number, number, number, number];
}

const largest = 65_535;

/** The attributes of a 1-D or 2-D window, as 2-D. `kernel` where the weights give it. */
export function readWindow(n: OnnxNode, kernel: [number, number] | undefined): Window {
  const size = imageSize(n);
  const spatial = n.shape(0).length - 2;
  const pair = (name: string): [number, number] | undefined => {
    const list = n.ints(name);
    if (list === undefined || list.length === 0) return undefined;
    if (list.length !== spatial) return n.broken(`${name} [${list}] for ${spatial} spatial dimensions`);
    if (list.some((v) => !(v >= 1 && v <= largest))) n.broken(`${name} is [${list}]`);
    return spatial === 1 ? [1, list[0]] : [list[0], list[1]];
  };
  const stated = pair('kernel_shape');
  if (stated && kernel && stated.some((k, d) => k !== kernel[d])) {
    n.broken(`kernel_shape [${stated}] for weights of [${kernel}]`);
  }
  const window: Window = {
    kernel: stated ?? kernel ?? n.broken('kernel_shape is missing'),
    strides: pair('strides') ?? [1, 1],
    dilations: pair('dilations') ?? [1, 1],
    pads: [0, 0, 0, 0],
  };
  window.pads = readPads(n, size, spatial, window);
  return window;
}

function readPads(n: OnnxNode, size: [number, number], spatial: number, window: Window): Window['pads'] {
  const auto = n.text('auto_pad', 'NOTSET');
  if (auto === 'VALID') return [0, 0, 0, 0];
  if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') {
    const total = size.map((s, d) => samePadding(s, window.kernel[d], window.strides[d], window.dilations[d]));
    const less = total.map((t) => Math.floor(t / 2));
    const before = auto === 'SAME_UPPER' ? less : total.map((t, d) => t - less[d]);
    return [before[0], before[1], total[0] - before[0], total[1] - before[1]];
  }
  if (auto !== 'NOTSET' && auto !== '') return n.broken(`auto_pad is '${auto}'`);
  const list = n.ints('pads') ?? [];
  if (list.length === 0) return [0, 0, 0, 0];
  if (list.length !== 2 * spatial) return n.broken(`pads [${list}] for ${spatial} spatial dimensions`);
  if (list.some((p) => p < 0)) refuse(`it has negative pads [${list}]`, 'crop with a Slice');
  if (list.some((p) => p > largest)) n.broken(`pads are [${list}]`);
  return spatial === 1 ? [0, list[0], 0, list[1]] : [list[0], list[1], list[2], list[3]];
}

// Convolution

const oihwToOhwi = [0, 2, 3, 1];
const oihwToIhwo = [1, 2, 3, 0];

/** A constant as a value of the same kind, after a change to its stored tensor. */
export function mapConstant(n: OnnxNode, i: number, what: string, change: (tensor: Tensor) => Tensor): Value {
  const value = n.value(i);
  if (value.kind === 'computed') return refuse(`its ${what} are computed, not constant`, `use constant ${what}`);
  const tensor = change(value.tensor);
  n.values.budget.charge(tensor.data?.byteLength ?? 0);
  return { kind: value.kind, tensor };
}

/** Weights as O,I,height,width: those of a signal have height 1. */
export function asOihw(n: OnnxNode, tensor: Tensor): Tensor {
  const { shape, quant } = tensor;
  if (shape.length !== n.shape(0).length || shape.some((d) => d === 0)) return n.broken(`weights of shape [${shape}]`);
  if (shape.length === 4) return tensor;
  const moved = quant && { ...quant, axis: quant.axis === 2 ? 3 : quant.axis };
  return { ...tensor, shape: [shape[0], shape[1], 1, shape[2]], ...(moved && { quant: moved }) };
}

export interface Convolution {
  op: 'conv2d' | 'depthwiseConv2d';
  attrs: Attrs;
  /** From O,I,H,W to the IR's order. */
  perm: number[];
  outputs: number;
}

/** Which IR operator, from the attributes and the weights' O,I,H,W. */
export function readConvolution(n: OnnxNode, weights: number): Convolution {
  imageSize(n);
  const [outputs, depth, height, width] = asOihw(n, n.tensor(weights)).shape;
  const channels = n.shape(0)[1];
  const groups = n.int('group', 1);
  if (groups < 1 || channels !== depth * groups || outputs % groups !== 0) {
    n.broken(`${channels} channels, ${groups} groups and weights of shape [${n.tensor(weights).shape}]`);
  }
  const { kernel: _, ...attrs } = readWindow(n, [height, width]);
  // ONNX output channel o belongs to group floor(o / multiplier), as in the IR.
  if (groups > 1 && depth === 1) {
    return { op: 'depthwiseConv2d', attrs: { ...attrs, multiplier: outputs / groups }, perm: oihwToIhwo, outputs };
  }
  return { op: 'conv2d', attrs: { ...attrs, groups }, perm: oihwToOhwi, outputs };
}

/** Weights in the graph, in the IR's order. */
export function placeWeights(n: OnnxNode, i: number, perm: readonly number[], quant?: Tensor['quant']): TensorId {
  const value = mapConstant(n, i, 'weights', (tensor) =>
    permuteConstant(asOihw(n, quant === undefined ? tensor : { ...tensor, quant }), perm),
  );
  return n.values.place(value);
}

/** The constant bias, checked, in the graph; NO_TENSOR where there is none. */
export function placeBias(n: OnnxNode, i: number, outputs: number): TensorId {
  if (!n.has(i)) return NO_TENSOR;
  const { shape } = n.tensor(i);
  if (shape.length !== 1 || shape[0] !== outputs) n.broken(`a bias of shape [${shape}] for ${outputs} output channels`);
  return n.values.place(mapConstant(n, i, 'bias', (tensor) => tensor));
}

export function convertConv(n: OnnxNode): void {
  const { op, attrs, perm, outputs } = readConvolution(n, 1);
  const weights = placeWeights(n, 1, perm);
  const bias = placeBias(n, 2, outputs);
  emitOnImage(n, op, bias === NO_TENSOR ? [weights] : [weights, bias], attrs);
}

// Pooling

type Quantized = Pick<Tensor, 'dtype' | 'quant'>;

export function convertMaxPool(n: OnnxNode): void {
  if (n.hasOutput(1)) refuse('it also gives the indices of the maxima', 'export it with one output');
  const window = readWindow(n, undefined);
  emitOnImage(n, 'maxPool2d', [], { ...window, pads: coverLast(n, window) });
}

export function convertAveragePool(n: OnnxNode, quantized?: Quantized): void {
  const { dilations, ...window } = readWindow(n, undefined);
  if (dilations.some((d) => d !== 1)) refuse('it has dilations', 'use an average pool without dilations');
  const pads = coverLast(n, { ...window, dilations });
  const added = pads.some((p, i) => p !== window.pads[i]);
  const countIncludePad = n.int('count_include_pad', 0) !== 0 && window.pads.some((p) => p > 0);
  // Elements that ceil_mode adds are never counted, padding is: one divisor rule cannot say both.
  if (added && countIncludePad) refuse('it has both ceil_mode and count_include_pad', 'turn one of them off');
  emitOnImage(n, 'averagePool2d', [], { ...window, pads, countIncludePad }, quantized);
}

/** ceil_mode as padding behind: enough for the last window that still begins inside the image or its front padding. */
export function coverLast(n: OnnxNode, { kernel, strides, dilations, pads }: Window): number[] {
  if (n.int('ceil_mode', 0) === 0) return pads;
  const end = imageSize(n).map((size, d) => {
    const padded = size + pads[d] + pads[d + 2];
    const reach = windowReach(kernel[d], dilations[d]);
    const windows = Math.ceil((padded - reach) / strides[d]) + 1;
    const begins = (windows - 1) * strides[d] < size + pads[d];
    const last = (windows - (begins ? 1 : 2)) * strides[d];
    return pads[d + 2] + Math.max(0, last + reach - padded);
  });
  return [pads[0], pads[1], end[0], end[1]];
}

/** Over all of each channel. */
export function convertGlobalAverage(n: OnnxNode, quantized?: Quantized): void {
  const rank = n.shape(0).length;
  if (rank < 3) n.broken(`an input of ${rank} dimensions`);
  const axes = Array.from({ length: rank - 2 }, (_, d) => d + 1);
  emitChannelsLast(n, 'mean', [], { axes, keepDims: true }, quantized);
}

export function convertGlobalMax(n: OnnxNode): void {
  const kernel = imageSize(n);
  emitOnImage(n, 'maxPool2d', [], { kernel, strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] });
}
