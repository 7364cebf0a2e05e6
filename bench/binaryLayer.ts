// SPDX-License-Identifier: Apache-2.0
// A layer of signs with the same bits every time.
import { type Attrs, addTensor, type DType, elementCount, type Graph, type Node, quantOf } from '../src/model/graph.js';
import { packBits, wordsOf } from '../src/ops/bits.js';
import { opSpec } from '../src/ops/index.js';

export interface BinaryShape {
  /** NHWC. */
  input: readonly number[];
  /** OHWI. */
  weights: readonly number[];
  attrs: Attrs;
  output: DType;
}

/** The same signs every time. */
export function signBits(count: number, channels: number, seed: number): Int32Array {
  let s = seed;
  return packBits(count, channels, () => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return s < 0;
  });
}

/** Zeros around the image; scales of both signs. */
export function addBinaryLayer(graph: Graph, { input, weights, attrs, output }: BinaryShape): Node {
  const [outC] = weights;
  const channels = input[3];
  const words = wordsOf(channels);
  const floats = (name: string, value: (c: number) => number): number =>
    addTensor(graph, {
      name,
      dtype: 'float32',
      shape: [outC],
      data: Float32Array.from({ length: outC }, (_, c) => value(c)),
    });
  const x = addTensor(graph, { name: 'input', dtype: 'int32', shape: [...input.slice(0, 3), words] });
  const w = addTensor(graph, {
    name: 'weights',
    dtype: 'int32',
    shape: [...weights.slice(0, 3), words],
    data: signBits(elementCount([...weights]), channels, 1),
  });
  const scale = floats('scale', (c) => (c % 3 ? 1 : -1) * (0.02 + 0.001 * (c % 7)));
  const bias = floats('bias', (c) => 0.1 * (c % 5) - 0.2);
  const quant = output === 'int8' ? { quant: quantOf(Math.fround(0.03), -4) } : {};
  const y = addTensor(graph, { name: 'output', dtype: output, shape: [], ...quant });
  const node: Node = {
    op: 'binaryConv2d',
    name: `binaryConv2d${graph.nodes.length}`,
    inputs: [x, w, scale, bias],
    outputs: [y],
    attrs: { ...attrs, channels, padValue: 0 },
  };
  graph.nodes.push(node);
  graph.inputs.push(x);
  graph.outputs.push(y);
  Object.assign(graph.tensors[y], opSpec('binaryConv2d')?.infer(node, graph)[0]);
  return node;
}
