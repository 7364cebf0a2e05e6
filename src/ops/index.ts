// SPDX-License-Identifier: Apache-2.0
// The operator table.
import { elementCount, NO_TENSOR, type Node } from '../model/graph.js';
import { add } from './add.js';
import { argMax, argMin } from './arg.js';
import { badShape } from './attributes.js';
import { audioFrames } from './audioFrames.js';
import { averagePool2d } from './averagePool2d.js';
import { batchNorm } from './batchNorm.js';
import { binarize } from './binarize.js';
import { binaryConv2d } from './binaryConv2d.js';
import { cachedAttention } from './cachedAttention.js';
import { cast } from './cast.js';
import { clamp } from './clamp.js';
import { compactAttention } from './compactAttention.js';
import { concat } from './concat.js';
import { constantOp } from './constant.js';
import { conv2d } from './conv2d.js';
import { dct } from './dct.js';
import { depthwiseConv2d } from './depthwiseConv2d.js';
import { dequantize } from './dequantize.js';
import { div } from './div.js';
import { dynamicFullyConnected } from './dynamicFullyConnected.js';
import { dynamicQuantize } from './dynamicQuantize.js';
import { embedding } from './embedding.js';
import { expand } from './expand.js';
import { filterBank } from './filterBank.js';
import { fullyConnected } from './fullyConnected.js';
import { gather } from './gather.js';
import { gru } from './gru.js';
import { hardSwish } from './hardSwish.js';
import { layerNorm } from './layerNorm.js';
import { leakyRelu } from './leakyRelu.js';
import { logistic } from './logistic.js';
import { logScale } from './logScale.js';
import { logSoftmax } from './logSoftmax.js';
import { lstm } from './lstm.js';
import { matmul } from './matmul.js';
import { maximum } from './maximum.js';
import { maxPool2d } from './maxPool2d.js';
import { mean } from './mean.js';
import { minimum } from './minimum.js';
import { mul } from './mul.js';
import { noiseReduction } from './noiseReduction.js';
import { not } from './not.js';
import { npu } from './npu.js';
import type { OpSpec } from './op.js';
import { pad } from './pad.js';
import { pairOps } from './pair.js';
import { pcan } from './pcan.js';
import { position } from './position.js';
import { prelu } from './prelu.js';
import { product } from './product.js';
import { quantize } from './quantize.js';
import { reduceOps } from './reduce.js';
import { reshape } from './reshape.js';
import { resizeLinear, resizeNearest } from './resize.js';
import { resizeFilter } from './resizeFilter.js';
import { rfft } from './rfft.js';
import { rnn } from './rnn.js';
import { rotary } from './rotary.js';
import { scatter } from './scatter.js';
import { sign } from './sign.js';
import { slice } from './slice.js';
import { slide } from './slide.js';
import { softmax } from './softmax.js';
import { spectrum } from './spectrum.js';
import { squaredDifference } from './squaredDifference.js';
import { sub } from './sub.js';
import { svdf } from './svdf.js';
import { tanh } from './tanh.js';
import { tile } from './tile.js';
import { transpose } from './transpose.js';
import { transposeConv2d } from './transposeConv2d.js';
import { treeEnsemble } from './treeEnsemble.js';
import { unaryOps } from './unary.js';
import { where } from './where.js';

const specs: readonly OpSpec[] = [
  add,
  averagePool2d,
  batchNorm,
  binarize,
  binaryConv2d,
  cast,
  clamp,
  concat,
  conv2d,
  depthwiseConv2d,
  dequantize,
  div,
  fullyConnected,
  gru,
  hardSwish,
  leakyRelu,
  logistic,
  lstm,
  matmul,
  maximum,
  maxPool2d,
  mean,
  minimum,
  mul,
  not,
  npu,
  pad,
  quantize,
  reshape,
  rnn,
  sign,
  slice,
  slide,
  softmax,
  prelu,
  product,
  squaredDifference,
  sub,
  svdf,
  tanh,
  transpose,
  argMax,
  argMin,
  constantOp,
  expand,
  gather,
  layerNorm,
  logSoftmax,
  resizeLinear,
  resizeFilter,
  scatter,
  resizeNearest,
  tile,
  transposeConv2d,
  treeEnsemble,
  where,
  cachedAttention,
  compactAttention,
  dynamicFullyConnected,
  dynamicQuantize,
  embedding,
  position,
  rotary,
  audioFrames,
  rfft,
  spectrum,
  filterBank,
  noiseReduction,
  pcan,
  logScale,
  dct,
  ...reduceOps,
  ...unaryOps,
  ...pairOps,
];

/** Kernels count elements in int32, and walk at least one. */
const maxElements = 2 ** 31 - 1;

function checkShape(node: Node, what: string, shape: readonly number[]): void {
  if (shape.some((n) => n < 1)) badShape(node, `its ${what} ${shape.join(' x ')} is empty`);
  if (elementCount(shape) > maxElements) badShape(node, `its ${what} ${shape.join(' x ')} is too large`);
}

/** infer, with what holds for every operator checked before and after it. */
function checked(spec: OpSpec): OpSpec {
  return {
    ...spec,
    infer(node, graph) {
      for (const id of node.inputs) if (id !== NO_TENSOR) checkShape(node, 'input', graph.tensors[id].shape);
      const outputs = spec.infer(node, graph);
      for (const { shape } of outputs) checkShape(node, 'output', shape);
      return outputs;
    },
  };
}

export const opSpecs: ReadonlyMap<string, OpSpec> = new Map(specs.map((spec) => [spec.op, checked(spec)]));

export function opSpec(op: string): OpSpec | undefined {
  return opSpecs.get(op);
}
