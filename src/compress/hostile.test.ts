// SPDX-License-Identifier: Apache-2.0
// Odd and hostile input to weight formats: a clear sentence, or a model whose answers are numbers near float's.
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { type Graph, perTensorQuant } from '../model/graph.js';
import { requireSupported } from '../packModel.js';
import { canonicalize } from '../passes/index.js';
import { GraphBuilder, randomInputs, randomValues, runGraph } from '../passes/testing/graphBuilder.js';
import { parseEncoding } from './formats/index.js';
import { quantizeFromCalibration } from './quantizeFromCalibration.js';
import { recipeFrom, requireLayers, uniformRecipe } from './recipe.js';
import { evaluateRunner } from './runner.js';

const formats = ['int8', 'int6', 'int4', 'int4g32', 'int3', 'int2g16', 'ternary', 'tritsg32', 'palette16', 'palette4c'];
const more = ['binary', 'sparse2:4', 'sparse1:4-int4', 'block8', 'block16-int4g16', 'int4+out', 'coded3'];

const same = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], groups: 1, activation: { min: 0, max: null } };

/** Two convolutions, one depthwise, one dense layer; `change` may spoil the weights of the second convolution. */
function net(change: (weights: Float32Array) => void = () => {}): Graph {
  const b = new GraphBuilder();
  const spoilt = randomValues(4, 8 * 72, 0.3);
  change(spoilt);
  const x = b.input([1, 6, 6, 3]);
  const first = b.op('conv2d', [x, b.constant([8, 3, 3, 3], randomValues(2, 216, 0.4))], same);
  const second = b.op('conv2d', [first, b.constant([8, 3, 3, 8], spoilt), b.constant([8], randomValues(5, 8))], same);
  const deep = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1], multiplier: 1 };
  const third = b.op('depthwiseConv2d', [second, b.constant([1, 3, 3, 8], randomValues(6, 72, 0.5))], deep);
  const flat = b.op('reshape', [third], { shape: [1, 288] });
  return canonicalize(b.build(b.op('fullyConnected', [flat, b.constant([5, 288], randomValues(7, 1440, 0.2))])));
}

const samples = (graph: Graph, count: number): Float32Array[][] =>
  Array.from({ length: count }, (_, i) => randomInputs(graph, 7 + 3 * i));

/** Real outputs of the packed model, run by its operators' twins. */
async function packedOutputs(graph: Graph, data: Float32Array[][], format: string): Promise<Float64Array> {
  const options = { recipeOf: uniformRecipe(format), equalize: 'none' as const };
  const { graph: packed } = await quantizeFromCalibration(graph, data, evaluateRunner, options);
  const { scale: s, zeroPoint: z } = perTensorQuant(packed.tensors[packed.inputs[0]]);
  const input = Int8Array.from(data[0][0], (v) => Math.max(-128, Math.min(127, Math.round(v / s) + z)));
  const { scale, zeroPoint } = perTensorQuant(packed.tensors[packed.outputs[0]]);
  return Float64Array.from(runGraph(packed, [input])[0] as Int8Array, (q) => scale * (q - zeroPoint));
}

async function refusal(work: () => Promise<unknown> | unknown): Promise<MoteError> {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (e: unknown) => e,
    );
  expect(error).toBeInstanceOf(MoteError);
  return error as MoteError;
}

describe('weights', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'that are %s are refused by name',
    async (bad) => {
      const graph = net((w) => {
        w[17] = bad;
      });
      // Calibration data may meet them first; both sentences name what is wrong.
      for (const format of ['int8', 'int4', 'ternary', 'palette16']) {
        const error = await refusal(() => packedOutputs(graph, samples(graph, 2), format));
        expect(['model.broken', 'quant.calibration']).toContain(error.code);
        expect(error.message).toMatch(/not all finite|infinite or not a number/);
      }
    },
  );

  it.each([...formats, ...more])('with a channel of zeros become %s, and the channel is its bias', async (format) => {
    const graph = net((w) => w.fill(0, 72, 144));
    const data = samples(graph, 4);
    const options = { recipeOf: uniformRecipe(format), equalize: 'none' as const, biasCorrection: false };
    const { graph: packed } = await quantizeFromCalibration(graph, data, evaluateRunner, options);
    const node = packed.nodes.filter((n) => n.op === 'conv2d')[1];
    const weights = packed.tensors[node.inputs[1]];
    const scale = weights.quant?.scales[1] ?? Number.NaN;
    expect(scale).toBeGreaterThan(0);
    // Binary has no zero: its channel is next to nothing by its scale.
    const largest = (weights.data as Int8Array).slice(72, 144).reduce((m, q) => Math.max(m, Math.abs(q)), 0);
    expect(largest * scale).toBeLessThan(1e-6);
  });
});

describe('calibration data', () => {
  it.each([...formats, ...more])('of one sample gives a model in %s', async (format) => {
    const graph = net();
    const data = samples(graph, 1);
    const exact = runGraph(graph, data[0])[0] as Float32Array;
    const got = await packedOutputs(graph, data, format);
    const size = Math.sqrt(exact.reduce((s, v) => s + v * v, 0));
    const error = Math.sqrt(got.reduce((s, v, i) => s + (v - exact[i]) ** 2, 0));
    // Worse than an answer of zeros would be no model; eight and four bits must be good ones.
    expect(error).toBeLessThan((/^int[468]/.test(format) ? 0.3 : 1.2) * size);
  });

  it.each([...formats, ...more])('that is constant gives a model in %s', async (format) => {
    const graph = net();
    for (const value of [0, 0.5]) {
      const data = Array.from({ length: 3 }, () => [new Float32Array(108).fill(value)]);
      expect((await packedOutputs(graph, data, format)).every(Number.isFinite)).toBe(true);
    }
  });
});

describe('recipes', () => {
  const graph = net();
  const named = (name: string): Parameters<typeof requireLayers>[0] => ({
    schema: 'mote.recipe/1',
    layers: { [name]: { weights: 'int4' } },
  });

  it('with a layer that the model does not have are refused, the nearest name beside it', async () => {
    const known = graph.nodes[0].name;
    expect(requireLayers(named(known), graph)).toBeUndefined();
    const error = await refusal(() => requireLayers(named(`${known}x`), graph));
    expect([error.code, error.exit]).toEqual(['recipe.layer', 3]);
    expect(error.message).toContain(`did you mean '${known}'?`);
  });

  it('with a format that does not exist are refused, also where only a layer names it', async () => {
    for (const weights of ['int5', 'int4g48', 'palette3', 'sparse4:4', '', 'INT4']) {
      const error = await refusal(() => recipeFrom({ schema: 'mote.recipe/1', layers: { a: { weights } } }));
      expect([error.code, error.exit]).toEqual(['usage.option', 2]);
      expect(error.message).toContain(`'${weights}'`);
    }
  });
});

describe('types', () => {
  it('a format on int16 activations has no kernel and is refused by name', async () => {
    const graph = net();
    const { graph: packed } = await quantizeFromCalibration(graph, samples(graph, 2), evaluateRunner, {
      recipeOf: uniformRecipe('int4'),
      equalize: 'none',
    });
    const node = packed.nodes[0];
    const wide = new Set([node.inputs[0], node.outputs[0]]);
    const int16: Graph = {
      ...packed,
      tensors: packed.tensors.map((t, id) => (wide.has(id) ? { ...t, dtype: 'int16' as const } : t)),
    };
    const error = await refusal(() => requireSupported(int16));
    expect(error.code).toBe('model.unsupported');
    expect(error.message).toContain(node.name);
    expect(error.message).toContain('int4');
  });

  it('every format of these tests exists', () => {
    for (const format of [...formats, ...more].filter((f) => !f.startsWith('coded')))
      expect(parseEncoding(format), format).toBeDefined();
  });
});
