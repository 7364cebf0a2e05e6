// SPDX-License-Identifier: Apache-2.0
// resizeNearest and resizeLinear over the rows and columns of an image. Where an output row comes from is worked out by the
// reader (src/model/resize.ts): `rows` and `columns` name the source of each output; for resizeLinear `nextRows` and
// `nextColumns` name the second source, and `rowWeights` and `columnWeights` its part.
import { elementCount, type Graph, makeData, type Node, type Tensor } from '../model/graph.js';
import { badShape, given, image, intList } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import type { OpSpec } from './op.js';
import { moveType } from './strides.js';
import { constant } from './weighted.js';

const f = Math.fround;

interface Sources {
  x: Tensor;
  shape: number[];
  rows: number[];
  columns: number[];
}

function sourcesOf(node: Node, graph: Graph): Sources {
  const x = image(node, graph);
  const rows = intList(node, 'rows', { min: 0, max: x.shape[1] - 1 });
  const columns = intList(node, 'columns', { min: 0, max: x.shape[2] - 1 });
  return { x, rows, columns, shape: [1, rows.length, columns.length, x.shape[3]] };
}

interface Blend extends Sources {
  nextRows: number[];
  nextColumns: number[];
  rowWeights: number[];
  columnWeights: number[];
}

function weightsOf(node: Node, key: string, count: number): number[] {
  const value = node.attrs[key];
  if (
    !Array.isArray(value) ||
    value.length !== count ||
    !value.every((v) => typeof v === 'number' && Number.isFinite(v))
  )
    badShape(node, `'${key}' must be ${count} numbers`);
  return (value as number[]).map(f);
}

function blendOf(node: Node, graph: Graph): Blend {
  const s = sourcesOf(node, graph);
  return {
    ...s,
    nextRows: intList(node, 'nextRows', { min: 0, max: s.x.shape[1] - 1 }, s.rows.length),
    nextColumns: intList(node, 'nextColumns', { min: 0, max: s.x.shape[2] - 1 }, s.columns.length),
    rowWeights: weightsOf(node, 'rowWeights', s.rows.length),
    columnWeights: weightsOf(node, 'columnWeights', s.columns.length),
  };
}

const ints = (name: string, values: number[]): [string, ReturnType<typeof constant>] => [
  name,
  constant(name, 'int32', Int32Array.from(values), [values.length]),
];
const floats = (name: string, values: number[]): [string, ReturnType<typeof constant>] => [
  name,
  constant(name, 'float32', Float32Array.from(values), [values.length]),
];
const sizes = ({ x, shape }: Sources): [string, number][] =>
  Object.entries({ in_w: x.shape[2], channels: x.shape[3], out_h: shape[1], out_w: shape[2] });

export const resizeNearest: OpSpec = {
  op: 'resizeNearest',
  infer(node, graph) {
    const { x, shape } = sourcesOf(node, graph);
    return [{ shape, dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const { x } = sourcesOf(node, graph);
    return moveType(x)
      ? undefined
      : { reason: `there is no kernel for ${x.dtype}`, change: 'use elements of at most 32 bits' };
  },
  lower(node, { graph }) {
    const s = sourcesOf(node, graph);
    return kernelCall(
      'resizeNearest',
      [moveType(s.x) as KernelType],
      [...sizes(s), ints('rows', s.rows), ints('columns', s.columns)],
    );
  },
  evaluate(node, inputs, { graph }) {
    const { x: t, rows, columns, shape } = sourcesOf(node, graph);
    const x = given(node, inputs, 0);
    const out = makeData(t.dtype, elementCount(shape)) as Float32Array;
    const [width, channels] = [t.shape[2], t.shape[3]];
    let at = 0;
    for (const r of rows)
      for (const c of columns) for (let i = 0; i < channels; i++) out[at++] = x[(r * width + c) * channels + i];
    return [out];
  },
};

/** Parts of 1 as TensorFlow Lite has them: ten bits. */
const unit = 1024;
const inUnits = (weights: number[]): number[] => weights.map((w) => Math.round(w * unit));
const linearTypes: Partial<Record<Tensor['dtype'], KernelType>> = { float32: 'f32', int8: 's8', int16: 's16' };

/** Between four elements, for the type. */
type Mix = (corners: readonly [number, number, number, number], row: number, column: number) => number;

const mixFloats: Mix = ([a, b, c, d], row, column) => {
  const mix = (first: number, second: number, part: number): number => f(first + f(part * f(second - first)));
  return mix(mix(a, b, column), mix(c, d, column), row);
};

/** Half is rounded away from zero. */
const mixIntegers: Mix = ([a, b, c, d], row, column) => {
  const mix = (first: number, second: number, part: number): number => first * (unit - part) + second * part;
  const sum = mix(mix(a, b, column), mix(c, d, column), row);
  const half = (unit * unit) / 2;
  return Math.trunc((sum + (sum > 0 ? half : -half)) / (unit * unit));
};

export const resizeLinear: OpSpec = {
  op: 'resizeLinear',
  infer(node, graph) {
    const { shape, x } = blendOf(node, graph);
    return [{ shape, dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs: (node, graph) => 3 * elementCount(blendOf(node, graph).shape),
  unsupported(node, graph) {
    const b = blendOf(node, graph);
    if (!linearTypes[b.x.dtype])
      return {
        reason: `there is no kernel for ${b.x.dtype}`,
        change: 'keep this layer in float32, or resize to the nearest pixel',
      };
    return b.x.dtype !== 'float32' && [...b.rowWeights, ...b.columnWeights].some((w) => w < 0 || w > 1)
      ? { reason: 'it goes beyond the image', change: 'keep this layer in float32' }
      : undefined;
  },
  lower(node, { graph }) {
    const b = blendOf(node, graph);
    const float = b.x.dtype === 'float32';
    const weights = (name: string, values: number[]) => (float ? floats(name, values) : ints(name, inUnits(values)));
    return kernelCall(
      'resizeLinear',
      [linearTypes[b.x.dtype] as KernelType],
      [
        ...sizes(b),
        ints('rows', b.rows),
        ints('next_rows', b.nextRows),
        weights('row_weights', b.rowWeights),
        ints('columns', b.columns),
        ints('next_columns', b.nextColumns),
        weights('column_weights', b.columnWeights),
      ],
    );
  },
  evaluate(node, inputs, { graph }) {
    const b = blendOf(node, graph);
    const x = given(node, inputs, 0);
    const float = b.x.dtype === 'float32';
    const out = makeData(b.x.dtype, elementCount(b.shape)) as Float32Array;
    const [width, channels] = [b.x.shape[2], b.x.shape[3]];
    const [rowWeights, columnWeights] = [b.rowWeights, b.columnWeights].map((w) => (float ? w : inUnits(w)));
    const mix = float ? mixFloats : mixIntegers;
    let at = 0;
    b.rows.forEach((r, i) => {
      b.columns.forEach((c, j) => {
        for (let k = 0; k < channels; k++) {
          const from = (row: number, column: number): number => x[(row * width + column) * channels + k];
          const [below, right] = [b.nextRows[i], b.nextColumns[j]];
          const corners = [from(r, c), from(r, right), from(below, c), from(below, right)] as const;
          out[at++] = mix(corners, rowWeights[i], columnWeights[j]);
        }
      });
    });
    return [out];
  },
};
