// SPDX-License-Identifier: Apache-2.0
// The layers by which kernels' costs are fitted: small and large, with few and many channels, on and off the kernels'
// block sizes, padded and not.

import { parseEncoding } from '../src/compress/formats/index.js';
import { randomMatrix } from '../src/compress/formats/testing/randomMatrix.js';
import { type Attrs, addTensor, type DType, elementCount, type Graph, type Node, quantOf } from '../src/model/graph.js';
import { opSpec } from '../src/ops/index.js';
import { weightData, weightRows } from '../src/ops/weightMatrix.js';
import { addBinaryLayer } from './binaryLayer.js';

type Size = readonly number[];

export interface LayerShape {
  /** Of a binaryConv2d: what it gives. */
  output?: DType;
  inputs: readonly Size[];
  /** As in the IR; left out where the operator has none. */
  weights?: Size;
  attrs: Attrs;
}

const window = (stride: number, pad: number): Attrs => ({
  strides: [stride, stride],
  dilations: [1, 1],
  pads: [pad, pad, pad, pad],
});

const convolution = ([h, w, inC, outC, k, stride, pad]: Size): LayerShape => ({
  inputs: [[1, h, w, inC]],
  weights: [outC, k, k, inC],
  attrs: { ...window(stride, pad), groups: 1 },
});

const depthwise = ([h, w, c, k, stride, pad]: Size): LayerShape => ({
  inputs: [[1, h, w, c]],
  weights: [1, k, k, c],
  attrs: { ...window(stride, pad), multiplier: 1 },
});

const pooling = ([h, w, c, k, stride]: Size): LayerShape => ({
  inputs: [[1, h, w, c]],
  attrs: { kernel: [k, k], strides: [stride, stride], dilations: [1, 1], pads: [0, 0, 0, 0] },
});

const images: readonly Size[] = [
  [4, 4, 8],
  [8, 8, 16],
  [9, 7, 20],
  [6, 6, 64],
  [16, 12, 8],
  [3, 5, 32],
];

export const fitShapes: Readonly<Record<string, readonly LayerShape[]>> = {
  conv2d: [
    [12, 12, 16, 16, 1, 1, 0],
    [6, 6, 64, 64, 1, 1, 0],
    [7, 5, 32, 24, 1, 1, 0],
    [12, 12, 8, 16, 1, 1, 0],
    [8, 8, 16, 32, 1, 2, 0],
    [5, 5, 128, 32, 1, 1, 0],
    [3, 3, 64, 128, 1, 1, 0],
    [16, 16, 3, 8, 3, 2, 1],
    [16, 16, 16, 16, 3, 1, 1],
    [8, 8, 32, 32, 3, 1, 1],
    [8, 8, 64, 64, 3, 1, 1],
    [7, 9, 12, 20, 3, 1, 0],
    [9, 9, 16, 32, 3, 2, 1],
    [10, 6, 1, 16, 5, 2, 2],
    [1, 20, 40, 32, 1, 1, 0],
    [1, 1, 64, 20, 1, 1, 0],
  ].map(convolution),
  depthwiseConv2d: [
    [12, 12, 16, 3, 1, 1],
    [6, 6, 64, 3, 1, 1],
    [9, 7, 20, 3, 1, 0],
    [16, 16, 8, 3, 1, 1],
    [12, 12, 16, 3, 2, 1],
    [6, 6, 64, 3, 2, 1],
    [3, 3, 128, 3, 1, 1],
    [10, 10, 24, 5, 1, 2],
    [5, 12, 32, 2, 1, 0],
    [9, 9, 12, 3, 2, 0],
  ].map(depthwise),
  fullyConnected: [
    [1, 64, 12],
    [1, 640, 128],
    [1, 128, 128],
    [1, 8, 128],
    [1, 33, 10],
    [6, 40, 30],
    [1, 256, 2],
    [10, 16, 16],
  ].map(([rows, inC, outC]) => ({ inputs: [[rows, inC]], weights: [outC, inC], attrs: {} })),
  add: images.map((size) => ({
    inputs: [
      [1, ...size],
      [1, ...size],
    ],
    attrs: {},
  })),
  averagePool2d: [
    [8, 8, 16, 2, 2],
    [6, 6, 64, 6, 1],
    [9, 9, 8, 3, 1],
    [12, 12, 20, 3, 3],
    [5, 5, 32, 5, 1],
    [16, 8, 12, 2, 2],
  ].map((s) => {
    const shape = pooling(s);
    const { dilations: _, ...attrs } = shape.attrs;
    return { ...shape, attrs: { ...attrs, countIncludePad: false } };
  }),
  maxPool2d: [
    [8, 8, 16, 2, 2],
    [6, 6, 64, 3, 1],
    [9, 9, 8, 3, 1],
    [12, 12, 20, 3, 3],
    [5, 5, 32, 5, 1],
    [16, 8, 12, 2, 2],
  ].map(pooling),
  binaryConv2d: (['int32', 'int8', 'float32'] as const).flatMap((output) =>
    [
      [12, 12, 64, 64, 1, 0],
      [8, 8, 32, 64, 3, 1],
      [6, 6, 64, 32, 3, 1],
      [7, 5, 128, 24, 1, 0],
      [1, 1, 256, 10, 1, 0],
      [4, 4, 64, 128, 3, 0],
      [16, 10, 16, 16, 3, 1],
    ].map(([h, w, inC, outC, k, pad]) => ({
      inputs: [[1, h, w, inC]],
      weights: [outC, k, k, inC],
      attrs: window(1, pad),
      output,
    })),
  ),
  mean: images.map((size) => ({ inputs: [[1, ...size]], attrs: { axes: [1, 2], keepDims: false } })),
};

/** The same bytes every time; weights within -127 … 127. */
function noise(count: number, seed: number): Int8Array {
  let s = seed;
  return Int8Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return Math.max(-127, s >> 24);
  });
}

/** Adds the layer to the graph; the pooling operators and mean keep their input's scale. */
export function addLayer(graph: Graph, op: string, layer: LayerShape): Node {
  const { inputs, weights, attrs, output } = layer;
  if (output && weights) return addBinaryLayer(graph, { input: inputs[0], weights, attrs, output });
  const quant = quantOf(Math.fround(0.05), 3);
  const ids = inputs.map((shape) => addTensor(graph, { name: 'input', dtype: 'int8', shape: [...shape], quant }));
  graph.inputs.push(...ids);
  if (weights) {
    const outC = op === 'depthwiseConv2d' ? weights[3] : weights[0];
    const scales = Float64Array.from({ length: outC }, (_, c) => Math.fround(0.002 + 0.0001 * (c % 7)));
    const axis = op === 'depthwiseConv2d' ? 3 : 0;
    const data = noise(elementCount([...weights]), 1);
    const bias = Int32Array.from(noise(outC, 2), (v) => v * 50);
    const perChannel = { scales, zeroPoints: new Int32Array(outC), axis };
    ids.push(
      addTensor(graph, { name: 'weights', dtype: 'int8', shape: [...weights], data, quant: perChannel }),
      addTensor(graph, { name: 'bias', dtype: 'int32', shape: [outC], data: bias }),
    );
  }
  const made = weights || op === 'add' || op === 'mean' ? quantOf(Math.fround(0.08), -4) : quant;
  const y = addTensor(graph, { name: 'output', dtype: 'int8', shape: [], quant: made });
  const node: Node = { op, name: `${op}${graph.nodes.length}`, inputs: ids, outputs: [y], attrs };
  graph.nodes.push(node);
  graph.outputs.push(y);
  Object.assign(graph.tensors[y], opSpec(op)?.infer(node, graph)[0]);
  return node;
}

/** Gives the weights of a layer the structure of an encoding. */
export function storeAs(graph: Graph, { op, inputs }: Node, name: string): void {
  const w = graph.tensors[inputs[1]];
  const encoding = parseEncoding(name);
  if (!encoding) throw new Error(`no encoding ${name}`);
  const rows = weightRows(op, w.shape);
  let s = 1;
  const matrix = randomMatrix(encoding, rows, elementCount(w.shape) / rows, (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return (s >>> 16) % below;
  });
  w.data = weightData(op, w.shape, matrix);
  w.stored = { encoding, ...(matrix.groupScales ? { groupScales: matrix.groupScales } : {}) };
}
