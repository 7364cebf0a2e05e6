// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addTensor, type Graph, quantOf, type TensorData } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { depthwiseToConv } from './depthwiseToConv.js';
import { GraphBuilder, randomInputs, randomValues } from './testing/graphBuilder.js';

const attrs = (strides: number[], dilations: number[], pads: number[], multiplier: number) => ({
  strides,
  dilations,
  pads,
  multiplier,
  activation: { min: -0.5, max: 3 },
});

const geometry = fc.record({
  h: fc.integer({ min: 3, max: 9 }),
  w: fc.integer({ min: 3, max: 9 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  multiplier: fc.integer({ min: 2, max: 9 }),
  seed: fc.nat(1000),
});

function floatGraph(g: typeof geometry extends fc.Arbitrary<infer T> ? T : never): Graph {
  const b = new GraphBuilder();
  const shape = [1, ...g.kernel, g.multiplier];
  const weights = b.constant(shape, randomValues(g.seed, g.kernel[0] * g.kernel[1] * g.multiplier));
  const bias = b.constant([g.multiplier], randomValues(g.seed + 1, g.multiplier));
  const input = b.input([1, g.h, g.w, 1]);
  return b.build(b.op('depthwiseConv2d', [input, weights, bias], attrs(g.strides, [1, 1], g.pads, g.multiplier)));
}

/** The same with int8 activations and a scale per filter. */
function integerGraph(g: Parameters<typeof floatGraph>[0]): Graph {
  const graph = floatGraph(g);
  const [input, weights, bias, output] = [graph.nodes[0].inputs, graph.nodes[0].outputs].flat();
  const count = g.kernel[0] * g.kernel[1] * g.multiplier;
  const scales = Float64Array.from({ length: g.multiplier }, (_, i) => 0.01 * (i + 1));
  Object.assign(graph.tensors[input], { dtype: 'int8', quant: quantOf(0.1, -5) });
  Object.assign(graph.tensors[weights], {
    dtype: 'int8',
    data: Int8Array.from(randomValues(g.seed, count, 127)),
    quant: { scales, zeroPoints: new Int32Array(g.multiplier), axis: 3 },
  });
  Object.assign(graph.tensors[bias], {
    dtype: 'int32',
    data: Int32Array.from(randomValues(g.seed, g.multiplier, 900)),
  });
  Object.assign(graph.tensors[output], { dtype: 'int8', quant: quantOf(0.05, 4) });
  return graph;
}

const run = (graph: Graph, inputs: TensorData[]): TensorData[] => evaluateGraph(graph, inputs, { rounding: 'tflite' });

describe('depthwiseToConv', () => {
  it('gives the same floats', () => {
    fc.assert(
      fc.property(geometry, (g) => {
        const graph = floatGraph(g);
        const conv = depthwiseToConv(graph);
        expect(conv.nodes.map((n) => n.op)).toEqual(['conv2d']);
        const inputs = randomInputs(graph, g.seed);
        expect(run(conv, inputs)).toEqual(run(graph, inputs));
      }),
    );
  });

  it('gives the same integers', () => {
    fc.assert(
      fc.property(geometry, (g) => {
        const graph = integerGraph(g);
        const inputs = [Int8Array.from(randomValues(g.seed + 2, g.h * g.w, 128))];
        expect(run(depthwiseToConv(graph), inputs)).toEqual(run(graph, inputs));
      }),
    );
  });

  it('leaves more channels, single filters and computed weights alone', () => {
    const single = floatGraph({
      h: 4,
      w: 4,
      kernel: [3, 3],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      multiplier: 1,
      seed: 1,
    });
    expect(depthwiseToConv(single)).toBe(single);
    const b = new GraphBuilder();
    const two = b.constant([1, 3, 3, 4], randomValues(1, 36));
    const wide = b.build(b.op('depthwiseConv2d', [b.input([1, 4, 4, 2]), two], attrs([1, 1], [1, 1], [0, 0, 0, 0], 2)));
    expect(depthwiseToConv(wide)).toBe(wide);
    const computed = floatGraph({
      h: 4,
      w: 4,
      kernel: [3, 3],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      multiplier: 2,
      seed: 1,
    });
    const id = addTensor(computed, { name: 'weights', dtype: 'float32', shape: [1, 3, 3, 2] });
    computed.inputs.push(id);
    computed.nodes[0].inputs[1] = id;
    expect(depthwiseToConv(computed)).toBe(computed);
  });
});
