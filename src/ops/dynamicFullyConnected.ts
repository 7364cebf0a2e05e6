// SPDX-License-Identifier: Apache-2.0
// dynamicFullyConnected: rows of integers with a scale each (dynamicQuantize) by constant integer weights; float32 out. Sums are
// exact integers, so their order is free; the one float product comes last. Inputs: x int8, its scales, weights [O, K] int8 with
// a scale per output; and, where the weights have four bits, scale and zero point of every group of 32 columns, [O, groups]
// uint8: the weight is then scale * groupScale * w, with w + zero point from 0 to 15.
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type KernelCall, type OpSpec, optionalInput } from './op.js';
import { constant, type Reason } from './weighted.js';

const f = Math.fround;

/** Columns that share a scale and a zero point. */
export const groupColumns = 32;
/** 2^31 / (127 * 15 * 255): sums of more columns could overflow. */
const maxGroupedColumns = 4096;
const maxColumns = 65_535;

interface Geometry {
  rows: number;
  inC: number;
  outC: number;
  groups: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const [x, scales, w] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  if (w.shape.length !== 2) badShape(node, `the weights have ${w.shape.length} dimensions, not 2`);
  const [outC, inC] = w.shape;
  const size = elementCount(x.shape);
  if (size % inC !== 0) badShape(node, `${size} inputs cannot be read as rows of ${inC}`);
  if (elementCount(scales.shape) !== size / inC) badShape(node, `${size / inC} rows have ${scales.shape} scales`);
  const groups = Math.ceil(inC / groupColumns);
  for (const i of [3, 4]) {
    const t = optionalInput(node, graph, i);
    if (t && elementCount(t.shape) !== outC * groups) badShape(node, `[${t.shape}] are not ${outC} x ${groups} groups`);
  }
  return { rows: size / inC, inC, outC, groups };
}

const isGrouped = (node: Node, graph: Graph): boolean => optionalInput(node, graph, 3) !== undefined;

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const [x, scales, w] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const extra = [3, 4].map((i) => optionalInput(node, graph, i));
  const fits =
    x.dtype === 'int8' &&
    scales.dtype === 'float32' &&
    w.dtype === 'int8' &&
    w.data &&
    w.quant?.scales.length === w.shape[0] &&
    (extra.every((t) => t === undefined) || extra.every((t) => t?.dtype === 'uint8' && t.data));
  if (!fits) return { reason: 'its types have no kernel', change: 'let mote pack --weights quantize a float model' };
  const most = isGrouped(node, graph) ? maxGroupedColumns : maxColumns;
  return w.shape[1] > most
    ? { reason: `one output sums ${w.shape[1]} products, more than ${most}`, change: 'take --weights int8' }
    : undefined;
}

/** Codes of eight columns in a word, the first in the lowest bits; rows are whole groups. */
function codeWords(g: Geometry, w: Int8Array, zeros: Uint8Array): Int32Array {
  const perRow = (g.groups * groupColumns) / 8;
  const words = new Int32Array(g.outC * perRow);
  for (let row = 0; row < g.outC; row++) {
    for (let c = 0; c < g.inC; c++) {
      const code = w[row * g.inC + c] + zeros[row * g.groups + Math.floor(c / groupColumns)];
      words[row * perRow + (c >> 3)] |= code << (4 * (c & 7));
    }
  }
  return words;
}

function lower(node: Node, graph: Graph): KernelCall {
  const g = geometry(node, graph);
  const w = inputOf(node, graph, 2);
  const head: [string, number][] = [
    ['rows', g.rows],
    ['in_c', g.inC],
    ['out_c', g.outC],
  ];
  const scales = constant('scales', 'float32', Float32Array.from(w.quant?.scales ?? []), [g.outC]);
  if (!isGrouped(node, graph)) {
    const weights = constant('weights', 'int8', w.data as TensorData, w.shape);
    return kernelCall(
      'dynamicFullyConnected',
      ['s8', 's8'],
      [...head, ['weights', weights], ['scales', scales]],
      [0, 1],
    );
  }
  const [groupScales, zeros] = [3, 4].map((i) => inputOf(node, graph, i).data as Uint8Array);
  const words = codeWords(g, w.data as Int8Array, zeros);
  return kernelCall(
    'dynamicFullyConnected',
    ['s8', 's4'],
    [
      ...head,
      ['groups', g.groups],
      ['codes', constant('codes', 'int32', words, [g.outC, words.length / g.outC])],
      ['group_scales', constant('group_scales', 'uint8', groupScales, [g.outC, g.groups])],
      ['zeros', constant('zeros', 'uint8', zeros, [g.outC, g.groups])],
      ['scales', scales],
    ],
    [0, 1],
  );
}

/** The integer that stands for each weight, as the sum takes it. */
function factorsOf(g: Geometry, w: Int8Array, groupScales?: ArrayLike<number>): Int32Array {
  if (!groupScales) return Int32Array.from(w);
  return Int32Array.from(w, (v, i) => {
    const [row, column] = [Math.floor(i / g.inC), i % g.inC];
    return v * groupScales[row * g.groups + Math.floor(column / groupColumns)];
  });
}

export const dynamicFullyConnected: OpSpec = {
  op: 'dynamicFullyConnected',
  infer(node, graph) {
    const { rows, outC } = geometry(node, graph);
    return [{ shape: [rows, outC], dtype: 'float32' }];
  },
  macs(node, graph) {
    const { rows, inC, outC } = geometry(node, graph);
    return rows * inC * outC;
  },
  unsupported: obstacle,
  lower: (node, { graph }) => lower(node, graph),
  evaluate(node, inputs, { graph }): TensorData[] {
    const g = geometry(node, graph);
    const [x, rowScales, w] = [0, 1, 2].map((i) => given(node, inputs, i));
    const scales = inputOf(node, graph, 2).quant?.scales ?? new Float64Array(g.outC);
    const factors = factorsOf(g, w as Int8Array, inputs[3] as Uint8Array | undefined);
    const out = new Float32Array(g.rows * g.outC);
    for (let r = 0; r < g.rows; r++) {
      for (let c = 0; c < g.outC; c++) {
        let sum = 0;
        for (let i = 0; i < g.inC; i++) sum += x[r * g.inC + i] * factors[c * g.inC + i];
        out[r * g.outC + c] = f(f(sum) * f(f(scales[c]) * rowScales[r]));
      }
    }
    return [out];
  },
};
