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

export const resizeLinear: OpSpec = {
  op: 'resizeLinear',
  infer: (node, graph) => [{ shape: blendOf(node, graph).shape, dtype: blendOf(node, graph).x.dtype }],
  macs: (node, graph) => 3 * elementCount(blendOf(node, graph).shape),
  unsupported(node, graph) {
    const { dtype } = blendOf(node, graph).x;
    return dtype === 'float32'
      ? undefined
      : {
          reason: `there is no kernel for ${dtype}`,
          change: 'keep this layer in float32, or resize to the nearest pixel',
        };
  },
  lower(node, { graph }) {
    const b = blendOf(node, graph);
    return kernelCall(
      'resizeLinear',
      ['f32'],
      [
        ...sizes(b),
        ints('rows', b.rows),
        ints('next_rows', b.nextRows),
        floats('row_weights', b.rowWeights),
        ints('columns', b.columns),
        ints('next_columns', b.nextColumns),
        floats('column_weights', b.columnWeights),
      ],
    );
  },
  evaluate(node, inputs, { graph }) {
    const b = blendOf(node, graph);
    const x = given(node, inputs, 0);
    const out = new Float32Array(elementCount(b.shape));
    const [width, channels] = [b.x.shape[2], b.x.shape[3]];
    let at = 0;
    b.rows.forEach((r, i) => {
      b.columns.forEach((c, j) => {
        for (let k = 0; k < channels; k++) {
          const from = (row: number, column: number): number => x[(row * width + column) * channels + k];
          const mix = (first: number, second: number, part: number): number => f(first + f(part * f(second - first)));
          const top = mix(from(r, c), from(r, b.nextColumns[j]), b.columnWeights[j]);
          const bottom = mix(from(b.nextRows[i], c), from(b.nextRows[i], b.nextColumns[j]), b.columnWeights[j]);
          out[at++] = mix(top, bottom, b.rowWeights[i]);
        }
      });
    });
    return [out];
  },
};
