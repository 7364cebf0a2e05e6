// SPDX-License-Identifier: Apache-2.0
// The reference models of ../shared/models: what is read from each; ONNX models compute what ONNX Runtime does.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { packageRoot } from '../packageRoot.js';
import { elementCount, type Graph, type TensorId } from './graph.js';
import { readModel } from './readModel.js';

const folder = join(packageRoot, '../shared/models');
const read = (file: string): Graph => readModel(readFileSync(join(folder, file)), file);

const side = (graph: Graph, ids: TensorId[]): string =>
  ids.map((id) => `${graph.tensors[id].dtype}[${graph.tensors[id].shape}]`).join(' ');

/** Operators in order with repetitions counted, and the interface. */
function summary(file: string): string {
  const graph = read(file);
  const words: [string, number][] = [];
  for (const node of graph.nodes) {
    const word = node.op === 'unsupported' ? String(node.attrs.operator) : node.op;
    const last = words.at(-1);
    if (last?.[0] === word) last[1]++;
    else words.push([word, 1]);
  }
  const chain = words.map(([word, count]) => (count === 1 ? word : `${word}*${count}`)).join(' ');
  const kind = graph.source.quantized ? ' quantized' : '';
  return `${side(graph, graph.inputs)} -> ${chain} -> ${side(graph, graph.outputs)}${kind}`;
}

const summaries: Readonly<Record<string, string>> = {
  'mlperf-tiny/ad01_fp32.tflite': 'float32[1,640] -> fullyConnected*10 -> float32[1,640]',
  'mlperf-tiny/ad01_int8.tflite': 'int8[1,640] -> fullyConnected*10 -> int8[1,640] quantized',
  'mlperf-tiny/ic_float.onnx':
    'float32[1,3,32,32] -> transpose conv2d transpose clamp transpose conv2d transpose clamp transpose conv2d ' +
    'transpose add clamp transpose conv2d transpose clamp transpose conv2d transpose*2 conv2d transpose add clamp ' +
    'transpose conv2d transpose clamp transpose conv2d transpose*2 conv2d transpose add clamp transpose ' +
    'averagePool2d transpose*2 reshape fullyConnected softmax -> float32[1,10]',
  'mlperf-tiny/ic_quantized.onnx':
    'float32[1,32,32,3] -> transpose quantize dequantize*3 transpose conv2d transpose quantize dequantize*3 ' +
    'transpose conv2d transpose quantize dequantize*3 transpose conv2d transpose quantize dequantize add quantize ' +
    'dequantize*3 transpose conv2d transpose dequantize*2 transpose conv2d transpose quantize*2 dequantize*4 ' +
    'transpose conv2d transpose quantize dequantize add quantize dequantize*3 transpose conv2d transpose ' +
    'dequantize*2 transpose conv2d transpose quantize*2 dequantize*4 transpose conv2d transpose quantize ' +
    'dequantize add quantize dequantize transpose averagePool2d transpose quantize dequantize reshape ' +
    'dequantize*2 fullyConnected quantize dequantize softmax -> float32[1,10]',
  'mlperf-tiny/kws_float.tflite':
    'float32[1,49,10,1] -> depthwiseConv2d*2 conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d ' +
    'conv2d averagePool2d fullyConnected softmax -> float32[1,12]',
  'mlperf-tiny/kws_quantized.onnx':
    'float32[1,490] -> reshape quantize dequantize*3 transpose conv2d transpose quantize dequantize*3 transpose ' +
    'depthwiseConv2d transpose quantize dequantize*3 transpose conv2d transpose quantize dequantize*3 transpose ' +
    'depthwiseConv2d transpose quantize dequantize*3 transpose conv2d transpose quantize dequantize*3 transpose ' +
    'depthwiseConv2d transpose quantize dequantize*3 transpose conv2d transpose quantize dequantize*3 transpose ' +
    'depthwiseConv2d transpose quantize dequantize*3 transpose conv2d transpose quantize dequantize transpose ' +
    'averagePool2d transpose quantize dequantize reshape dequantize*2 fullyConnected quantize dequantize softmax ' +
    '-> float32[1,12]',
  'mlperf-tiny/kws_ref_model.tflite':
    'int8[1,49,10,1] -> conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d averagePool2d reshape fullyConnected softmax -> int8[1,12] quantized',
  'mlperf-tiny/kws_ref_model_float32.tflite':
    'float32[1,49,10,1] -> conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d averagePool2d reshape fullyConnected softmax -> float32[1,12]',
  'mlperf-tiny/pretrainedResnet.tflite':
    'float32[1,32,32,3] -> conv2d*3 add conv2d*3 add conv2d*3 add averagePool2d reshape fullyConnected softmax -> ' +
    'float32[1,10]',
  'mlperf-tiny/pretrainedResnet_quant.tflite':
    'int8[1,32,32,3] -> conv2d*3 add conv2d*3 add conv2d*3 add averagePool2d reshape fullyConnected softmax -> ' +
    'int8[1,10] quantized',
  'mlperf-tiny/str_ww_ref_model.tflite':
    'int8[1,30,1,40] -> depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d ' +
    'conv2d reshape fullyConnected softmax -> int8[1,3] quantized',
  'mlperf-tiny/vww_96_float.tflite':
    'float32[1,96,96,3] -> conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d ' +
    'conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d averagePool2d reshape fullyConnected softmax -> float32[1,2]',
  'mlperf-tiny/vww_96_int8.tflite':
    'int8[1,96,96,3] -> conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d ' +
    'conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d averagePool2d reshape fullyConnected softmax -> int8[1,2] quantized',
  'tflm/hello_world_float.tflite': 'float32[1,1] -> fullyConnected*3 -> float32[1,1]',
  'tflm/hello_world_int8.tflite': 'int8[1,1] -> fullyConnected*3 -> int8[1,1] quantized',
  'tflm/keyword_scrambled_8bit.tflite':
    'int16[1,96] -> quantize svdf fullyConnected svdf fullyConnected svdf fullyConnected svdf fullyConnected ' +
    'svdf*3 fullyConnected softmax quantize -> int32[1,2] quantized',
  'tflm/micro_speech_quantized.tflite':
    'int8[1,1960] -> reshape depthwiseConv2d fullyConnected softmax -> int8[1,4] quantized',
  'tflm/person_detect.tflite':
    'int8[1,96,96,1] -> depthwiseConv2d*2 conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d ' +
    'conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d ' +
    'depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d conv2d depthwiseConv2d ' +
    'conv2d averagePool2d conv2d reshape softmax -> int8[1,2] quantized',
  'tflm/trained_lstm.tflite': 'float32[1,28,28] -> lstm reshape fullyConnected softmax -> float32[1,10]',
};

describe.skipIf(!existsSync(folder))('models of ../shared/models', () => {
  for (const [file, expected] of Object.entries(summaries)) {
    it(`reads ${file}`, () => {
      expect(summary(file)).toBe(expected);
    });
  }

  it.each(['ic_float', 'kws_quantized', 'ic_quantized'])('%s.onnx computes what ONNX Runtime does', async (name) => {
    const path = `mlperf-tiny/${name}.onnx`;
    const graph = read(path);
    const input = graph.tensors[graph.inputs[0]];
    // Values in the range of a normalized image or spectrogram, the same on every run.
    const data = Float32Array.from(
      { length: elementCount(input.shape) },
      (_, i) => Math.sin(i * 0.37) * 2 + Math.cos(i * 0.011),
    );
    const session = await ort.InferenceSession.create(join(folder, path), { graphOptimizationLevel: 'disabled' });
    const wanted = (await session.run({ [input.name]: new ort.Tensor('float32', data, input.shape) }))[
      session.outputNames[0]
    ].data;
    const [actual] = evaluateGraph(graph, [data], { rounding: 'single' });
    expect(actual.length).toBe(wanted.length);
    const worst = Math.max(...Array.from(actual as Float32Array, (v, i) => Math.abs(v - Number(wanted[i]))));
    expect(worst).toBeLessThan(1e-4);
  });
});
