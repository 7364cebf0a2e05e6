// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that hold weights or slide a window.
import { type Attrs, addTensor, elementCount, NO_TENSOR, type Tensor, type TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import { samePadding } from '../windows.js';
import { activationOf } from './activation.js';
import type { Field } from './flatbuffer.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

interface WindowOptions {
  union: number;
  padding: Field<'int8'>;
  strideH: Field<'int32'>;
  strideW: Field<'int32'>;
  activation: Field<'int8'>;
  dilationH?: Field<'int32'>;
  dilationW?: Field<'int32'>;
}

const same = 0;
const valid = 1;

/** Strides, dilations, explicit pads and activation, from the options and the NHWC input. */
function windowAttrs(n: TfliteNode, options: WindowOptions, kernel: readonly [number, number]): Attrs {
  const positive = (value: number, what: string): number =>
    value > 0 && value < 65536 ? value : n.broken(`${what} is ${value}`);
  const get = (field: Field<'int32'> | undefined): number => (field === undefined ? 1 : n.option(options, field));
  const strides = [positive(get(options.strideH), 'the stride'), positive(get(options.strideW), 'the stride')];
  const dilations = [
    positive(get(options.dilationH), 'the dilation'),
    positive(get(options.dilationW), 'the dilation'),
  ];
  for (const k of kernel) positive(k, 'the window');
  const { shape } = n.input(0);
  const padding = n.option(options, options.padding);
  if (padding !== same && padding !== valid) n.broken(`padding ${padding} is unknown`);
  const total = [0, 1].map((d) =>
    padding === valid ? 0 : samePadding(shape[d + 1], kernel[d], strides[d], dilations[d]),
  );
  // TFLite puts the odd element of SAME behind (tensorflow/lite/kernels/padding.h).
  const before = total.map((t) => Math.floor(t / 2));
  const pads = [before[0], before[1], total[0] - before[0], total[1] - before[1]];
  const activation = activationOf(n, n.option(options, options.activation));
  return { strides, dilations, pads, ...(activation && { activation }) };
}

function image(n: TfliteNode, i: number, what: string): Tensor {
  const tensor = n.input(i);
  return tensor.shape.length === 4 ? tensor : n.broken(`its ${what} has shape [${tensor.shape}], not four dimensions`);
}

/** Weights must be constant; int8 weights under float activations (hybrid) become float32. */
function weights(n: TfliteNode, i: number, rank: number): { id: TensorId; tensor: Tensor } {
  const tensor = n.input(i);
  const { data } = tensor;
  if (data === undefined) return refuse(`its weights ('${tensor.name}') are computed`, 'use constant weights');
  if (tensor.shape.length !== rank) n.broken(`its weights have shape [${tensor.shape}]`);
  if (tensor.shape.some((d) => d === 0)) n.broken(`its weights have shape [${tensor.shape}]`);
  if (n.input(0).dtype !== 'float32' || tensor.dtype === 'float32') return { id: n.inputs[i], tensor };
  if (tensor.quant === undefined) return n.broken(`its ${tensor.dtype} weights have no scale`);
  noteHybrid(n);
  const real: Tensor = {
    name: tensor.name,
    dtype: 'float32',
    shape: tensor.shape,
    data: n.dequantize(tensor),
  };
  return { id: addTensor(n.graph, real), tensor: real };
}

const hybridNote =
  'int8 weights under float32 activations were turned into float32; TensorFlow Lite would round the activations';

function noteHybrid(n: TfliteNode): void {
  n.graph.notes ??= [];
  if (!n.graph.notes.includes(hybridNote)) n.graph.notes.push(hybridNote);
}

/** Input, weights and, where there is one, the bias, which must be a constant of one element per output channel. */
function layerInputs(n: TfliteNode, weightsId: TensorId, outputChannels: number): TensorId[] {
  const bias = n.optional(2);
  if (bias === undefined) return [n.inputs[0], weightsId];
  if (bias.data === undefined) refuse(`its bias ('${bias.name}') is computed`, 'use a constant bias');
  if (elementCount(bias.shape) !== outputChannels) {
    n.broken(`a bias of shape [${bias.shape}] for ${outputChannels} output channels`);
  }
  return [n.inputs[0], weightsId, n.inputs[2]];
}

export function convertConv2d(n: TfliteNode): void {
  const x = image(n, 0, 'input');
  const { id, tensor } = weights(n, 1, 4);
  const [outputs, kernelH, kernelW, channels] = tensor.shape;
  if (x.shape[3] % channels !== 0) n.broken(`${x.shape[3]} input channels for weights of shape [${tensor.shape}]`);
  const attrs = windowAttrs(n, schema.Conv2DOptions, [kernelH, kernelW]);
  n.emit('conv2d', layerInputs(n, id, outputs), { ...attrs, groups: x.shape[3] / channels });
}

export function convertDepthwise(n: TfliteNode): void {
  const x = image(n, 0, 'input');
  const { id, tensor } = weights(n, 1, 4);
  const [one, kernelH, kernelW, outputs] = tensor.shape;
  if (one !== 1 || outputs % x.shape[3] !== 0)
    n.broken(`${x.shape[3]} channels for weights of shape [${tensor.shape}]`);
  const attrs = windowAttrs(n, schema.DepthwiseConv2DOptions, [kernelH, kernelW]);
  n.emit('depthwiseConv2d', layerInputs(n, id, outputs), { ...attrs, multiplier: outputs / x.shape[3] });
}

export function convertPool(op: 'averagePool2d' | 'maxPool2d'): (n: TfliteNode) => void {
  return (n) => {
    image(n, 0, 'input');
    const options = schema.Pool2DOptions;
    const kernel = [n.option(options, options.filterH), n.option(options, options.filterW)] as const;
    const { dilations, ...attrs } = windowAttrs(n, options, kernel);
    // TFLite averages over the elements inside the image.
    const own: Attrs = op === 'averagePool2d' ? { countIncludePad: false } : { dilations };
    n.emit(op, n.inputs.slice(0, 1), { kernel, ...attrs, ...own });
  };
}

export function convertFullyConnected(n: TfliteNode): void {
  const options = schema.FullyConnectedOptions;
  const x = n.input(0);
  if (n.option(options, options.weightsFormat) !== 0) {
    refuse('its weights are in the shuffled format of mobile CPUs', 'convert the model again without weight shuffling');
  }
  const { id, tensor } = weights(n, 1, 2);
  const [outputs, depth] = tensor.shape;
  const elements = elementCount(x.shape);
  if (elements % depth !== 0) n.broken(`an input of shape [${x.shape}] for weights of shape [${tensor.shape}]`);
  const activation = activationOf(n, n.option(options, options.activation));
  const attrs: Attrs = { ...(activation && { activation }) };
  const inputs = layerInputs(n, id, outputs).filter((input) => input !== NO_TENSOR);
  const flat = [elements / depth, outputs];
  if (n.output.shape.length === 2) {
    n.emit('fullyConnected', inputs, attrs);
    return;
  }
  // keep_num_dims: the leading dimensions come back.
  n.emitReshape(n.emitTemporary('fullyConnected', inputs, attrs, flat));
}
