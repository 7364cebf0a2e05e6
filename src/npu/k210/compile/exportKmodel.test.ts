// SPDX-License-Identifier: Apache-2.0
// Whole models as kmodels in the functional model of the KPU: top-1 on labelled data against the float model's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeShared, sharedFolder } from '../../../../test/support/shared.js';
import { argmax } from '../../../argmax.js';
import type { Graph, TensorData } from '../../../model/graph.js';
import { perTensorQuant } from '../../../model/graph.js';
import { readNpy } from '../../../model/npy.js';
import { type InputScale, samplesFor } from '../../../model/samples.js';
import { evaluateGraph } from '../../../ops/evaluateGraph.js';
import { packageRoot } from '../../../packageRoot.js';
import { importModel, quantizeModel } from '../../../packModel.js';
import { checkKmodel } from '../checkKmodel.js';
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
