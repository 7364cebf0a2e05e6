// SPDX-License-Identifier: Apache-2.0
// pad: one constant around the input. `value` is a real number; integers get its quantized value.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, finiteNumber } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { limitsOf, quantizeValue, scaleOf } from './quantized.js';
import { forEachIndex, maxMoveRank, moveType, padFront, rowMajorStrides } from './strides.js';

export interface Padding {
  dims: number[];
  before: number[];
  after: number[];
}

const maxPad = 2 ** 24;

export function paddingOf(node: Node, graph: Graph): Padding {
  const { shape } = inputOf(node, graph, 0);
  const pads = node.attrs.pads;
  const isCount = (v: unknown): v is number => Number.isInteger(v) && (v as number) >= 0 && (v as number) <= maxPad;
  const isPair = (v: unknown): v is [number, number] => Array.isArray(v) && v.length === 2 && v.every(isCount);
  if (!Array.isArray(pads) || pads.length !== shape.length || !pads.every(isPair)) {
    badShape(node, `'pads' must be ${shape.length} pairs of counts from 0 to ${maxPad}`);
  }
  const pairs = pads as unknown as [number, number][];
  const padding = { dims: [...shape], before: pairs.map((p) => p[0]), after: pairs.map((p) => p[1]) };
  if (elementCount(outputShape(padding)) >= 2 ** 31) badShape(node, 'its output is too large');
  return padding;
}

const outputShape = (p: Padding): number[] => p.dims.map((n, d) => n + p.before[d] + p.after[d]);

/** Dimensions that are not padded become part of the one before them. */
function merged(p: Padding): Padding {
  const out: Padding = { dims: [], before: [], after: [] };
  p.dims.forEach((n, d) => {
    const last = out.dims.length - 1;
    if (last >= 0 && p.before[d] === 0 && p.after[d] === 0) {
      for (const list of [out.dims, out.before, out.after]) list[last] *= n;
    } else {
      out.dims.push(n);
      out.before.push(p.before[d]);
      out.after.push(p.after[d]);
    }
  });
  return out;
}

/** What an element of the padding holds. */
export function padFill(node: Node, graph: Graph): number {
  const x = inputOf(node, graph, 0);
  const value = finiteNumber(node, 'value', 0);
  if (!x.quant || x.dtype === 'float32') return value;
  return x.dtype === 'int32'
    ? Math.round(value / scaleOf(node, x).scale)
    : quantizeValue(value, scaleOf(node, x), limitsOf(x));
}

/** Its bits as a C integer. */
function fillBits(node: Node, graph: Graph): number {
  const value = padFill(node, graph);
  return inputOf(node, graph, 0).dtype === 'float32' ? new Int32Array(Float32Array.of(value).buffer)[0] : value | 0;
}

function evaluate(node: Node, graph: Graph, data: TensorData | undefined): TensorData[] {
  if (!data) throw new Error(`${node.name}: no data`);
  const p = paddingOf(node, graph);
  const shape = outputShape(p);
  const strides = rowMajorStrides(shape);
  const out = makeData(inputOf(node, graph, 0).dtype, elementCount(shape)) as Float32Array;
  out.fill(padFill(node, graph));
  let at = 0;
  forEachIndex(
    { dims: p.dims, strides },
    strides.reduce((sum, s, d) => sum + s * p.before[d], 0),
    (i) => {
      out[i] = (data as Float32Array)[at++];
    },
  );
  return [out];
}

export const pad: OpSpec = {
  op: 'pad',
  infer(node, graph) {
    const x = inputOf(node, graph, 0);
    return [{ shape: outputShape(paddingOf(node, graph)), dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const x = inputOf(node, graph, 0);
    const rank = merged(paddingOf(node, graph)).dims.length;
    if (!moveType(x)) return { reason: `there is no kernel for ${x.dtype}`, change: 'use elements of at most 32 bits' };
    if (rank > maxMoveRank)
      return { reason: `it pads ${rank} dimensions`, change: `use at most ${maxMoveRank} dimensions` };
    return undefined;
  },
  lower(node, { graph }) {
    const p = merged(paddingOf(node, graph));
    return kernelCall(
      'pad',
      [moveType(inputOf(node, graph, 0)) as KernelType],
      [
        ['dims', { values: padFront(p.dims, maxMoveRank, 1) }],
        ['before', { values: padFront(p.before, maxMoveRank, 0) }],
        ['after', { values: padFront(p.after, maxMoveRank, 0) }],
        ['value', fillBits(node, graph)],
      ],
    );
  },
  evaluate: (node, inputs, { graph }) => evaluate(node, graph, inputs[0]),
};
