// SPDX-License-Identifier: Apache-2.0
// Random int8 networks of operators that slide windows over images: any kernel, stride, dilation and padding, residual
// additions, and sometimes a mean over the whole image at the end.
import {
  type Attrs,
  addTensor,
  elementCount,
  emptyGraph,
  type Graph,
  quantOf,
  type TensorId,
} from '../../src/model/graph.js';
import { opSpec } from '../../src/ops/index.js';
import type { Random } from '../kernels/random.js';

interface Maker {
  graph: Graph;
  random: Random;
}

const weightsOf = (random: Random, count: number): Int8Array =>
  Int8Array.from({ length: count }, () => random.int(-127, 127));

function constant({ graph }: Maker, data: Int8Array | Int32Array, shape: number[], scale: number): TensorId {
  const dtype = data instanceof Int8Array ? 'int8' : 'int32';
  return addTensor(graph, { name: `c${graph.tensors.length}`, dtype, shape, data, quant: quantOf(scale, 0) });
}

/** Adds a node; its output keeps the input's scale where the operator asks for that. */
function add({ graph, random }: Maker, op: string, inputs: TensorId[], attrs: Attrs, keepsScale: boolean): TensorId {
  const quant = keepsScale
    ? graph.tensors[inputs[0]].quant
    : quantOf(Math.fround(random.real(0.02, 0.08)), random.int(-40, 40));
  const name = `${op}_${graph.nodes.length}`;
  const output = addTensor(graph, { name, dtype: 'int8', shape: [], ...(quant ? { quant } : {}) });
  const node = { op, name, inputs, outputs: [output], attrs };
  graph.nodes.push(node);
  graph.tensors[output].shape = opSpec(op)?.infer(node, graph)[0].shape ?? [];
  return output;
}

const shapeOf = ({ graph }: Maker, id: TensorId): number[] => graph.tensors[id].shape;

/** Kernel, stride, dilation and padding that fit the image; no window lies wholly in the padding. */
function windowOf({ random }: Maker, rows: number, columns: number, dilated: boolean) {
  const axis = (size: number) => {
    const kernel = random.int(1, Math.min(4, size));
    const dilation = dilated && (kernel - 1) * 2 < size ? random.int(1, 2) : 1;
    const reach = (kernel - 1) * dilation;
    const pad = (): number => random.int(0, Math.min(reach, size - 1));
    return { kernel, dilation, stride: random.pick([1, 1, 1, 2, 3]), before: pad(), after: pad() };
  };
  const [y, x] = [axis(rows), axis(columns)];
  return {
    kernel: [y.kernel, x.kernel],
    dilations: [y.dilation, x.dilation],
    strides: [y.stride, x.stride],
    pads: [y.before, x.before, y.after, x.after],
  };
}

function convolution(m: Maker, x: TensorId, depthwise: boolean): TensorId {
  const [, rows, columns, channels] = shapeOf(m, x);
  const { kernel, ...window } = windowOf(m, rows, columns, true);
  const [h, w] = kernel;
  const outC = depthwise ? channels : m.random.int(1, 6);
  const shape = depthwise ? [1, h, w, channels] : [outC, h, w, channels];
  const weights = constant(m, weightsOf(m.random, elementCount(shape)), shape, 0.005);
  const bias = constant(
    m,
    Int32Array.from({ length: outC }, () => m.random.int(-2000, 2000)),
    [outC],
    0.0001,
  );
  return depthwise
    ? add(m, 'depthwiseConv2d', [x, weights, bias], { ...window, multiplier: 1 }, false)
    : add(m, 'conv2d', [x, weights, bias], { ...window, groups: 1 }, false);
}

function pooling(m: Maker, x: TensorId, op: 'maxPool2d' | 'averagePool2d'): TensorId {
  const [, rows, columns] = shapeOf(m, x);
  const { kernel, strides, pads, dilations } = windowOf(m, rows, columns, op === 'maxPool2d');
  const inside = pads.map((p, i) => Math.min(p, kernel[i % 2] - 1));
  const further = op === 'maxPool2d' ? { dilations } : { countIncludePad: m.random.chance(0.5) };
  return add(m, op, [x], { kernel, strides, pads: inside, ...further }, true);
}

function padding(m: Maker, x: TensorId): TensorId {
  const pads = [
    [0, 0],
    [m.random.int(0, 1), m.random.int(0, 1)],
    [m.random.int(0, 2), 0],
    [0, 0],
  ];
  return add(m, 'pad', [x], { pads, value: 0 }, true);
}

/** Adds to the tensor what a window of the same shape makes of it. */
function residual(m: Maker, x: TensorId): TensorId {
  const channels = shapeOf(m, x)[3];
  const weights = constant(m, weightsOf(m.random, 9 * channels), [1, 3, 3, channels], 0.01);
  const bias = constant(m, new Int32Array(channels), [channels], 0.0001);
  const same = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], multiplier: 1 };
  const branch = add(m, 'depthwiseConv2d', [x, weights, bias], same, false);
  return add(m, 'add', m.random.chance(0.5) ? [x, branch] : [branch, x], {}, false);
}

function step(m: Maker, x: TensorId): TensorId {
  switch (m.random.int(0, 7)) {
    case 0:
    case 1:
      return convolution(m, x, false);
    case 2:
    case 3:
      return convolution(m, x, true);
    case 4:
      return pooling(m, x, m.random.pick(['maxPool2d', 'averagePool2d']));
    case 5:
      return padding(m, x);
    case 6:
      return add(m, 'clamp', [x], { min: -1, max: m.random.real(0.5, 2) }, true);
    default:
      return residual(m, x);
  }
}

/** A network of up to seven operators on an image of 8 … 30 rows. */
export function randomImageGraph(random: Random): Graph {
  const graph = emptyGraph('images', { format: 'mote', quantized: true });
  const m = { graph, random };
  const shape = [1, random.int(8, 30), random.int(1, 6), random.int(1, 5)];
  let x = addTensor(graph, { name: 'input', dtype: 'int8', shape, quant: quantOf(0.05, random.int(-20, 20)) });
  graph.inputs.push(x);
  const count = random.int(1, 7);
  for (let i = 0; i < count && shapeOf(m, x)[1] > 3; i++) x = step(m, x);
  const [, rows, columns] = shapeOf(m, x);
  if (random.chance(0.3))
    x = add(m, 'averagePool2d', [x], { kernel: [rows, columns], strides: [1, 1], pads: [0, 0, 0, 0] }, true);
  graph.outputs.push(x);
  return graph;
}
