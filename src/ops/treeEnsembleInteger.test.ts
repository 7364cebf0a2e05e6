// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addTensor, emptyGraph, type Graph, type Node, quantOf } from '../model/graph.js';
import { quantizeValue } from './quantized.js';
import { comparisons, headOf, leaf, treeEnsemble } from './treeEnsemble.js';

/** One comparison of one int8 feature with a value: 1 where it is true, else -1 or what is given. */
function stump(scale: number, comparison: number, value: number, otherwise = -1): { graph: Graph; node: Node } {
  const graph = emptyGraph('stump', { format: 'mote', quantized: true });
  const nodes = [headOf(0, comparison, false), 2, leaf.last, 0, leaf.last, 0];
  const inputs = [
    addTensor(graph, { name: 'x', dtype: 'int8', shape: [1, 1], quant: quantOf(scale, -128) }),
    addTensor(graph, { name: 'nodes', dtype: 'int16', shape: [3, 2], data: Int16Array.from(nodes) }),
    addTensor(graph, { name: 'values', dtype: 'float32', shape: [3], data: Float32Array.of(value, 1, otherwise) }),
    addTensor(graph, { name: 'roots', dtype: 'int32', shape: [1], data: Int32Array.of(0) }),
  ];
  const outputs = [addTensor(graph, { name: 'y', dtype: 'int8', shape: [1, 1], quant: quantOf(1 / 64, 0) })];
  return { graph, node: { op: 'treeEnsemble', name: 't', inputs, outputs, attrs: { targets: 1, aggregate: 'sum' } } };
}

const goesTrue = ({ graph, node }: { graph: Graph; node: Node }, x: number): boolean => {
  const tables = node.inputs.slice(1).map((id) => graph.tensors[id].data);
  const [y] = treeEnsemble.evaluate(node, [Int8Array.of(x), ...tables], { graph, rounding: 'single' });
  return Number(y[0]) > 0;
};

describe('integer trees', () => {
  it('find a category by the integer that it becomes, whatever the scale', () => {
    const scale = Math.fround(6 / 255);
    for (const category of [0, 1, 2, 3, 5, 6]) {
      const tree = stump(scale, comparisons.equal, category);
      const taken = [0, 1, 2, 3, 4, 5, 6].filter((c) =>
        goesTrue(tree, quantizeValue(c, { scale, zeroPoint: -128 }, { min: -128, max: 127 })),
      );
      expect(taken).toEqual([category]);
    }
  });

  it('take nothing to be at most NaN, as floats do', () => {
    const tree = stump(1 / 64, comparisons.lessEqual, Number.NaN);
    expect([-128, 0, 127].map((x) => goesTrue(tree, x))).toEqual([false, false, false]);
  });

  it('are refused where a leaf is infinite, which no grid holds', () => {
    const { graph, node } = stump(1 / 64, comparisons.less, 0, Number.NEGATIVE_INFINITY);
    expect(treeEnsemble.unsupported?.(node, graph)?.reason).toMatch(/no finite number/);
  });
});
