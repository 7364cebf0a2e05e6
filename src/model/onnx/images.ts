// SPDX-License-Identifier: Apache-2.0
// Rows of resizing, transposed convolution, and the pools that are made of others.
// Semantics: onnx/defs/tensor/defs.cc (Resize), onnx/defs/nn/defs.cc (ConvTranspose, LpPool).
import { type Attrs, NO_TENSOR, type TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { permuteConstant } from '../permute.js';
import { refuse } from '../refusal.js';
import { type Axis, isCoordinates, isNearest, linearSources, nearestSources, positions } from '../resize.js';
import { croppedPositions, type FilterOptions, filterTaps } from '../resizeTaps.js';
import { windowReach } from '../windows.js';
import type { Convert } from './elementwise.js';
import { emitOnImage, imageSize, range } from './layout.js';
import type { OnnxNode } from './node.js';
import { asOihw, convertAveragePool, coverLast, mapConstant, placeBias, readWindow, type Window } from './windows.js';

// Resize

function floatsOf(n: OnnxNode, i: number, what: string, limit = 8): number[] {
  if (!n.has(i)) return [];
  const { data } = n.constant(i, what);
  return data === undefined || data.length > limit
    ? n.broken(`its ${what} is too long`)
    : Array.from(data as Float32Array, Number);
}

/** Scales and sizes of all dimensions, from inputs for some of them. */
function resizedAxes(n: OnnxNode, scalesAt: number): Axis[] {
  const shape = n.shape(0);
  const axes = (n.ints('axes') ?? range(shape.length)).map((a) => n.axis(a, shape.length));
  const scales = floatsOf(n, scalesAt, 'list of scales');
  const sizes = scales.length > 0 ? [] : n.constantInts(scalesAt + 1, 'list of sizes');
  const wanted = scales.length > 0 ? scales : sizes;
  if (wanted.length !== axes.length || wanted.some((v) => !(v > 0))) n.broken(`it resizes [${shape}] by [${wanted}]`);
  const policy = n.text('keep_aspect_ratio_policy', 'stretch');
  const ratios = sizes.map((s, i) => s / shape[axes[i]]);
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return shape.map((from, d): Axis => {
    const i = axes.indexOf(d);
    if (i < 0) return { from, to: from, scale: 1 };
    if (scales.length > 0) return { from, to: Math.floor(from * scales[i]), scale: scales[i] };
    if (policy === 'stretch') return { from, to: sizes[i], scale: sizes[i] / from };
    return { from, to: Math.floor(common * from + 0.5), scale: common };
  });
}

/** Rows and columns, of a signal's one row too. */
function imageAxes(axes: readonly Axis[]): [rows: Axis, columns: Axis] {
  if (axes.slice(0, 2).some((a) => a.to !== a.from))
    refuse('it resizes batch or channels', 'resize rows and columns only');
  if (axes.length !== 3 && axes.length !== 4)
    refuse(`its input has ${axes.length} dimensions`, 'use 1-dimensional or 2-dimensional layers');
  return axes.length === 4 ? [axes[2], axes[3]] : [{ from: 1, to: 1, scale: 1 }, axes[2]];
}

function emitResize(n: OnnxNode, axes: Axis[], mode: string, coordinates: string, rounding: string): void {
  const [rows, columns] = imageAxes(axes);
  if (!isCoordinates(coordinates))
    refuse(`it has the coordinates '${coordinates}'`, "use 'half_pixel' or 'asymmetric'");
  if (mode === 'nearest' && isNearest(rounding)) {
    const attrs = {
      rows: nearestSources(rows, coordinates, rounding),
      columns: nearestSources(columns, coordinates, rounding),
    };
    const { dtype, quant } = n.values.graph.tensors[n.id(0)];
    emitOnImage(n, 'resizeNearest', [], attrs, { dtype, ...(quant && { quant }) });
    return;
  }
  if (mode !== 'linear') refuse(`it interpolates '${mode}'`, "use mode 'nearest', 'linear' or 'cubic'");
  const [y, x] = [linearSources(rows, coordinates), linearSources(columns, coordinates)];
  emitOnImage(n, 'resizeLinear', [], {
    rows: y.first,
    nextRows: y.second,
    rowWeights: y.weights,
    columns: x.first,
    nextColumns: x.second,
    columnWeights: x.weights,
  });
}

const cropping = 'tf_crop_and_resize';

/** Where the outputs of rows and of columns lie in the input. */
function outputPositions(n: OnnxNode, image: readonly Axis[], coordinates: string): number[][] {
  if (isCoordinates(coordinates)) return image.map((axis) => positions(axis, coordinates));
  if (coordinates !== cropping) refuse(`it has the coordinates '${coordinates}'`, "use 'half_pixel' or 'asymmetric'");
  const rank = n.shape(0).length;
  const axes = (n.ints('axes') ?? range(rank)).map((a) => n.axis(a, rank));
  const roi = floatsOf(n, 1, 'roi', 2 * rank);
  if (roi.length !== 2 * axes.length || !roi.every(Number.isFinite)) n.broken(`its roi is [${roi}]`);
  return image.map((axis, d) => {
    const i = axes.indexOf(rank - 2 + d);
    return i < 0 ? croppedPositions(axis, 0, 1) : croppedPositions(axis, roi[i], roi[i + axes.length]);
  });
}

/** Rows and columns as sums of several. */
function emitFilter(n: OnnxNode, axes: Axis[], mode: 'linear' | 'cubic', coordinates: string): void {
  const image = imageAxes(axes);
  const at = outputPositions(n, image, coordinates);
  const options: FilterOptions = {
    mode,
    a: n.float('cubic_coeff_a', -0.75),
    antialias: n.int('antialias', 0) !== 0,
    excludeOutside: n.int('exclude_outside', 0) !== 0,
  };
  const [y, x] = image.map((axis, d) => {
    const taps = filterTaps(axis, at[d], options);
    return taps.sources.length <= maxListLength
      ? taps
      : refuse(`it sums ${taps.sources.length} pixels`, 'resize in two steps');
  });
  const attrs = {
    ...{ rowTaps: y.taps, rows: y.sources, rowWeights: y.weights },
    ...{ columnTaps: x.taps, columns: x.sources, columnWeights: x.weights },
  };
  const { dtype, quant } = n.values.graph.tensors[n.id(0)];
  const fill = n.float('extrapolation_value', 0);
  if (fill === 0 || !at.flat().some(Number.isNaN))
    return void emitOnImage(n, 'resizeFilter', [], attrs, { dtype, ...(quant && { quant }) });
  if (quant) refuse('it fills what lies outside of an image of integers', 'use an extrapolation_value of 0');
  const inside = n.onImage('resizeFilter', n.id(0), [], attrs, 'inside');
  n.emit('add', [inside, outside(n, at, fill)], {});
}

/** The number where a position lies outside of the image, which has come to 0 there. */
function outside(n: OnnxNode, [rows, columns]: number[][], fill: number): TensorId {
  n.values.budget.charge(4 * rows.length * columns.length);
  const data = rows.flatMap((y) => columns.map((x) => (Number.isNaN(x + y) ? fill : 0)));
  const shape = n.shape(0).length === 4 ? [1, 1, rows.length, columns.length] : [1, 1, columns.length];
  const tensor = { name: `${n.outputName}/outside`, dtype: 'float32' as const, shape, data: Float32Array.from(data) };
  return n.values.place({ kind: 'constant', tensor });
}

/** Opset 10 had no attributes but the mode. */
const convertResize: Convert = (n) => {
  const axes = resizedAxes(n, n.opset < 11 ? 1 : 2);
  const coordinates = n.text('coordinate_transformation_mode', n.opset < 11 ? 'asymmetric' : 'half_pixel');
  const rounding = n.opset < 11 ? 'floor' : n.text('nearest_mode', 'round_prefer_floor');
  const mode = n.text('mode', 'nearest');
  const isFiltered = coordinates === cropping || n.int('antialias', 0) !== 0;
  if (mode === 'cubic' || (mode === 'linear' && isFiltered)) emitFilter(n, axes, mode, coordinates);
  else emitResize(n, axes, mode, coordinates, rounding);
};

/** Opset 7 had the scales as an attribute. */
const convertUpsample: Convert = (n) => {
  const scales = n.opset < 9 ? (n.floats('scales') ?? n.broken('it has no scales')) : floatsOf(n, 1, 'list of scales');
  const shape = n.shape(0);
  if (scales.length !== shape.length || scales.some((s) => !(s >= 1))) n.broken(`it scales [${shape}] by [${scales}]`);
  const axes = shape.map((from, d): Axis => ({ from, to: Math.floor(from * scales[d]), scale: scales[d] }));
  emitResize(n, axes, n.text('mode', 'nearest'), 'asymmetric', 'floor');
};

// Transposed convolution

type Pair = [number, number];

/** Pads and output padding so that the output has the stated shape, or that of SAME. */
function transposedPads(n: OnnxNode, kernel: Pair, strides: Pair, dilations: Pair, spatial: number): Attrs {
  const size = imageSize(n);
  const pair = (name: string): number[] | undefined => {
    const list = n.ints(name);
    if (list === undefined || list.length === 0) return undefined;
    if (list.length !== spatial || list.some((v) => !(v >= 0 && v <= 65_535))) n.broken(`${name} is [${list}]`);
    return spatial === 1 ? [name === 'output_shape' ? 1 : 0, list[0]] : list;
  };
  const outputPadding = pair('output_padding') ?? [0, 0];
  const auto = n.text('auto_pad', 'NOTSET');
  const isSame = auto === 'SAME_UPPER' || auto === 'SAME_LOWER';
  const stated = pair('output_shape') ?? (isSame ? size.map((s, d) => s * strides[d]) : undefined);
  if (stated === undefined) {
    const list = auto === 'VALID' ? [] : (n.ints('pads') ?? []);
    if (list.length !== 0 && (list.length !== 2 * spatial || list.some((p) => !(p >= 0 && p <= 65_535))))
      n.broken(`pads are [${list}]`);
    const pads = list.length === 0 ? [0, 0, 0, 0] : spatial === 1 ? [0, list[0], 0, list[1]] : list;
    return { pads, outputPadding };
  }
  const total = size.map(
    (s, d) => strides[d] * (s - 1) + outputPadding[d] + windowReach(kernel[d], dilations[d]) - stated[d],
  );
  const before = total.map((t) =>
    auto === 'SAME_UPPER' ? Math.floor(Math.max(t, 0) / 2) : Math.ceil(Math.max(t, 0) / 2),
  );
  const behind = total.map((t, d) => Math.max(t, 0) - before[d]);
  const extra = outputPadding.map((p, d) => p + Math.max(0, -total[d]));
  return { pads: [before[0], before[1], behind[0], behind[1]], outputPadding: extra };
}

const convertConvTranspose: Convert = (n) => {
  const spatial = n.shape(0).length - 2;
  imageSize(n);
  const [channels, perGroup, height, width] = asOihw(n, n.tensor(1)).shape;
  const groups = n.int('group', 1);
  if (groups < 1 || channels % groups !== 0 || channels !== n.shape(0)[1])
    n.broken(`weights of shape [${n.tensor(1).shape}]`);
  const outputs = perGroup * groups;
  const pair = (name: string): Pair => {
    const list = n.ints(name) ?? [];
    if (list.length === 0) return [1, 1];
    if (list.length !== spatial || list.some((v) => !(v >= 1 && v <= 65_535))) n.broken(`${name} is [${list}]`);
    return spatial === 1 ? [1, list[0]] : [list[0], list[1]];
  };
  const [strides, dilations] = [pair('strides'), pair('dilations')];
  const stated = n.ints('kernel_shape');
  if (stated && stated.join() !== n.shape(1).slice(2).join())
    n.broken(`kernel_shape [${stated}] for weights of [${n.shape(1)}]`);
  const attrs = { strides, dilations, groups, ...transposedPads(n, [height, width], strides, dilations, spatial) };
  // Input channels are first, those of a group together: groups, I, O, H, W -> groups, O, H, W, I.
  const weights = mapConstant(n, 1, 'weights', (tensor) => {
    const grouped = { ...asOihw(n, tensor), shape: [groups, channels / groups, perGroup, height, width] };
    return { ...permuteConstant(grouped, [0, 2, 3, 4, 1]), shape: [outputs, height, width, channels / groups] };
  });
  const bias = placeBias(n, 2, outputs);
  emitOnImage(n, 'transposeConv2d', [n.values.place(weights), ...(bias === NO_TENSOR ? [] : [bias])], attrs);
};

// Pools

/** The sum over each window as a depthwise convolution with ones. */
export function emitWindowSum(n: OnnxNode, x: TensorId, window: Attrs, kernel: readonly number[]): TensorId {
  const channels = n.shape(0)[1];
  const count = kernel[0] * kernel[1] * channels;
  n.values.budget.charge(4 * count);
  const weights = n.values.place({
    kind: 'constant',
    tensor: {
      name: `${n.outputName}/ones`,
      dtype: 'float32',
      shape: [1, kernel[0], kernel[1], channels],
      data: new Float32Array(count).fill(1),
    },
  });
  return n.onImage('depthwiseConv2d', x, [weights], { ...window, multiplier: 1 }, 'window_sum');
}

/** (sum of |x|^p)^(1/p) */
const convertLpPool: Convert = (n) => {
  if (n.int('ceil_mode', 0) !== 0) refuse('it has ceil_mode', 'turn it off, or pad first');
  const { kernel, ...window } = readWindow(n, undefined);
  emitLp(n, (powers) => emitWindowSum(n, powers, window, kernel));
};

function emitLp(n: OnnxNode, sum: (powers: TensorId) => TensorId): void {
  const p = n.int('p', 2);
  if (p < 1) n.broken(`p is ${p}`);
  const magnitude = p === 2 ? NO_TENSOR : n.temporary('abs', [n.id(0)], {}, 'magnitude');
  const powers =
    p === 2
      ? n.temporary('square', [n.id(0)], {}, 'squares')
      : n.temporary('pow', [magnitude, n.number('p', p)], {}, 'powers');
  const total = sum(powers);
  if (p === 2) n.emit('sqrt', [total], {});
  else n.emit('pow', [total, n.number('root', 1 / p)], {});
}

const convertGlobalLpPool: Convert = (n) => {
  const axes = range(n.shape(0).length).slice(2);
  emitLp(n, (powers) => n.temporary('sum', [powers], { axes, keepDims: true }, 'sum'));
};

/** How many taps of each window lie in the image, or in the image and its stated padding. */
function tapCounts(n: OnnxNode, window: Window, pads: readonly number[], withPadding: boolean): [number[], number[]] {
  const along = (d: 0 | 1): number[] => {
    const size = imageSize(n)[d];
    const [low, high] = withPadding ? [-window.pads[d], size + window.pads[d + 2]] : [0, size];
    const [k, stride, dilation] = [window.kernel[d], window.strides[d], window.dilations[d]];
    const windows = Math.floor((size + pads[d] + pads[d + 2] - windowReach(k, dilation)) / stride) + 1;
    return range(Math.max(windows, 0)).map((w) => {
      const taps = range(k).map((t) => w * stride - pads[d] + t * dilation);
      return taps.filter((at) => at >= low && at < high).length;
    });
  };
  return [along(0), along(1)];
}

/** With dilations, or with both ceil_mode and count_include_pad: the sum of each window by the number of its taps. */
const convertAnyAveragePool: Convert = (n) => {
  const window = readWindow(n, undefined);
  const pads = coverLast(n, window);
  const counted = n.int('count_include_pad', 0) !== 0;
  const covers = pads.some((p, i) => p !== window.pads[i]);
  if (window.dilations.every((d) => d === 1) && !(counted && covers)) return convertAveragePool(n);
  const { kernel, ...attrs } = window;
  const sum = emitWindowSum(n, n.id(0), { ...attrs, pads }, kernel);
  const [rows, columns] = tapCounts(n, window, pads, counted);
  n.values.budget.charge(4 * rows.length * columns.length);
  const counts = n.values.place({
    kind: 'constant',
    tensor: {
      name: `${n.outputName}/counts`,
      dtype: 'float32',
      shape: n.shape(0).length === 3 ? [columns.length] : [rows.length, columns.length],
      data: Float32Array.from(rows.flatMap((r) => columns.map((c) => Math.max(1, r * c)))),
    },
  });
  n.emit('div', [sum, counts], {});
};

export const images: Readonly<Record<string, Convert>> = {
  Resize: convertResize,
  Upsample: convertUpsample,
  ConvTranspose: convertConvTranspose,
  AveragePool: convertAnyAveragePool,
  LpPool: convertLpPool,
  GlobalLpPool: convertGlobalLpPool,
};
