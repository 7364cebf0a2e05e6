// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type Graph, perTensorQuant, type Quant, type TensorData } from '../model/graph.js';
import { canonicalize } from '../passes/index.js';
import { quantizeValues } from '../passes/integerOperands.js';
import { GraphBuilder, randomInputs, randomValues, runGraph } from '../passes/testing/graphBuilder.js';
import { collectRanges } from './calibrate.js';
import { quantizeGraph } from './quantize.js';
import { quantizeFromCalibration } from './quantizeFromCalibration.js';
import { evaluateRunner } from './runner.js';

const same = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1, activation: { min: 0, max: null } };

/** A residual CNN with every kind of layer that the quantizer knows. */
function cnn(seed: number): Graph {
  const b = new GraphBuilder();
  const w = (shape: number[], s: number) => {
    const n = shape.reduce((x, y) => x * y, 1);
    return b.constant(shape, randomValues(seed + s, n, Math.sqrt((3 * shape[0]) / n)));
  };
  const x = b.input([1, 8, 8, 3]);
  const c1 = b.op('conv2d', [x, w([8, 3, 3, 3], 1), w([8], 2)], same);
  const c2 = b.op('conv2d', [c1, w([8, 3, 3, 8], 3), w([8], 4)], { ...same, activation: undefined });
  const sum = b.op('add', [c1, c2], { activation: { min: 0, max: null } });
  const d = b.op('depthwiseConv2d', [sum, b.constant([1, 3, 3, 8], randomValues(seed + 5, 72, 0.5)), w([8], 6)], {
    strides: [1, 1],
    dilations: [1, 1],
    pads: [1, 1, 1, 1],
    multiplier: 1,
    activation: { min: 0, max: 6 },
  });
  const p = b.op('maxPool2d', [d], { kernel: [2, 2], strides: [2, 2], dilations: [1, 1], pads: [0, 0, 0, 0] });
  const a = b.op('averagePool2d', [sum], {
    kernel: [2, 2],
    strides: [2, 2],
    pads: [0, 0, 0, 0],
    countIncludePad: false,
  });
  const cat = b.op('concat', [p, a], { axis: 3 });
  const leaky = b.op('leakyRelu', [cat], { alpha: 0.1 });
  const gate = b.op('logistic', [b.op('mean', [leaky], { axes: [1, 2], keepDims: true })]);
  const scaled = b.op('mul', [leaky, gate]);
  const g = b.op('averagePool2d', [scaled], {
    kernel: [4, 4],
    strides: [4, 4],
    pads: [0, 0, 0, 0],
    countIncludePad: false,
  });
  const flat = b.op('reshape', [g], { shape: [1, 16] });
  return b.build(b.op('fullyConnected', [flat, w([10, 16], 9), w([10], 10)]));
}

const samplesOf = (graph: Graph, n: number, seed = 100): Float32Array[][] =>
  Array.from({ length: n }, (_, i) => randomInputs(graph, seed + i * 13));

function runQuantized(graph: Graph, inputs: Float32Array[]): Float64Array {
  const quantized = inputs.map((data, i): TensorData => {
    const { quant, dtype } = graph.tensors[graph.inputs[i]];
    return quantizeValues(data, quant as Quant, dtype as 'int8' | 'int16');
  });
  const { scale, zeroPoint } = perTensorQuant(graph.tensors[graph.outputs[0]]);
  return Float64Array.from(runGraph(graph, quantized)[0] as Int8Array, (v) => scale * (v - zeroPoint));
}

function snrDb(float: Graph, quantized: Graph, samples: Float32Array[][]): number {
  let [signal, noise] = [0, 0];
  for (const inputs of samples) {
    const got = runQuantized(quantized, inputs);
    runGraph(float, inputs)[0].forEach((v, i) => {
      signal += Number(v) ** 2;
      noise += (Number(v) - got[i]) ** 2;
    });
  }
  return 10 * Math.log10(signal / noise);
}

describe('quantizeGraph', () => {
  it('makes everything integer, weights symmetric, and shared scales equal', async () => {
    const graph = canonicalize(cnn(1));
    const ranges = await collectRanges(graph, samplesOf(graph, 4), evaluateRunner(graph), 'minmax');
    const after = quantizeGraph(graph, ranges);
    for (const node of after.nodes) {
      for (const id of [...node.inputs, ...node.outputs]) expect(['int8', 'int32']).toContain(after.tensors[id].dtype);
      const [x, y] = [after.tensors[node.inputs[0]], after.tensors[node.outputs[0]]];
      if (['maxPool2d', 'reshape', 'concat'].includes(node.op)) expect(x.quant).toEqual(y.quant);
      if (node.op !== 'conv2d' && node.op !== 'depthwiseConv2d' && node.op !== 'fullyConnected') continue;
      const w = after.tensors[node.inputs[1]];
      expect((w.data as Int8Array).every((v) => v >= -127)).toBe(true);
      expect(w.quant?.zeroPoints.every((z) => z === 0)).toBe(true);
      const bias = after.tensors[node.inputs[2]];
      expect(bias.quant?.scales.every((s, c) => s === (w.quant?.scales[c] ?? 0) * perTensorQuant(x).scale)).toBe(true);
      if (node.attrs.activation !== undefined) expect(perTensorQuant(y).zeroPoint).toBe(-128);
    }
    expect(after.source.quantized).toBe(true);
  });

  it('quantizes a constant operand to the scale of what it is compared with', async () => {
    const b = new GraphBuilder();
    const x = b.input([1, 6]);
    const y = b.op('maximum', [b.constant([6], [0.1, -0.2, 0.9, -0.9, 0, 0.4]), x]);
    const graph = b.build(y);
    const samples = [1, 2, 3].map((seed) => randomInputs(graph, seed));
    const { graph: integer } = await quantizeFromCalibration(graph, samples);
    expect(integer.nodes.filter((n) => integer.tensors[n.inputs[0]].data !== undefined && n.op === 'quantize')).toEqual(
      [],
    );
    expect(
      integer.nodes.find((n) => n.op === 'maximum')?.inputs.map((id) => integer.tensors[id].quant?.scales[0]),
    ).toEqual([0, 1].map(() => integer.tensors[integer.outputs[0]].quant?.scales[0]));
  });

  it('refuses weights that are no numbers, ranges that are missing, and operators without int8', async () => {
    const b = new GraphBuilder();
    const dense = b.build(b.op('fullyConnected', [b.input([1, 2]), b.constant([1, 2], [1, Number.NaN])]));
    const ranges = new Map([dense.inputs[0], dense.outputs[0]].map((id) => [id, { min: 0, max: 1 }]));
    expect(() => quantizeGraph(dense, ranges)).toThrow('not all finite');
    expect(() => quantizeGraph(canonicalize(cnn(1)), new Map())).toThrow('gives no range');
    const c = new GraphBuilder();
    const product = c.build(c.op('pow', [c.input([2, 2]), c.input([2, 2])]));
    const all = new Map([0, 1, 2].map((id) => [id, { min: -1, max: 1 }]));
    expect(() => quantizeGraph(product, all)).toThrow(/node 'pow_0' \(pow\) cannot run/);
  });
});

describe('int16 activations', () => {
  it("are symmetric, with int8 weights and int64 biases, and only the weights' rounding is left of the noise", async () => {
    const graph = canonicalize(cnn(3));
    const samples = samplesOf(graph, 6);
    const { graph: narrow } = await quantizeFromCalibration(graph, samples);
    const { graph: wide, report } = await quantizeFromCalibration(graph, samples, undefined, { activations: 'int16' });
    expect(report.activations).toBe('int16');
    const types = new Set(wide.nodes.flatMap((n) => n.outputs.map((id) => wide.tensors[id].dtype)));
    expect([...types]).toEqual(['int16']);
    for (const t of wide.tensors) if (t.dtype === 'int16') expect(perTensorQuant(t).zeroPoint).toBe(0);
    const layers = wide.nodes.filter((n) => ['conv2d', 'depthwiseConv2d', 'fullyConnected'].includes(n.op));
    expect(layers.map((n) => n.inputs.slice(1).map((id) => wide.tensors[id].dtype))).toEqual(
      layers.map(() => ['int8', 'int64']),
    );
    const tested = samplesOf(graph, 8, 999);
    expect(snrDb(graph, wide, tested)).toBeGreaterThan(snrDb(graph, narrow, tested) + 3);
  });

  it('leave 70 dB of what has no weights', async () => {
    const b = new GraphBuilder();
    const x = b.input([4, 16]);
    const y = b.op('mul', [b.op('gelu', [x]), b.op('softplus', [x])]);
    const graph = b.build(b.op('layerNorm', [b.op('sub', [y, b.op('square', [x])])], { depth: 16, epsilon: 1e-5 }));
    const samples = samplesOf(graph, 6);
    const { graph: wide } = await quantizeFromCalibration(graph, samples, undefined, { activations: 'int16' });
    expect(snrDb(graph, wide, samplesOf(graph, 8, 999))).toBeGreaterThan(70);
  });

  it('take a power of two tensors apart where no base is below zero', async () => {
    const b = new GraphBuilder();
    const [x, y] = [b.input([1, 20]), b.input([1, 20])];
    const base = b.op('add', [b.op('square', [x]), b.constant([1], [0.25])]);
    const graph = b.build(b.op('pow', [base, y]));
    const { graph: wide } = await quantizeFromCalibration(graph, samplesOf(graph, 6), undefined, {
      activations: 'int16',
    });
    expect(wide.nodes.map((n) => n.op)).toContain('exp');
    expect(snrDb(graph, wide, samplesOf(graph, 8, 999))).toBeGreaterThan(50);
  });
});

describe('quantizeFromCalibration', () => {
  it('reaches 30 dB on random CNNs with every method, the same every time', async () => {
    for (const method of ['minmax', 'percentile', 'mse'] as const) {
      const graph = canonicalize(cnn(7));
      const make = () => quantizeFromCalibration(graph, samplesOf(graph, 8), evaluateRunner, { method });
      const [first, second] = [await make(), await make()];
      expect(snrDb(graph, first.graph, samplesOf(graph, 8, 999))).toBeGreaterThan(30);
      expect(second.report).toEqual(first.report);
      expect(second.graph).toEqual(first.graph);
      expect(first.report.outputSnrDb).toBeGreaterThan(30);
    }
  });

  it('takes constant calibration data', async () => {
    const graph = canonicalize(cnn(3));
    const { graph: after } = await quantizeFromCalibration(graph, [[new Float32Array(192)]]);
    expect(runQuantized(after, randomInputs(graph, 1)).every(Number.isFinite)).toBe(true);
  });

  it('corrects the mean of the outputs', async () => {
    const b = new GraphBuilder();
    const x = b.input([1, 64]);
    const w = randomValues(5, 256, 0.1).map((v, i) => (i % 64 === 0 ? 30 * Math.sign(v) : v));
    const graph = b.build(b.op('fullyConnected', [x, b.constant([4, 64], w)]));
    const samples = Array.from({ length: 16 }, (_, i) => [randomValues(i + 1, 64).map((v) => 0.7 + 0.3 * v)]);
    const bias = async (biasCorrection: boolean): Promise<number> => {
      const result = await quantizeFromCalibration(graph, samples, evaluateRunner, {
        biasCorrection,
        method: 'minmax',
        equalize: 'none',
      });
      const shift = new Float64Array(4);
      for (const s of samples) {
        const got = runQuantized(result.graph, s);
        runGraph(graph, s)[0].forEach((v, c) => {
          shift[c] += got[c] - Number(v);
        });
      }
      return Math.max(...shift.map(Math.abs));
    };
    expect(await bias(true)).toBeLessThan((await bias(false)) / 2);
  });
});
