// SPDX-License-Identifier: Apache-2.0
// The passes and the quantizer on the MLPerf Tiny reference models, where those are at hand.
import { existsSync, readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type Graph, perTensorQuant, type Tensor, type TensorData } from '../model/graph.js';
import { readNpy } from '../model/npy.js';
import { readModel } from '../model/readModel.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { packageRoot } from '../packageRoot.js';
import { canonicalize } from '../passes/index.js';
import { randomValues } from '../passes/testing/graphBuilder.js';
import { quantizeFromCalibration } from './quantizeFromCalibration.js';

const shared = `${packageRoot}/../shared`;
const models = `${shared}/models/mlperf-tiny`;
const load = (file: string): Graph => canonicalize(readModel(readFileSync(`${models}/${file}`), file));

/** Real numbers of the samples of a .npy file. */
function rows(file: string, real: (q: number) => number = (q) => q): Float32Array[] {
  const { shape, data } = readNpy(readFileSync(`${shared}/data/${file}`), file);
  const each = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) =>
    Float32Array.from(data.slice(i * each, (i + 1) * each) as ArrayLike<number>, real),
  );
}

/** Every stride-th of the first ones. */
const some = <T>(list: T[], count: number, stride: number): T[] =>
  Array.from({ length: count }, (_, i) => list[i * stride]);

function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

function quantized(tensor: Tensor, values: Float32Array): TensorData {
  const { scale, zeroPoint } = perTensorQuant(tensor);
  return Int8Array.from(values, (v) => Math.max(-128, Math.min(127, Math.round(v / scale) + zeroPoint)));
}

function run(graph: Graph, input: Float32Array): Float32Array {
  const [x, y] = [graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]];
  const [output] = evaluateGraph(graph, [x.dtype === 'int8' ? quantized(x, input) : input], { rounding: 'single' });
  if (y.dtype === 'float32') return output as Float32Array;
  const { scale, zeroPoint } = perTensorQuant(y);
  return Float32Array.from(output as Int8Array, (q) => scale * (q - zeroPoint));
}

function snrDb(float: Graph, integer: Graph, inputs: Float32Array[]): number {
  let [signal, noise] = [0, 0];
  for (const input of inputs) {
    const got = run(integer, input);
    run(float, input).forEach((v, i) => {
      signal += v * v;
      noise += (v - got[i]) ** 2;
    });
  }
  return 10 * Math.log10(signal / noise);
}

const ops = (graph: Graph): string[] => graph.nodes.map((n) => n.op);
const types = (graph: Graph): Set<string> =>
  new Set(
    graph.nodes
      .flatMap((n) => [...n.inputs, ...n.outputs])
      .filter((id) => id >= 0)
      .map((id) => graph.tensors[id].dtype),
  );

// The int8 file of the same model says how the keyword inputs were quantized: scale and zero point of its input.
const keyword = (q: number): number => 0.5847029089927673 * (q - 83);

/** Smooth images in 0..1: a few waves per colour, and a little grain. */
function smoothImage(seed: number, size: number): Float32Array {
  const r = randomValues(seed, 200);
  const grain = randomValues(seed + 1, size * size * 3, 0.02);
  return grain.map((g, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
    let sum = 0.5 + g;
    for (let wave = 0; wave < 6; wave++) {
      const [fx, fy, phase, strength] = [0, 1, 2, 3].map((k) => r[(c * 6 + wave) * 4 + k]);
      sum += 0.125 * (1 + strength) * Math.sin(0.2 * fx * x + 0.2 * fy * y + 6 * phase);
    }
    return Math.min(1, Math.max(0, sum));
  });
}

const seconds = 1000;

describe.skipIf(!existsSync(models))('MLPerf Tiny models of ../shared', () => {
  it('leave no transpose behind, and quantized ones nothing but integers', () => {
    expect(ops(load('ic_float.onnx'))).not.toContain('transpose');
    expect(load('ic_float.onnx').nodes.length).toBe(16);
    for (const file of ['kws_quantized.onnx', 'ic_quantized.onnx']) {
      const graph = load(file);
      expect(types(graph)).toEqual(new Set(['int8', 'int32']));
      expect(
        ops(graph).filter((op) => ['transpose', 'quantize', 'dequantize', 'clamp', 'averagePool2d'].includes(op)),
      ).toEqual([]);
    }
  });

  it.each([
    ['kws_quantized.onnx', 'kws/test_x.npy', keyword, [1, 490]],
    ['ic_quantized.onnx', 'cifar10/test_x.npy', (q: number) => q, [1, 32, 32, 3]],
  ] as const)(
    '%s agrees with onnxruntime',
    async (file, data, real, dims) => {
      const graph = load(file);
      const session = await ort.InferenceSession.create(`${models}/${file}`);
      const inputs = some(rows(data, real), 80, 5);
      let agree = 0;
      for (const input of inputs) {
        const result = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', input, [...dims]) });
        const want = result[session.outputNames[0]].data as Float32Array;
        if (argmax(run(graph, input)) === argmax(want)) agree++;
      }
      expect(agree).toBeGreaterThanOrEqual(0.99 * inputs.length);
    },
    120 * seconds,
  );

  it(
    'image classification keeps its answers',
    async () => {
      const graph = load('pretrainedResnet.tflite');
      const samples = some(rows('cifar10/calib_x.npy'), 24, 20).map((x) => [x]);
      const result = await quantizeFromCalibration(graph, samples, undefined, { checkSamples: 2 });
      const inputs = some(rows('cifar10/test_x.npy'), 60, 6);
      const agree = inputs.filter((x) => argmax(run(graph, x)) === argmax(run(result.graph, x))).length;
      expect(agree).toBeGreaterThanOrEqual(58);
    },
    180 * seconds,
  );

  it(
    'visual wake words keeps 30 dB on smooth images',
    async () => {
      const graph = load('vww_96_float.tflite');
      const images = Array.from({ length: 16 }, (_, i) => smoothImage(i + 1, 96));
      const result = await quantizeFromCalibration(
        graph,
        images.slice(0, 10).map((x) => [x]),
        undefined,
        { checkSamples: 2 },
      );
      expect(result.report.equalization).toBe('activations');
      expect(snrDb(graph, result.graph, images.slice(10))).toBeGreaterThan(30);
    },
    180 * seconds,
  );

  it(
    'anomaly detection keeps 30 dB on its spectrogram',
    async () => {
      const graph = load('ad01_fp32.tflite');
      const bytes = readFileSync(`${shared}/data/ad/normal_id_01_00000000_hist_librosa.bin`);
      const spectrogram = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      // Five frames of 128 bands make one input.
      const windows = Array.from({ length: 196 }, (_, i) => spectrogram.slice(i * 128, i * 128 + 640));
      const result = await quantizeFromCalibration(
        graph,
        some(windows, 49, 4).map((x) => [x]),
      );
      expect(
        snrDb(
          graph,
          result.graph,
          windows.filter((_, i) => i % 4 === 2),
        ),
      ).toBeGreaterThan(30);
    },
    60 * seconds,
  );
});
