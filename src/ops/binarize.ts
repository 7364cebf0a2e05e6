// SPDX-License-Identifier: Apache-2.0
// binarize: the sign of each value as a bit, 32 channels to a word (bits.ts). Zero gives 1, or 0 where `strict` says so; what
// is not a number gives 0.
import { elementCount, type Graph, type Node } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { packBits, wordsOf } from './bits.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type OpSpec } from './op.js';
import { scaleOf } from './quantized.js';

function strictOf(node: Node): boolean {
  const { strict } = node.attrs;
  if (typeof strict !== 'boolean') badShape(node, "'strict' must be true or false");
  return strict;
}

/** The lowest integer that gives 1. */
const threshold = (node: Node, graph: Graph): number =>
  scaleOf(node, inputOf(node, graph, 0)).zeroPoint + (strictOf(node) ? 1 : 0);

function sizes(node: Node, graph: Graph): CStruct['fields'] {
  const { shape } = inputOf(node, graph, 0);
  const channels = shape.at(-1) ?? 1;
  return [
    ['pixels', elementCount(shape) / channels],
    ['channels', channels],
    ['words', wordsOf(channels)],
  ];
}

export const binarize: OpSpec = {
  op: 'binarize',
  infer(node, graph) {
    strictOf(node);
    const { shape } = inputOf(node, graph, 0);
    if (shape.length === 0) badShape(node, 'a number alone has no channels');
    return [{ shape: [...shape.slice(0, -1), wordsOf(shape[shape.length - 1])], dtype: 'int32' }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const { dtype } = inputOf(node, graph, 0);
    if (dtype === 'float32' || dtype === 'int8') return undefined;
    return { reason: `there is no kernel for the signs of ${dtype}`, change: 'use float32 or int8' };
  },
  lower(node, { graph }) {
    return inputOf(node, graph, 0).dtype === 'float32'
      ? kernelCall('binarize', ['f32', 'b1'], [...sizes(node, graph), ['strict', strictOf(node) ? 1 : 0]])
      : kernelCall('binarize', ['s8', 'b1'], [...sizes(node, graph), ['threshold', threshold(node, graph)]]);
  },
  evaluate(node, inputs, { graph }) {
    const x = given(node, inputs, 0);
    const channels = inputOf(node, graph, 0).shape.at(-1) ?? 1;
    const strict = strictOf(node);
    const least = x instanceof Int8Array ? threshold(node, graph) : 0;
    const isSet = x instanceof Int8Array || !strict ? (i: number) => x[i] >= least : (i: number) => x[i] > 0;
    return [packBits(x.length, channels, isSet)];
  },
};
