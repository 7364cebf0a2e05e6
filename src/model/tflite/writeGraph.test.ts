// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { MoteError } from '../../cli/errors.js';
import { opSpec } from '../../ops/index.js';
import { canonicalize } from '../../passes/index.js';
import { type Attrs, addTensor, elementCount, emptyGraph, type Graph, quantOf, type Tensor } from '../graph.js';
import { readTflite } from '../tflite.js';
import { writeTfliteGraph } from './writeGraph.js';

const ints = (count: number): Int8Array => Int8Array.from({ length: count }, (_, i) => ((i * 37 + 11) % 255) - 127);

interface Case {
  attrs?: Attrs;
  /** Shapes of activations, and behind them of constant weights. */
  inputs?: number[][];
  weights?: number[];
  bias?: number;
}

/** One node on int8 inputs; weights with one scale per output channel. */
function graphOf(op: string, { attrs = {}, inputs = [[1, 6, 5, 4]], weights, bias }: Case): Graph {
  const graph = emptyGraph(op, { format: 'mote', quantized: true });
  const ids = inputs.map((shape, i) =>
    addTensor(graph, { name: `x${i}`, dtype: 'int8', shape, quant: quantOf(0.0625 * (i + 1), 3 - i) }),
  );
  graph.inputs = [...ids];
  if (weights) {
    const axis = op === 'depthwiseConv2d' ? 3 : 0;
    const scales = Float64Array.from({ length: weights[axis] }, (_, c) => Math.fround(0.01 * (c + 1)));
    const quant = { scales, zeroPoints: new Int32Array(scales.length), axis };
    ids.push(addTensor(graph, { name: 'w', dtype: 'int8', shape: weights, quant, data: ints(elementCount(weights)) }));
    if (bias)
      ids.push(addTensor(graph, { name: 'b', dtype: 'int32', shape: [bias], data: new Int32Array(bias).fill(77) }));
  }
  const output: Tensor = { name: 'y', dtype: 'int8', shape: [], quant: quantOf(0.125, -5) };
  const y = addTensor(graph, output);
  const node = { op, name: 'node', inputs: ids, outputs: [y], attrs };
  const [inferred] = (opSpec(op) as NonNullable<ReturnType<typeof opSpec>>).infer(node, graph);
  graph.tensors[y] = { ...output, ...inferred, quant: inferred.quant ?? output.quant };
  graph.nodes = [node];
  graph.outputs = [y];
  return graph;
}

const window = { strides: [2, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
const cases: [string, string, Case][] = [
  [
    'conv2d',
    'SAME',
    { attrs: { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1 }, weights: [8, 3, 3, 4], bias: 8 },
  ],
  [
    'conv2d',
    'VALID, dilated, relu6',
    {
      attrs: { strides: [1, 1], dilations: [2, 1], pads: [0, 0, 0, 0], groups: 1, activation: { min: 0, max: 6 } },
      weights: [8, 3, 3, 4],
      bias: 8,
    },
  ],
  [
    'conv2d',
    'pads of neither kind',
    { attrs: { strides: [2, 2], dilations: [1, 1], pads: [2, 0, 1, 3], groups: 1 }, weights: [8, 3, 3, 4], bias: 8 },
  ],
  ['conv2d', 'groups', { attrs: { ...window, strides: [1, 1], groups: 2 }, weights: [8, 3, 3, 2], bias: 8 }],
  [
    'depthwiseConv2d',
    'multiplier 2',
    { attrs: { ...window, strides: [1, 1], multiplier: 2 }, weights: [1, 3, 3, 8], bias: 8 },
  ],
  [
    'fullyConnected',
    'relu',
    { attrs: { activation: { min: 0, max: null } }, inputs: [[1, 12]], weights: [5, 12], bias: 5 },
  ],
  ['averagePool2d', 'SAME', { attrs: { kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], countIncludePad: false } }],
  ['maxPool2d', 'VALID', { attrs: { kernel: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0], dilations: [1, 1] } }],
  ['softmax', 'beta', { attrs: { axis: 1, beta: 0.5 }, inputs: [[1, 9]] }],
  ['mean', 'keepDims', { attrs: { axes: [1, 2], keepDims: true } }],
  ['mean', 'axes that go', { attrs: { axes: [1], keepDims: false } }],
  [
    'pad',
    'zero',
    {
      attrs: {
        pads: [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0],
        ],
        value: 0,
      },
    },
  ],
  [
    'pad',
    'a value',
    {
      attrs: {
        pads: [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0],
        ],
        value: -0.25,
      },
    },
  ],
  [
    'concat',
    'of two',
    {
      attrs: { axis: 3 },
      inputs: [
        [1, 6, 5, 4],
        [1, 6, 5, 2],
      ],
    },
  ],
  ['slice', 'ranges', { attrs: { begin: [0, 1, 0, 2], size: [1, 4, 5, 2], strides: [1, 1, 1, 1] } }],
  ['slice', 'steps', { attrs: { begin: [0, 1, 0, 2], size: [1, 2, 5, 1], strides: [1, 2, 1, 1] } }],
  ['transpose', 'of the middle', { attrs: { perm: [0, 2, 1, 3] } }],
  ['leakyRelu', 'alpha', { attrs: { alpha: 0.25 } }],
  ...['add', 'sub', 'mul'].map((op): [string, string, Case] => [
    op,
    'relu',
    {
      attrs: { activation: { min: 0, max: null } },
      inputs: [
        [1, 6, 5, 4],
        [1, 1, 1, 4],
      ],
    },
  ]),
  ...['minimum', 'maximum'].map((op): [string, string, Case] => [
    op,
    'of two',
    {
      inputs: [
        [1, 6, 5, 4],
        [1, 6, 5, 4],
      ],
    },
  ]),
  ...['logistic', 'tanh', 'hardSwish', 'quantize'].map((op): [string, string, Case] => [op, 'plain', {}]),
  ['clamp', 'relu', { attrs: { min: 0, max: null } }],
];

/** All that matters of a graph: names of temporaries may differ. */
const facts = (graph: Graph): object =>
  graph.nodes.map((n) => ({
    op: n.op,
    attrs: n.attrs,
    tensors: [...n.inputs, ...n.outputs].map((id) => {
      const { dtype, shape, data, quant } = graph.tensors[id];
      return { dtype, shape, data, quant: data && dtype === 'int32' ? undefined : quant };
    }),
  }));

describe('writeTfliteGraph', () => {
  it.each(cases)('%s (%s) is read again as it was', (op, _, what) => {
    const graph = canonicalize(graphOf(op, what));
    expect(facts(canonicalize(readTflite(writeTfliteGraph(graph), op)))).toEqual(facts(graph));
  });

  it('writes one code for all operators of a kind, and constants on 16 bytes', () => {
    const graph = graphOf('conv2d', cases[0][2]);
    const bytes = Buffer.from(writeTfliteGraph(graph));
    expect(bytes.subarray(4, 8).toString()).toBe('TFL3');
    const weights = Buffer.from(graph.tensors[1].data as Int8Array);
    expect(bytes.indexOf(weights)).toBeGreaterThan(0);
    expect(bytes.indexOf(weights) % 16).toBe(0);
  });

  const refused: [string, Case, RegExp][] = [
    [
      'averagePool2d',
      { attrs: { kernel: [3, 3], strides: [1, 1], pads: [0, 2, 0, 0], countIncludePad: false } },
      /neither SAME nor VALID/,
    ],
    ['clamp', { attrs: { min: -0.5, max: 0.5 } }, /clamp to \[-0.5, 0.5\]/],
    ['tile', { attrs: { repeats: [1, 2, 1, 1] } }, /no such operator/],
  ];
  it.each(refused)('%s without words in TFLite is refused by name', (op, what, sentence) => {
    const write = (): Uint8Array => writeTfliteGraph(graphOf(op, what));
    expect(write).toThrow(MoteError);
    expect(write).toThrow(sentence);
  });
});
