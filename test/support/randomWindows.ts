// SPDX-License-Identifier: Apache-2.0
// Rows of random models that slide windows, multiply matrices or go through time.
import type { TestAttribute } from '../../src/model/testing/onnxWriter.js';
import { count, type Draft, type Value } from './randomModel.js';
import type { Row } from './randomRows.js';

type Attributes = Record<string, TestAttribute>;

const isImage = ({ dims }: Value): boolean =>
  (dims.length === 3 || dims.length === 4) && dims[0] === 1 && dims.every((n) => n <= 32) && count(dims) <= 1024;

interface Window {
  attributes: Attributes;
  kernel: number[];
  /** Of the spatial dimensions. */
  out: number[];
}

/** A window that fits the image, with padding smaller than it. */
function windowOn(d: Draft, x: Value, dilates: boolean): Window {
  const size = x.dims.slice(2);
  const kernel = size.map((n) => d.random.int(1, Math.min(n, 4)));
  const auto = d.random.pick(['NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']);
  // SAME with windows that lie apart would have negative padding, which ONNX Runtime refuses.
  const strides = kernel.map((k) => d.random.int(1, auto.startsWith('SAME') ? Math.min(k, 3) : 3));
  // ONNX Runtime has no dilated windows with auto_pad, or other ones than ONNX says.
  const mayDilate = dilates && auto === 'NOTSET';
  const dilations = size.map((n, i) => (mayDilate && 2 * (kernel[i] - 1) < n ? d.random.int(1, 2) : 1));
  const before = kernel.map((k) => d.random.int(0, k - 1));
  const behind = kernel.map((k) => d.random.int(0, k - 1));
  const reach = kernel.map((k, i) => (k - 1) * dilations[i] + 1);
  const explicit = auto === 'NOTSET';
  const out = size.map((n, i) => {
    if (auto.startsWith('SAME')) return Math.ceil(n / strides[i]);
    return Math.floor((n + (explicit ? before[i] + behind[i] : 0) - reach[i]) / strides[i]) + 1;
  });
  const attributes: Attributes = {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    ...(dilates ? { dilations: { ints: dilations } } : {}),
    ...(explicit ? { pads: { ints: [...before, ...behind] } } : { auto_pad: { text: auto } }),
  };
  return { attributes, kernel, out };
}

function convolution(d: Draft, x: Value): Value {
  const channels = x.dims[1];
  const divisors = [1, 2, 3, channels].filter((g) => channels % g === 0);
  const groups = d.random.pick(divisors);
  const outputs = groups * d.random.int(1, Math.max(1, Math.floor(8 / groups)));
  const { attributes, kernel, out } = windowOn(d, x, true);
  const fan = (channels / groups) * count(kernel);
  const weights = d.floats([outputs, channels / groups, ...kernel], 1.5 / Math.sqrt(fan));
  const bias = d.random.chance(0.7) ? [d.floats([outputs], 0.5)] : [];
  const changed = { dims: [1, outputs, ...out], bound: 1.5 * x.bound * Math.sqrt(fan) + 0.5 };
  return d.node('Conv', x, [weights, ...bias], { ...attributes, group: { int: groups } }, changed);
}

function transposed(d: Draft, x: Value): Value {
  const [channels, size] = [x.dims[1], x.dims.slice(2)];
  const outputs = d.random.int(1, 4);
  const kernel = size.map(() => d.random.int(1, 3));
  const strides = size.map(() => d.random.int(1, 2));
  const pads = kernel.map((k) => d.random.int(0, k - 1));
  const out = size.map((n, i) => strides[i] * (n - 1) + kernel[i] - pads[i]);
  if (out.some((n) => n < 1)) return d.node('Identity', x);
  const fan = channels * count(kernel);
  const more = [d.floats([channels, outputs, ...kernel], 1.5 / Math.sqrt(fan)), d.floats([outputs], 0.5)];
  const attributes = {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: [...pads, ...pads.map(() => 0)] },
  };
  const changed = { dims: [1, outputs, ...out], bound: 1.5 * x.bound * Math.sqrt(fan) + 0.5 };
  return d.node('ConvTranspose', x, more, attributes, changed);
}

const pool = (op: 'MaxPool' | 'AveragePool'): Row => ({
  op,
  fits: isImage,
  build: (d, x) => {
    const { attributes, out } = windowOn(d, x, op === 'MaxPool');
    const include: Attributes = op === 'AveragePool' ? { count_include_pad: { int: d.random.int(0, 1) } } : {};
    return d.node(op, x, [], { ...attributes, ...include }, { dims: [...x.dims.slice(0, 2), ...out] });
  },
});

const globalPool = (op: string): Row => ({
  op,
  fits: isImage,
  build: (d, x) => d.node(op, x, [], {}, { dims: [...x.dims.slice(0, 2), ...x.dims.slice(2).map(() => 1)] }),
});

function resize(d: Draft, x: Value): Value {
  const scales = x.dims.map((_, i) => (i < 2 ? 1 : d.random.int(1, 3)));
  const linear = d.random.chance(0.5);
  const attributes: Attributes = {
    mode: { text: linear ? 'linear' : 'nearest' },
    coordinate_transformation_mode: { text: d.random.pick(['half_pixel', 'asymmetric', 'align_corners']) },
    ...(linear
      ? {}
      : { nearest_mode: { text: d.random.pick(['round_prefer_floor', 'floor', 'ceil', 'round_prefer_ceil']) } }),
  };
  const list = d.name();
  d.constants.push({ name: list, type: 'float', dims: [scales.length], data: Float32Array.from(scales) });
  return d.node('Resize', x, ['', list], attributes, { dims: x.dims.map((n, i) => n * scales[i]) });
}

function blocks(d: Draft, x: Value): Value {
  const [n, c, h, w] = x.dims;
  if (h % 2 === 0 && w % 2 === 0)
    return d.node('SpaceToDepth', x, [], { blocksize: { int: 2 } }, { dims: [n, c * 4, h / 2, w / 2] });
  const mode = { text: d.random.pick(['DCR', 'CRD']) };
  if (c % 4 === 0)
    return d.node('DepthToSpace', x, [], { blocksize: { int: 2 }, mode }, { dims: [n, c / 4, h * 2, w * 2] });
  return d.node('Identity', x);
}

// Products

function gemm(d: Draft, x: Value): Value {
  const [rows, depth] = x.dims;
  const outputs = d.random.int(1, 12);
  const isTransposed = d.random.chance(0.5);
  const weights = d.floats(isTransposed ? [outputs, depth] : [depth, outputs], 1.5 / Math.sqrt(depth));
  const bias = d.random.chance(0.8) ? [d.floats(d.random.pick([[outputs], [1, outputs], [1], []]), 0.5)] : [];
  const attributes: Attributes = {
    transB: { int: isTransposed ? 1 : 0 },
    ...(d.random.chance(0.3) ? { alpha: { float: 0.5 }, beta: { float: 2 } } : {}),
  };
  const changed = { dims: [rows, outputs], bound: 1.5 * x.bound * Math.sqrt(depth) + 1 };
  return d.node('Gemm', x, [weights, ...bias], attributes, changed);
}

function product(d: Draft, x: Value): Value {
  const depth = x.dims.at(-1) ?? 1;
  const outputs = d.random.int(1, 12);
  const changed = { dims: [...x.dims.slice(0, -1), outputs], bound: 1.5 * x.bound * Math.sqrt(depth) };
  return d.node('MatMul', x, [d.floats([depth, outputs], 1.5 / Math.sqrt(depth))], {}, changed);
}

/** x times its own transpose, as in attention. */
function computedProduct(d: Draft, x: Value): Value {
  const rank = x.dims.length;
  const perm = [...x.dims.keys()];
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  const dims = perm.map((p) => x.dims[p]);
  const other = d.node('Transpose', x, [], { perm: { ints: perm } }, { dims });
  const [rows, depth] = [x.dims[rank - 2], x.dims[rank - 1]];
  return d.node('MatMul', x, [other.name], {}, { dims: [...x.dims.slice(0, -1), rows], bound: x.bound ** 2 * depth });
}

const cells = { LSTM: 4, GRU: 3, RNN: 1 } as const;

const recurrent = (op: keyof typeof cells): Row => ({
  op,
  fits: ({ dims }) => dims.length === 3 && dims[0] <= 8 && dims[1] <= 4 && dims[2] <= 16,
  build: (d, x) => {
    const [steps, batch, width] = x.dims;
    const hidden = d.random.int(1, 5);
    const way = d.random.pick(['forward', 'reverse', 'bidirectional']);
    const directions = way === 'bidirectional' ? 2 : 1;
    const rows = cells[op] * hidden;
    const more = [
      d.floats([directions, rows, width], 1 / Math.sqrt(width)),
      d.floats([directions, rows, hidden], 1 / Math.sqrt(hidden)),
      ...(d.random.chance(0.7) ? [d.floats([directions, 2 * rows], 0.5)] : []),
    ];
    const attributes: Attributes = {
      hidden_size: { int: hidden },
      direction: { text: way },
      ...(op === 'GRU' ? { linear_before_reset: { int: d.random.int(0, 1) } } : {}),
    };
    return d.node(op, x, more, attributes, { dims: [steps, directions, batch, hidden], bound: 1 });
  },
});

export const windowRows: readonly Row[] = [
  { op: 'Conv', fits: isImage, build: convolution },
  { op: 'Conv', fits: isImage, build: convolution },
  { op: 'Conv', fits: isImage, build: convolution },
  { op: 'ConvTranspose', fits: (x) => isImage(x) && count(x.dims) <= 256, build: transposed },
  pool('MaxPool'),
  pool('AveragePool'),
  globalPool('GlobalAveragePool'),
  globalPool('GlobalMaxPool'),
  { op: 'Resize', fits: (x) => isImage(x) && count(x.dims) <= 400, build: resize },
  { op: 'Blocks', fits: (x) => isImage(x) && x.dims.length === 4, build: blocks },
  { op: 'Gemm', fits: (x) => x.dims.length === 2, build: gemm },
  { op: 'Gemm', fits: (x) => x.dims.length === 2, build: gemm },
  { op: 'MatMul', fits: (x) => x.dims.length >= 1 && count(x.dims) <= 512, build: product },
  {
    op: 'MatMulComputed',
    fits: (x) =>
      x.dims.length >= 2 && x.dims.length <= 4 && x.bound <= 8 && count(x.dims) <= 400 && (x.dims.at(-2) ?? 1) <= 24,
    build: computedProduct,
  },
  recurrent('LSTM'),
  recurrent('GRU'),
  recurrent('RNN'),
];
