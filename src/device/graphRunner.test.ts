// SPDX-License-Identifier: Apache-2.0
// What the graph runner exchanges, it computes with; test/kernels/graphRunner.test.ts sees that every kernel is called right.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTarget } from '../build/boards.js';
import { openWasmCache, type WasmCache } from '../build/wasmCache.js';
import { addTensor, cloneGraph, emptyGraph, type Graph, type Quant, quantOf, type TensorData } from '../model/graph.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { opSpec } from '../ops/index.js';
import type { Rounding } from '../ops/op.js';
import { lowerNode } from '../ops/variants/choose.js';
import { xorshift32 } from '../xorshift.js';
import { GraphRunner } from './graphRunner.js';

const target = loadTarget('wasm32');
const rows = 40;
const [inC, outC] = [6, 19];

const bytes = (seed: number, count: number): Int8Array => {
  const next = xorshift32(seed);
  return Int8Array.from({ length: count }, () => next() >>> 24);
};

const perChannel = (scales: number[]): Quant => ({
  scales: Float64Array.from(scales),
  zeroPoints: new Int32Array(scales.length),
  axis: 0,
});

interface Layer {
  weights: Int8Array;
  bias: Int32Array;
  scales: number[];
}

const someLayer = (seed: number): Layer => ({
  weights: bytes(seed, inC * outC).map((w) => (w === -128 ? 0 : w)),
  bias: Int32Array.from(bytes(seed + 1, outC), (b) => b * 100),
  scales: Array.from({ length: outC }, (_, c) => 0.01 + 0.001 * c),
});

/** reshape, fully connected, reshape: the second one is the output. Tensors 1 and 2 are weights and bias. */
function layerGraph({ weights, bias, scales }: Layer): Graph {
  const graph = emptyGraph('one', { format: 'mote', quantized: true });
  const x = addTensor(graph, { name: 'x', dtype: 'int8', shape: [rows, inC], quant: quantOf(0.05, -7) });
  const w = addTensor(graph, {
    name: 'w',
    dtype: 'int8',
    shape: [outC, inC],
    quant: perChannel(scales),
    data: weights,
  });
  const b = addTensor(graph, { name: 'b', dtype: 'int32', shape: [outC], data: bias });
  const y = addTensor(graph, { name: 'y', dtype: 'int8', shape: [rows, outC], quant: quantOf(0.1, 3) });
  const z = addTensor(graph, { name: 'z', dtype: 'int8', shape: [1, rows, outC], quant: quantOf(0.1, 3) });
  graph.nodes.push({ op: 'fullyConnected', name: 'fc', inputs: [x, w, b], outputs: [y], attrs: {} });
  graph.nodes.push({ op: 'reshape', name: 'view', inputs: [y], outputs: [z], attrs: { shape: [1, rows, outC] } });
  graph.inputs.push(x);
  graph.outputs.push(z);
  return graph;
}

const kernelOf = (graph: Graph, rounding: Rounding): string => {
  const spec = opSpec('fullyConnected');
  return spec ? lowerNode(spec, graph.nodes[0], { graph, rounding, target }).kernel : '';
};

describe('the graph runner', () => {
  let parent: string;
  let cache: WasmCache;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'mote-runner-'));
    cache = await openWasmCache(parent);
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  const open = (graph: Graph, rounding: Rounding = 'single') => GraphRunner.open(graph, { target, rounding, cache });
  const input = bytes(77, rows * inC);
  const truth = (graph: Graph, rounding: Rounding = 'single') => evaluateGraph(graph, [input], { rounding });

  it('shows every activation, under each of its names', async () => {
    const graph = layerGraph(someLayer(1));
    const seen = new Map<number, TensorData>();
    (await open(graph)).run([input], (id, data) => void seen.set(id, data.slice()));
    const [expected] = truth(graph);
    expect([...seen.keys()]).toEqual([3, 4]);
    expect(seen.get(3)).toEqual(expected);
    expect(seen.get(4)).toEqual(expected);
  });

  it('exchanges weights, bias and scales', async () => {
    const graph = layerGraph(someLayer(1));
    const before = cloneGraph(graph);
    const runner = await open(graph);
    const other = someLayer(9);
    const [first] = truth(graph);
    expect(runner.outputs([input])).toEqual([first]);
    runner.setTensors(
      new Map([
        [1, { data: other.weights }],
        [2, { data: other.bias }],
      ]),
    );
    const [second] = truth(layerGraph(other));
    expect(second).not.toEqual(first);
    expect(runner.outputs([input])).toEqual([second]);
    const scales = other.scales.map((s) => s / 3);
    runner.setTensors(new Map([[1, { quant: perChannel(scales) }]]));
    const [third] = truth(layerGraph({ ...other, scales }));
    expect(third).not.toEqual(second);
    expect(runner.outputs([input])).toEqual([third]);
    expect(graph).toEqual(before);
  });

  it('changes the kernel where the new constants ask for it', async () => {
    const fine = someLayer(1);
    // A factor above 1 has no SIMD form under tflite rounding.
    const coarse = { ...fine, scales: fine.scales.map(() => 5) };
    expect(kernelOf(layerGraph(fine), 'tflite')).toBe('mote_simdconv_s8s8__simd128');
    expect(kernelOf(layerGraph(coarse), 'tflite')).toBe('mote_fullyconnected_s8s8__ref');
    const runner = await open(layerGraph(fine), 'tflite');
    runner.setTensors(new Map([[1, { quant: perChannel(coarse.scales) }]]));
    expect(runner.outputs([input])).toEqual(truth(layerGraph(coarse), 'tflite'));
    runner.setTensors(new Map([[1, { quant: perChannel(fine.scales) }]]));
    expect(runner.outputs([input])).toEqual(truth(layerGraph(fine), 'tflite'));
  });

  it('refuses data of another size', async () => {
    const runner = await open(layerGraph(someLayer(1)));
    expect(() => runner.setTensors(new Map([[1, { data: new Int8Array(3) }]]))).toThrow("'w' has 114 constants, not 3");
    expect(() => runner.run([new Int8Array(5)])).toThrow("'x' takes 240 bytes, not 5");
  });

  // Sums that reach far, channels that cannot leave their output, and every shift between: simd_rescale.h.
  for (const rounding of ['tflite', 'single'] as const) {
    it(`rescales as the reference over the range of shifts, ${rounding}`, async () => {
      let simd = 0;
      for (let round = 0; round < 40; round++) {
        const next = xorshift32(1000 + round);
        const layer = someLayer(50 + 2 * round);
        // Output 0.1, input 0.05: a scale of 2^-e divides by about 2^(e + 1).
        layer.scales = layer.scales.map(() => 2 ** -((next() % 31) + (round % 5)) * (1 + (next() % 1000) / 1000));
        const wide = 22 + (round % 9);
        layer.bias = layer.bias.map(() => (next() | 0) >> (31 - wide));
        const graph = layerGraph(layer);
        if (kernelOf(graph, rounding).includes('simd')) simd++;
        const runner = await open(graph, rounding);
        expect(runner.outputs([input]), `round ${round}`).toEqual(truth(graph, rounding));
      }
      expect(simd).toBeGreaterThan(20);
    });
  }
});
