// SPDX-License-Identifier: Apache-2.0
// resizeFilter: every output pixel is a weighted sum of pixels in several rows and columns, as cubic and antialiased resizing
// have it. The reader (src/model/resizeTaps.ts) works out the sources: for each output row `rowTaps` entries of `rows` and
// `rowWeights`, for columns likewise. Weights that add up to nothing give the real 0.
import { elementCount, type Graph, makeData, type Node, type Tensor } from '../model/graph.js';
import { badShape, given, image, int, intList } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import type { FieldValue, OpSpec } from './op.js';
import { scaleOf } from './quantized.js';
import { constant } from './weighted.js';

const f = Math.fround;
/** As many as a line of a tensor that fits a microcontroller could need. */
const maxTaps = 65_536;
/** Weights of integers have ten bits behind the point, as TensorFlow Lite's bilinear ones. */
const unit = 1024;
const half = (unit * unit) / 2;

interface Taps {
  taps: number;
  sources: number[];
  weights: number[];
}

interface Filter {
  x: Tensor;
  shape: number[];
  rows: Taps;
  columns: Taps;
}

function tapsOf(node: Node, name: 'row' | 'column', size: number): Taps {
  const taps = int(node, `${name}Taps`, { min: 1, max: maxTaps });
  const sources = intList(node, `${name}s`, { min: 0, max: size - 1 });
  const weights = node.attrs[`${name}Weights`];
  if (sources.length === 0 || sources.length % taps !== 0) badShape(node, `${sources.length} sources for ${taps} taps`);
  if (!Array.isArray(weights) || weights.length !== sources.length || !weights.every((w) => Number.isFinite(w)))
    badShape(node, `'${name}Weights' must be ${sources.length} numbers`);
  return { taps, sources, weights: (weights as number[]).map(f) };
}

function filterOf(node: Node, graph: Graph): Filter {
  const x = image(node, graph);
  const [rows, columns] = [tapsOf(node, 'row', x.shape[1]), tapsOf(node, 'column', x.shape[2])];
  const [height, width] = [rows, columns].map(({ sources, taps }) => sources.length / taps);
  return { x, rows, columns, shape: [1, height, width, x.shape[3]] };
}

/** Whole numbers that add up to what the weights of an output do: the largest takes what rounding left. */
function inUnits({ taps, weights }: Taps): number[] {
  const out = weights.map((w) => Math.round(w * unit));
  for (let at = 0; at < out.length; at += taps) {
    const list = weights.slice(at, at + taps);
    const wanted = Math.round(list.reduce((sum, w) => sum + w, 0) * unit);
    const got = out.slice(at, at + taps).reduce((sum, w) => sum + w, 0);
    out[at + list.indexOf(Math.max(...list))] += wanted - got;
  }
  return out;
}

/** Largest sum of the weights of one output, without their signs. */
function reach({ taps, weights }: Taps): number {
  let most = 0;
  for (let at = 0; at < weights.length; at += taps)
    most = Math.max(
      most,
      weights.slice(at, at + taps).reduce((sum, w) => sum + Math.abs(w), 0),
    );
  return most;
}

/** What int8 less its zero point times both weights may come to in 32 bits. */
const maxReach = 2 ** 31 / (256 * unit * unit) - 0.1;
const types: Partial<Record<Tensor['dtype'], KernelType>> = { float32: 'f32', int8: 's8', int16: 's16' };

const zeroPointOf = (node: Node, x: Tensor): number => (x.dtype === 'float32' ? 0 : scaleOf(node, x).zeroPoint);

function fieldsOf(node: Node, graph: Graph): [string, FieldValue][] {
  const { x, shape, rows, columns } = filterOf(node, graph);
  const lists = (name: string, t: Taps): [string, FieldValue][] => [
    [`${name}s`, constant(`${name}s`, 'int32', Int32Array.from(t.sources), [t.sources.length])],
    [
      `${name}_weights`,
      x.dtype === 'float32'
        ? constant(`${name}_weights`, 'float32', Float32Array.from(t.weights), [t.weights.length])
        : constant(`${name}_weights`, 'int32', Int32Array.from(inUnits(t)), [t.weights.length]),
    ],
  ];
  const sizes = {
    in_w: x.shape[2],
    channels: x.shape[3],
    out_h: shape[1],
    out_w: shape[2],
    row_taps: rows.taps,
    column_taps: columns.taps,
  };
  return [
    ...Object.entries(sizes),
    ...(x.dtype === 'int8' ? [['zero_point', zeroPointOf(node, x)] as [string, number]] : []),
    ...lists('row', rows),
    ...lists('column', columns),
  ];
}

/** Half is rounded away from zero. */
function finished(sum: number, { dtype }: Tensor, zeroPoint: number): number {
  if (dtype === 'float32') return sum;
  const most = dtype === 'int8' ? 127 : 32_767;
  const rounded = Math.trunc((sum + (sum > 0 ? half : -half)) / (unit * unit)) + zeroPoint;
  return Math.min(most, Math.max(-most - 1, rounded));
}

export const resizeFilter: OpSpec = {
  op: 'resizeFilter',
  infer(node, graph) {
    const { shape, x } = filterOf(node, graph);
    return [{ shape, dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs(node, graph) {
    const { shape, rows, columns } = filterOf(node, graph);
    return elementCount(shape) * rows.taps * (columns.taps + 1);
  },
  unsupported(node, graph) {
    const { x, rows, columns } = filterOf(node, graph);
    if (!types[x.dtype])
      return { reason: `there is no kernel for ${x.dtype}`, change: 'keep this layer in float32, int8 or int16' };
    return x.dtype === 'int8' && reach(rows) * reach(columns) > maxReach
      ? { reason: 'its weights are too large for integers', change: 'keep this layer in float32' }
      : undefined;
  },
  lower(node, { graph }) {
    const { x } = filterOf(node, graph);
    return kernelCall('resizeFilter', [types[x.dtype] as KernelType], fieldsOf(node, graph));
  },
  evaluate(node, inputs, { graph }) {
    const { x: t, shape, rows, columns } = filterOf(node, graph);
    const x = given(node, inputs, 0);
    const out = makeData(t.dtype, elementCount(shape)) as Float32Array;
    const float = t.dtype === 'float32';
    const round = float ? f : (v: number): number => v;
    const [rowWeights, columnWeights] = [rows, columns].map((s) => (float ? s.weights : inUnits(s)));
    const zero = zeroPointOf(node, t);
    const [width, channels] = [t.shape[2], t.shape[3]];
    let at = 0;
    for (let r = 0; r < rows.sources.length; r += rows.taps)
      for (let c = 0; c < columns.sources.length; c += columns.taps)
        for (let k = 0; k < channels; k++) {
          let sum = 0;
          for (let i = r; i < r + rows.taps; i++) {
            let line = 0;
            for (let j = c; j < c + columns.taps; j++) {
              const from = (rows.sources[i] * width + columns.sources[j]) * channels + k;
              line = round(line + round(columnWeights[j] * (x[from] - zero)));
            }
            sum = round(sum + round(rowWeights[i] * line));
          }
          out[at++] = finished(sum, t, zero);
        }
    return [out];
  },
};
