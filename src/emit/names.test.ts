// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Plan } from '../plan/plan.js';
import { layerNames, modelName } from './names.js';

const planOf = (...names: string[]): Plan =>
  ({ steps: names.map((name) => ({ node: { name, op: 'conv2d' } })) }) as unknown as Plan;

describe('layer names', () => {
  it.each([
    ['model/conv2d_3/Conv2D;model/batch_normalization/FusedBatchNormV3', 'conv2d_3'],
    ['model/activation_1/Relu;model/conv2d_1/Conv2D', 'activation_1'],
    ['/stem/conv/Conv', 'stem'],
    ['/layer1/layer1.0/conv1/Conv', 'layer1_0_conv1'],
    ['Identity_int8', 'identity_int8'],
    ['', 'conv2d'],
    ['日本', 'conv2d'],
    ['StatefulPartitionedCall:0', 'conv2d'],
  ])('%s -> %s', (name, stem) => {
    expect(layerNames(planOf(name))).toEqual([stem]);
  });

  it('are unique', () => {
    const names = layerNames(planOf('a', 'a', 'a_2', 'a', 'A'));
    expect(new Set(names).size).toBe(5);
  });

  it('a model name shadows no header and no symbol of others', () => {
    expect(['mote.tflite', 'mote_model.onnx', 'time.tflite', 'string', 'motel', 'timer'].map(modelName)).toEqual([
      'model_mote',
      'model_mote_model',
      'model_time',
      'model_string',
      'motel',
      'timer',
    ]);
  });

  it('a model name is a C prefix', () => {
    expect([modelName('KWS ref-model.tflite'), modelName('3dnet.onnx'), modelName('x'.repeat(60))]).toEqual([
      'kws_ref_model',
      'x3dnet',
      'x'.repeat(40),
    ]);
  });
});
