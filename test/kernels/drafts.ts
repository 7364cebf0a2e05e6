// SPDX-License-Identifier: Apache-2.0
// How a random node looks that uses a given kernel: one row per operator of the kernel table.
import { type DType, elementCount, quantOf, type TensorData } from '../../src/model/graph.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { unaryTable } from '../../src/ops/unaryTable.js';
import { binarize, binaryConv2d } from './binaryDrafts.js';
import {
  addConstant,
  addInput,
  addOutput,
  type Draft,
  draft,
  maybeActivation,
  randomData,
  randomQuant,
  setAttrs,
} from './draft.js';
import { packWeights } from './packedDrafts.js';
import { pairTableDraft, plainDrafters } from './plainDrafts.js';
import type { Random } from './random.js';
import { hiddenLayer, lstm, slide, svdf } from './recurrentDrafts.js';
import { audioFrames, dct, filterBank, logScale, noiseReduction, pcan, rfft, spectrum } from './signalDrafts.js';
import {
  cachedAttention,
  compactAttention,
  dynamicFullyConnected,
  dynamicQuantize,
  embedding,
  position,
  rotary,
} from './textDrafts.js';
import { treeEnsemble } from './treeDrafts.js';

const dtypes: Record<string, DType> = {
  f32: 'float32',
  s8: 'int8',
  s16: 'int16',
  x8: 'int8',
  x16: 'int16',
  x32: 'float32',
  s32: 'int32',
};

type Drafter = (row: KernelRow, random: Random) => Draft;

/** The same for kernels whose weights have the type of a format (kernels.ts). */
function stored(draw: Drafter): Drafter {
  return (row, random) => {
    if (row.weight in dtypes) return draw(row, random);
    return packWeights(draw({ ...row, weight: 's8' }, random), random.pick([row.weight, ...(row.also ?? [])]), random);
  };
}

/** Drafts by IR name; the shared kernels (lut, stridedCopy) pick one of their operators. */
export const drafters: Record<string, Drafter> = {
  conv2d: stored(convolution),
  depthwiseConv2d: stored(convolution),
  fullyConnected: stored(fullyConnected),
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  prelu: binary,
  squaredDifference: binary,
  minimum: binary,
  maximum: binary,
  averagePool2d: pooling,
  maxPool2d: pooling,
  softmax,
  mean,
  clamp: elementwise,
  sign: elementwise,
  binarize,
  binaryConv2d,
  logistic: elementwise,
  tanh: elementwise,
  hardSwish: elementwise,
  leakyRelu: elementwise,
  lut: (row, random) =>
    random.chance(0.15)
      ? pairTableDraft(row, random)
      : elementwise({ ...row, op: random.pick([...tables, ...unaryTable.map((u) => u.op)]) }, random),
  segments: (row, random) =>
    random.chance(0.15)
      ? pairTableDraft(row, random)
      : elementwise({ ...row, op: random.pick(['sign', ...unaryTable.map((u) => u.op)]) }, random),
  transpose,
  slice,
  stridedCopy: (row, random) => random.pick([transpose, slice, tile, expand])(row, random),
  stridedCopyDeep: deepCopy,
  pad,
  concat,
  quantize: conversion,
  dequantize: conversion,
  batchNorm,
  matmul,
  packedConv: packed,
  ...Object.fromEntries(unaryTable.map(({ op }) => [op, elementwise])),
  ...plainDrafters,
  treeEnsemble,
  slide,
  svdf,
  gru: hiddenLayer,
  rnn: hiddenLayer,
  lstm,
  position,
  rotary,
  cachedAttention,
  compactAttention,
  dynamicQuantize,
  dynamicFullyConnected,
  embedding,
  audioFrames,
  rfft,
  spectrum,
  filterBank,
  noiseReduction,
  pcan,
  logScale,
  dct,
};

/** Operators whose int8 form is a table. */
const tables = ['logistic', 'tanh', 'hardSwish', 'leakyRelu', 'sign'];

const positive = (random: Random, max: number): number[] => [random.int(1, max), random.int(1, max)];

/** Kernel size, strides, dilations and pads that leave at least one output. */
function windowAttrs(d: Draft, kernel: number[], dilated: boolean): void {
  const { random } = d;
  const dilations = dilated && random.chance(0.4) ? positive(random, 3) : [1, 1];
  const pads = random.chance(0.5) ? [0, 0, 0, 0] : Array.from({ length: 4 }, () => random.int(0, 2));
  setAttrs(d, { strides: random.chance(0.4) ? [1, 1] : positive(random, 3), pads, ...(dilated ? { dilations } : {}) });
  if (!('multiplier' in d.node.attrs) && d.node.op.includes('Pool')) setAttrs(d, { kernel });
}

/** Mostly few channels; at times as many as vector registers and blocks of channels hold, one less, one more. */
const channelCount = (random: Random, few: number): number =>
  random.chance(0.3)
    ? random.pick([8, 16, 32, 64]) + random.int(-1, 1)
    : random.int(1, random.chance(0.3) ? 4 * few : few);

/** Weights over the whole range, as converters write them (never -128), or small ones as trained layers have them; at times
 *  the largest, whose sums with int16 pass 32 bits. */
function weightData(random: Random, count: number): TensorData {
  const data = randomData(random, 'int8', count) as Int8Array;
  if (random.chance(0.1)) return data.map((w) => (w < 0 ? -128 : 127));
  const divisor = random.pick([1, 1, 8, 40]);
  const least = random.chance(0.6) ? -127 : -128;
  return data.map((w) => Math.trunc(Math.max(least, w) / divisor));
}

const imageSize = (random: Random): number[] => (random.chance(0.15) ? [1, 1] : [random.int(1, 9), random.int(1, 9)]);

interface WeightPlan {
  shape: number[];
  axis: number;
  outC: number;
  taps: number;
}

/** Weights, bias and output of a layer, scaled so that outputs use their range. */
function addWeights(d: Draft, row: KernelRow, plan: WeightPlan): void {
  const { random } = d;
  const activation = dtypes[row.activation];
  if (row.activation === 'f32') {
    addConstant(d, 'float32', plan.shape);
    if (random.chance(0.8)) addConstant(d, 'float32', [plan.outC]);
    addOutput(d, 'float32');
    return;
  }
  const perChannel = random.chance(0.6);
  const scales = Float64Array.from({ length: perChannel ? plan.outC : 1 }, () => Math.fround(2 ** random.real(-9, -4)));
  const weightZero =
    row.op === 'fullyConnected' && row.activation === 's8' && !perChannel && random.chance(0.3)
      ? random.int(-20, 20)
      : 0;
  // Dead channels: their scale is next to nothing.
  if (row.activation === 's8' && perChannel && random.chance(0.2))
    scales[scales.length - 1] = Math.fround(2 ** random.real(-40, -20));
  const quant = { scales, zeroPoints: new Int32Array(scales.length).fill(weightZero), axis: plan.axis };
  addConstant(d, 'int8', plan.shape, quant, weightData(random, elementCount(plan.shape)));
  if (random.chance(0.8)) addBias(d, row, plan.outC);
  const input = d.graph.tensors[d.node.inputs[0]].quant?.scales[0] ?? 1;
  const spread = Math.sqrt(plan.taps) * 40 * random.pick([0.3, 1, 3]);
  const scale = Math.fround(input * scales[0] * spread * (random.chance(0.05) ? 2 ** -12 : 1));
  addOutput(d, activation, quantOf(scale, activation === 'int16' ? 0 : random.int(-128, 127)));
}

function addBias(d: Draft, row: KernelRow, outC: number): void {
  const { random } = d;
  const value = (): number => random.int(-20_000, 20_000);
  if (row.activation === 's16' && random.chance(0.6)) {
    addConstant(
      d,
      'int64',
      [outC],
      undefined,
      // Some that 32 bits do not hold.
      BigInt64Array.from({ length: outC }, () => BigInt(value()) * random.pick([1000n, 1000n, 300_000n])),
    );
  } else addConstant(d, 'int32', [outC], undefined, Int32Array.from({ length: outC }, value));
}

function convolution(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const depthwise = row.op === 'depthwiseConv2d';
  // At times more than the kernels that gather a part of the image take at once.
  const [inH, inW] = depthwise && random.chance(0.08) ? [random.int(20, 40), random.int(20, 40)] : imageSize(random);
  const usual = depthwise || random.chance(0.4) ? [3, 3] : [1, 1];
  const kernel = random.chance(0.5) ? usual : positive(random, 4);
  const groups = depthwise ? 1 : random.pick([1, 1, 1, 2, 3]);
  const depth = channelCount(random, 9);
  const inC = depth * groups;
  addInput(d, dtypes[row.activation], [1, inH, inW, inC]);
  windowAttrs(d, kernel, true);
  if (depthwise) {
    const multiplier = random.pick([1, 1, 2, 3]);
    setAttrs(d, { multiplier });
    addWeights(d, row, {
      shape: [1, ...kernel, inC * multiplier],
      axis: 3,
      outC: inC * multiplier,
      taps: kernel[0] * kernel[1],
    });
  } else {
    const outC = groups * channelCount(random, 5);
    setAttrs(d, { groups });
    addWeights(d, row, { shape: [outC, ...kernel, depth], axis: 0, outC, taps: kernel[0] * kernel[1] * depth });
  }
  maybeActivation(d);
  return d;
}

function packed(row: KernelRow, random: Random): Draft {
  const op = row.op === 'packedConv' ? random.pick(['conv2d', 'depthwiseConv2d', 'fullyConnected']) : row.op;
  const plain = { ...row, op, weight: 's8' };
  const d = op === 'fullyConnected' ? fullyConnected(plain, random) : convolution(plain, random);
  return packWeights(d, row.weight, random);
}

function fullyConnected(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const [rows, inC, outC] = [
    random.int(1, 3),
    // int16 sums of the last do not fit 32 bits.
    random.pick([
      random.int(1, 70),
      random.int(250, 520),
      ...(row.activation === 's16' ? [random.int(1000, 1400)] : []),
    ]),
    channelCount(random, 12),
  ];
  addInput(d, dtypes[row.activation], [rows, inC]);
  addWeights(d, row, { shape: [outC, inC], axis: 0, outC, taps: inC });
  maybeActivation(d);
  return d;
}

const clamping = ['add', 'sub', 'mul', 'div'];

function binary(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const dtype = dtypes[row.activation];
  const rank = random.int(0, 4);
  const full = Array.from({ length: rank }, () => random.int(1, 4));
  const thinned = (): number[] =>
    full.slice(random.chance(0.7) ? 0 : random.int(0, rank)).map((n) => (random.chance(0.3) ? 1 : n));
  const same = random.chance(0.4);
  const shared = row.op === 'minimum' || row.op === 'maximum' ? randomQuant(random, dtype) : undefined;
  const operand = (constant: boolean): void => {
    const shape = same ? [...full] : thinned();
    const quant = shared ?? randomQuant(random, dtype);
    if (constant) addConstant(d, dtype, shape, quant);
    else addInput(d, dtype, shape, quant);
  };
  const which = random.pick(['none', 'none', 'first', 'second']);
  operand(which === 'first');
  operand(which === 'second');
  addOutput(d, dtype, shared ?? randomQuant(random, dtype));
  if (!shared && row.activation !== 's32' && clamping.includes(row.op)) maybeActivation(d);
  return d;
}

function pooling(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const dtype = dtypes[row.activation];
  const quant = randomQuant(random, dtype);
  addInput(d, dtype, [1, ...imageSize(random), channelCount(random, 6)], quant);
  windowAttrs(d, positive(random, 4), row.op === 'maxPool2d');
  if (row.op === 'averagePool2d') setAttrs(d, { countIncludePad: random.chance(0.5) });
  addOutput(d, dtype, quant);
  maybeActivation(d);
  return d;
}

const fixedOutput: Record<string, Partial<Record<DType, [number, number]>>> = {
  softmax: { int8: [1 / 256, -128], int16: [1 / 32768, 0] },
  logistic: { int8: [1 / 256, -128], int16: [1 / 32768, 0] },
  tanh: { int8: [1 / 128, 0], int16: [1 / 32768, 0] },
};

function addFixedOutput(d: Draft, dtype: DType): void {
  const fixed = fixedOutput[d.node.op]?.[dtype];
  addOutput(d, dtype, fixed ? quantOf(...fixed) : randomQuant(d.random, dtype));
}

function softmax(row: KernelRow, random: Random): Draft {
  const d = draft('softmax', random);
  const dtype = dtypes[row.activation];
  addInput(d, dtype, [random.int(1, 3), random.pick([1, random.int(2, 12), random.int(100, 900)])]);
  setAttrs(d, { axis: -1, beta: random.pick([1, 1, 0.5, 2.5]) });
  if (row.weight === 's16') addOutput(d, 'int16', quantOf(1 / 65_536, -32_768));
  else addFixedOutput(d, dtype);
  return d;
}

/** int16 logistic and tanh see powers of two (exact shifts) as well as other scales. */
function elementwise(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const dtype = dtypes[row.activation];
  const quant =
    dtype === 'int16' && random.chance(0.5) ? quantOf(2 ** random.int(-13, -10), 0) : randomQuant(random, dtype);
  addInput(d, dtype, [random.int(1, 5), random.int(1, 60)], quant);
  addFixedOutput(d, dtype);
  if (row.op === 'sign') setAttrs(d, { zero: random.int(-1, 1) });
  if (row.op === 'leakyRelu') setAttrs(d, { alpha: random.pick([0.01, 0.3, 1.5, -0.2]) });
  const params = unaryTable.find((u) => u.op === row.op)?.params ?? [];
  for (const [name] of params) setAttrs(d, { [name]: random.pick([0.5, 1, random.real(0.1, 2)]) });
  if (row.op === 'clamp')
    setAttrs(
      d,
      random.pick([
        { min: 0, max: null },
        { min: 0, max: 6 },
        { min: -0.5, max: 0.5 },
      ]),
    );
  return d;
}

function conversion(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  addInput(d, dtypes[row.activation], [random.int(1, 4), random.int(1, 50)]);
  // As a table, the kernel is not a conversion's and names one type.
  const dtype = dtypes[row.weight] ?? dtypes[row.activation];
  const wide = quantOf(Math.fround(2 ** random.real(-20, -4)), random.int(-500, 500));
  addOutput(d, dtype, dtype === 'int32' ? wide : randomQuant(random, dtype));
  return d;
}

function mean(row: KernelRow, random: Random): Draft {
  const d = draft('mean', random);
  const dtype = dtypes[row.activation];
  const rank = random.int(1, 4);
  const quant = randomQuant(random, dtype);
  addInput(
    d,
    dtype,
    Array.from({ length: rank }, () => random.int(1, 6)),
    quant,
  );
  const axes = Array.from({ length: rank }, (_, i) => i).filter(() => random.chance(0.6));
  setAttrs(d, { axes, keepDims: random.chance(0.5) });
  addOutput(d, dtype, random.chance(0.5) ? quant : randomQuant(random, dtype));
  return d;
}

function transpose(row: KernelRow, random: Random): Draft {
  const d = draft('transpose', random);
  const rank = random.int(1, 5);
  addInput(
    d,
    dtypes[row.activation],
    Array.from({ length: rank }, () => random.int(1, 5)),
    undefined,
  );
  const perm = Array.from({ length: rank }, (_, i) => i);
  for (let i = rank - 1; i > 0; i--) {
    const j = random.int(0, i);
    [perm[i], perm[j]] = [perm[j], perm[i]];
  }
  setAttrs(d, { perm });
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

/** A transpose, or a repetition, of which no two dimensions merge. */
function deepCopy(row: KernelRow, random: Random): Draft {
  const repeated = random.chance(0.4);
  const d = draft(repeated ? 'tile' : 'transpose', random);
  const sizes = (count: number): number[] => Array.from({ length: count }, () => (random.chance(0.2) ? 3 : 2));
  const rank = repeated ? random.int(3, 4) : random.pick([6, 6, 7, 8]);
  addInput(d, dtypes[row.activation], sizes(rank), undefined);
  setAttrs(d, repeated ? { repeats: sizes(rank) } : { perm: Array.from({ length: rank }, (_, i) => rank - 1 - i) });
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

function tile(row: KernelRow, random: Random): Draft {
  const d = draft('tile', random);
  const shape = Array.from({ length: random.int(1, 2) }, () => random.int(1, 5));
  addInput(d, dtypes[row.activation], shape, undefined);
  setAttrs(d, { repeats: shape.map(() => random.int(1, 3)) });
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

function expand(row: KernelRow, random: Random): Draft {
  const d = draft('expand', random);
  const shape = Array.from({ length: random.int(1, 4) }, () => random.int(1, 4));
  const from = random.int(0, shape.length - 1);
  addInput(
    d,
    dtypes[row.activation],
    shape.slice(from).map((n) => (random.chance(0.4) ? 1 : n)),
    undefined,
  );
  setAttrs(d, { shape });
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

function slice(row: KernelRow, random: Random): Draft {
  const d = draft('slice', random);
  const shape = Array.from({ length: random.int(1, 5) }, () => random.int(1, 5));
  const begin = shape.map((n) => random.int(0, n - 1));
  const strides = shape.map(() => random.int(1, 3));
  const size = shape.map((n, i) => random.int(1, Math.ceil((n - begin[i]) / strides[i])));
  addInput(d, dtypes[row.activation], shape, undefined);
  setAttrs(d, { begin, size, strides });
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

function pad(row: KernelRow, random: Random): Draft {
  const d = draft('pad', random);
  const dtype = dtypes[row.activation];
  const shape = Array.from({ length: random.int(1, 5) }, () => random.int(1, 4));
  const quant = randomQuant(random, dtype);
  addInput(d, dtype, shape, quant);
  setAttrs(d, { pads: shape.map(() => [random.int(0, 2), random.int(0, 2)]), value: random.pick([0, 1.5, -3]) });
  addOutput(d, dtype, quant);
  return d;
}

function concat(row: KernelRow, random: Random): Draft {
  const d = draft('concat', random);
  const bytes = row.activation === 'x8';
  const dtype: DType = bytes ? random.pick(['int8', 'int16', 'float32']) : 'int8';
  const count = 1 + row.weight.length / 2;
  const shape = Array.from({ length: random.int(1, 4) }, () => random.int(1, 4));
  const axis = random.int(0, shape.length - 1);
  const quant = randomQuant(random, dtype);
  for (let i = 0; i < count; i++) {
    addInput(
      d,
      dtype,
      shape.map((n, k) => (k === axis ? random.int(1, 4) : n)),
      bytes ? quant : randomQuant(random, dtype),
    );
  }
  setAttrs(d, { axis });
  addOutput(d, dtype, quant);
  return d;
}

function batchNorm(_: KernelRow, random: Random): Draft {
  const d = draft('batchNorm', random);
  const channels = random.int(1, 6);
  addInput(d, 'float32', [1, random.int(1, 4), random.int(1, 4), channels]);
  for (let i = 0; i < 3; i++) addConstant(d, 'float32', [channels]);
  addConstant(
    d,
    'float32',
    [channels],
    undefined,
    Float32Array.from({ length: channels }, () => random.real(0, 2)),
  );
  setAttrs(d, { epsilon: 1e-3 });
  addOutput(d, 'float32');
  return d;
}

function matmul(row: KernelRow, random: Random): Draft {
  const d = draft('matmul', random);
  const dtype = dtypes[row.activation];
  const batches = random.int(1, 3);
  const [rows, depth, columns] = [random.int(1, 5), random.int(1, 9), random.int(1, 5)];
  addInput(d, dtype, [...(random.chance(0.8) ? [batches] : [1]), rows, depth]);
  if (random.chance(0.3)) addConstant(d, dtype, [depth, columns], randomQuant(random, dtype));
  else addInput(d, dtype, [...(random.chance(0.5) ? [batches] : []), depth, columns]);
  addOutput(d, dtype);
  return d;
}
