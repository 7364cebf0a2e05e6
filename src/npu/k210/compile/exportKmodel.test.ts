// SPDX-License-Identifier: Apache-2.0
// Whole models as kmodels in the functional model of the KPU: top-1 on labelled data against the float model's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenInputs } from '../../../../test/support/generator.js';
import { describeShared, sharedFile, sharedFolder } from '../../../../test/support/shared.js';
import { argmax } from '../../../argmax.js';
import type { Graph, TensorData } from '../../../model/graph.js';
import { perTensorQuant } from '../../../model/graph.js';
import { readNpy } from '../../../model/npy.js';
import { type InputScale, samplesFor } from '../../../model/samples.js';
import { asInFile } from '../../../model/tflite/writeGraph.js';
import { evaluateGraph } from '../../../ops/evaluateGraph.js';
import { packageRoot } from '../../../packageRoot.js';
import { importModel, quantizeModel } from '../../../packModel.js';
import { checkKmodel } from '../checkKmodel.js';
import type { CpuNode } from '../cpuNodes.js';
import { type Kmodel, readKmodel } from '../kmodel.js';
import { planesOf } from '../planes.js';
import { inputFromDense, runKmodel } from '../runKmodel.js';
import { writeKmodel } from '../writeKmodel.js';
import { exportKmodel } from './exportKmodel.js';

interface Problem {
  model: string;
  calib: string;
  x: string;
  y: string;
  inputScale: InputScale;
  count: number;
}

const npy = (path: string) => readNpy(readFileSync(path), path);

const samples = (graph: Graph, { x, inputScale }: Problem): TensorData[] => {
  const input = graph.tensors[graph.inputs[0]];
  const port = {
    ...input,
    ...(input.quant ? perTensorQuant(input) : {}),
    permutation: graph.ioPermutation.get(graph.inputs[0]),
  };
  return samplesFor(npy(x), port, inputScale, x).data;
};

/** Top-1 of the kmodel, read again from its bytes. */
function kmodelClasses(graph: Graph, model: Kmodel, inputs: readonly TensorData[]): number[] {
  const { range, shape } = model.inputs[0];
  expect(range.area).toBe('kpu');
  const [, c, h, w] = shape;
  expect(h * w * c).toBe(inputs[0].length);
  expect(graph.outputs.length).toBe(1);
  return inputs.map((data) => {
    const planes = planesOf(data as Int8Array, [1, h, w, c]);
    const [bytes] = runKmodel(model, [inputFromDense(model, 0, planes)], 'test');
    return argmax(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
  });
}

async function correct(problem: Problem): Promise<{ kpu: number; float: number; nodes: string[] }> {
  const bytes = readFileSync(problem.model);
  const calibration = { array: npy(problem.calib), path: problem.calib };
  const { graph } = await quantizeModel({
    bytes,
    fileName: problem.model,
    calibration,
    inputScale: problem.inputScale,
  });
  const model = readKmodel(writeKmodel(exportKmodel(graph)), 'test');
  expect(checkKmodel(model)).toEqual([]);
  const float = importModel(bytes, problem.model);
  const labels = Array.from(npy(problem.y).data, Number).slice(0, problem.count);
  const right = (classes: readonly number[]): number => classes.filter((c, i) => c === labels[i]).length;
  const floats = samples(float, problem).slice(0, problem.count);
  return {
    kpu: right(kmodelClasses(graph, model, samples(graph, problem).slice(0, problem.count))),
    float: right(floats.map((x) => argmax(evaluateGraph(float, [x], { rounding: 'single' })[0]))),
    nodes: model.nodes.map((n) => n.op),
  };
}

const digits = join(packageRoot, 'models', 'digits');

describe('a model as a kmodel', () => {
  it('digits: all but the head on the KPU, top-1 within 1 point of float on 200 digits', async () => {
    const { kpu, float, nodes } = await correct({
      model: join(digits, 'digits.onnx'),
      calib: join(digits, 'calib_x.npy'),
      x: join(digits, 'eval_x.npy'),
      y: join(digits, 'eval_y.npy'),
      inputScale: { scale: 1 / 255, zero: 0 },
      count: 200,
    });
    expect(nodes).toEqual([...new Array(6).fill('kpuConv2d'), 'dequantize', 'mean', 'matmul']);
    expect(kpu).toBeGreaterThanOrEqual(float - 2);
  });
});

describeShared('ResNet-8 as a kmodel', () => {
  it('additions and strides on the KPU, top-1 within 1 point of float on 100 images', async () => {
    const { kpu, float, nodes } = await correct({
      model: join(sharedFolder, 'models/mlperf-tiny/pretrainedResnet.tflite'),
      calib: join(sharedFolder, 'data/cifar10/calib_x.npy'),
      x: join(sharedFolder, 'data/cifar10/test_x.npy'),
      y: join(sharedFolder, 'data/cifar10/test_y.npy'),
      inputScale: 'auto',
      count: 100,
    });
    expect(nodes.slice(-4)).toEqual(['dequantize', 'mean', 'matmul', 'softmax']);
    expect(nodes.slice(0, -4).every((op) => op === 'kpuConv2d')).toBe(true);
    expect(kpu).toBeGreaterThanOrEqual(float - 1);
  });
});

describeShared('models whose last maps are too small for the KPU', () => {
  it.each([
    ['ResNet-8 of int8', 'mlperf-tiny/pretrainedResnet_quant.tflite', ['dequantize', 'average', 'matmul', 'softmax']],
    [
      'person_detect',
      'tflm/person_detect.tflite',
      ['dequantize', ...new Array(4).fill('convolution'), 'average', 'convolution', 'softmax'],
    ],
  ])('%s: they go on in float on the CPU, to the answers of the integers', (_, file, tail) => {
    const graph = asInFile(importModel(sharedFile(`models/${file}`), 'model.tflite'));
    const model = readKmodel(writeKmodel(exportKmodel(graph)), 'test');
    expect(checkKmodel(model)).toEqual([]);
    expect(model.nodes.map((n) => n.op).filter((op) => op !== 'kpuConv2d')).toEqual(tail);
    const [, h, w, c] = graph.tensors[graph.inputs[0]].shape;
    const { scale, zeroPoint } = perTensorQuant(graph.tensors[graph.outputs[0]]);
    for (const data of goldenInputs(h * w * c).slice(3, 4)) {
      const rows = inputFromDense(model, 0, planesOf(data as Int8Array, [1, h, w, c]));
      const [bytes] = runKmodel(model, [rows], 'test');
      const got = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
      const [expected] = evaluateGraph(graph, [data], { rounding: 'tflite' });
      const real = Array.from(expected as Int8Array, (q) => scale * (q - zeroPoint));
      expect(argmax(got)).toBe(argmax(expected as Int8Array));
      expect(Math.max(...real.map((r, i) => Math.abs(r - got[i])))).toBeLessThan(0.05);
    }
  });
});

describe('windows on the CPU', () => {
  const ranges = { area: 'main', type: 'float32' } as const;
  const node: CpuNode = {
    op: 'convolution',
    input: { ...ranges, startBytes: 0, bytes: 4 * 2 * 3 * 3 },
    output: { ...ranges, startBytes: 72, bytes: 4 * 2 * 2 * 2 },
    inShape: [1, 2, 3, 3],
    pads: [1, 0, 0, 1],
    filter: [2, 2],
    strides: [2, 2],
    dilations: [1, 1],
    groups: 2,
    outputs: 2,
    min: -100,
    max: 30,
    weights: Float32Array.of(1, 2, 3, 4, 1, 1, 1, 1),
    bias: Float32Array.of(0.5, -1),
  };
  const model = (nodes: CpuNode[]): Kmodel => ({
    constants: new Uint8Array(0),
    mainBytes: 104,
    inputs: [{ range: node.input, shape: [1, 2, 3, 3] }],
    outputs: [node.output],
    nodes,
  });
  const run = (nodes: CpuNode[]): number[] => {
    const input = Float32Array.from({ length: 18 }, (_, i) => i);
    const [bytes] = runKmodel(readKmodel(writeKmodel(model(nodes)), 'test'), [new Uint8Array(input.buffer)], 'test');
    return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)];
  };

  it('convolve by groups, with pads, strides and a cut', () => {
    // The first rows see the padding above, the last columns that to the right.
    expect(run([node])).toEqual([4.5, 6.5, 30, 29.5, 18, 10, 30, 30]);
  });

  it('mean what lies inside', () => {
    const {
      groups: _g,
      outputs: _o,
      weights: _w,
      bias: _b,
      ...window
    } = node as Extract<CpuNode, { op: 'convolution' }>;
    expect(run([{ ...window, op: 'average' }])).toEqual([0.5, 2, 5, 6.5, 9.5, 11, 14, 15.5]);
  });

  it('with sizes that are none are kept as bytes, and not run', () => {
    for (const broken of [{ groups: 0 }, { groups: 3 }, { strides: [0, 1] }, { filter: [2, 2 ** 20] }]) {
      const bytes = writeKmodel(model([{ ...node, ...broken } as CpuNode]));
      expect(() => runKmodel(readKmodel(bytes, 'test'), [new Uint8Array(72)], 'test')).toThrow(/CPU node of kind 0x2/);
    }
  });
});
