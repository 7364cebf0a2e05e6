// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { addTensor, emptyGraph, type Graph } from '../model/graph.js';
import { evaluateGraph } from './evaluateGraph.js';

/** y = (x + [1, 2]) * x, with x + [1, 2] also an output. */
function diamond(): Graph {
  const graph = emptyGraph('diamond', { format: 'mote', quantized: false });
  const float = (name: string, data?: Float32Array): number =>
    addTensor(graph, { name, dtype: 'float32', shape: [2], ...(data ? { data } : {}) });
  const [x, c, s, y] = [float('x'), float('c', Float32Array.of(1, 2)), float('s'), float('y')];
  graph.nodes.push({ op: 'add', name: 'add', inputs: [x, c], outputs: [s], attrs: {} });
  graph.nodes.push({ op: 'mul', name: 'mul', inputs: [s, x], outputs: [y], attrs: {} });
  graph.inputs.push(x);
  graph.outputs.push(y, s, c);
  return graph;
}

describe('evaluateGraph', () => {
  it('gives the outputs in order, constants among them, and shows what it computes', () => {
    const graph = diamond();
    const seen: [number, number[]][] = [];
    const outputs = evaluateGraph(graph, [Float32Array.of(3, 4)], {
      rounding: 'tflite',
      visit: (id, data) => seen.push([id, Array.from(data as Float32Array)]),
    });
    expect(outputs.map((d) => Array.from(d as Float32Array))).toEqual([
      [12, 24],
      [4, 6],
      [1, 2],
    ]);
    expect(seen).toEqual([
      [2, [4, 6]],
      [3, [12, 24]],
    ]);
    expect(Array.from(graph.tensors[1].data as Float32Array), 'constants are not written').toEqual([1, 2]);
  });

  it('says which operator is not in the table', () => {
    const graph = diamond();
    graph.nodes[0].op = 'einsum';
    expect(() => evaluateGraph(graph, [Float32Array.of(3, 4)], { rounding: 'tflite' })).toThrow("no operator 'einsum'");
  });
});
