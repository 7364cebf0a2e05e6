// SPDX-License-Identifier: Apache-2.0
// Scatter with constant and computed indices, and all reductions, against ONNX Runtime; running products by hand.
import { describe, expect, it } from 'vitest';
import { againstOnnxRuntime } from './testing/againstOnnxRuntime.js';
import { i64, model, node, run } from './testing/onnxCases.js';
import type { TestGraph } from './testing/onnxWriter.js';

const reductions = ['none', 'add', 'mul', 'min', 'max'];

const scattered = (op: string, reduction: string, indices: number[], dims: number[], updates: number[]): TestGraph => ({
  opset: 18,
  inputs: [
    { name: 'x', type: 'float', dims: [3, 4] },
    { name: 'i', type: 'int64', dims },
    { name: 'u', type: 'float', dims: updates },
  ],
  outputs: [{ name: 'y', type: 'float' }],
  nodes: [{ op, inputs: ['x', 'i', 'u'], outputs: ['y'], attributes: { reduction: { text: reduction } } }],
  constants: [{ name: 'i', type: 'int64', dims, data: BigInt64Array.from(indices, BigInt) }],
});

/** The same with the indices as an input. */
const computed = ({ constants: _, ...graph }: TestGraph): TestGraph => graph;

describe.each(reductions)('scatter, reduction %s', (reduction) => {
  // Places that are written twice are for what combines.
  const twice = reduction !== 'none';
  const elements = [0, 1, twice ? 0 : 2, -1, 0, 1];
  const rows = twice ? [1, -2] : [2, 0];
  it.each([
    ['ScatterElements', elements, [2, 3], [2, 3]],
    ['ScatterND', rows, [2, 1], [2, 4]],
    ['ScatterND', [0, 1, 2, -1, 1, 3], [3, 2], [3]],
  ] as const)('%s by %s', async (op, indices, dims, updates) => {
    const graph = scattered(op, reduction, [...indices], [...dims], [...updates]);
    const late = await againstOnnxRuntime(computed(graph), { i: indices });
    expect(late.graph.nodes.map((n) => n.op)).toContain('scatter');
    expect(late.worst).toBeLessThan(1e-6);
    const known = await againstOnnxRuntime({ ...graph, inputs: graph.inputs.filter(({ name }) => name !== 'i') });
    expect(known.worst).toBeLessThan(1e-6);
    expect(known.graph.nodes.some((n) => n.op === 'scatter')).toBe(twice);
  });
});

describe('CumProd', () => {
  const product = (exclusive: number, reverse: number) =>
    run(
      model(
        [2, 5],
        [node('CumProd', ['x', 'axis'], { exclusive: { int: exclusive }, reverse: { int: reverse } })],
        [{ ...i64('axis', 1), dims: [] }],
      ),
    ).values;
  it('multiplies from either end, with or without the element itself', () => {
    expect(product(0, 0)).toEqual([0, 0, 0, 0, 0, 5, 30, 210, 1680, 15120]);
    expect(product(0, 1)).toEqual([0, 24, 24, 12, 4, 15120, 3024, 504, 72, 9]);
    expect(product(1, 0)).toEqual([1, 0, 0, 0, 0, 1, 5, 30, 210, 1680]);
    expect(product(1, 1)).toEqual([24, 24, 12, 4, 1, 3024, 504, 72, 9, 1]);
  });
});
