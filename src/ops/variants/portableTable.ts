// SPDX-License-Identifier: Apache-2.0
// int8 functions of one value as tables: conversions, clamps, and operators whose other operand is one constant.
import { elementCount, type Graph, type Node, type Tensor } from '../../model/graph.js';
import { add } from '../add.js';
import { clamp } from '../clamp.js';
import { kernelCall } from '../kernels.js';
import { maximum } from '../maximum.js';
import { minimum } from '../minimum.js';
import { mul } from '../mul.js';
import type { LowerContext, OpSpec, Rounding } from '../op.js';
import { quantize } from '../quantize.js';
import { softmax, softmaxExponentials, softmaxRows } from '../softmax.js';
import { sub } from '../sub.js';
import { constant } from '../weighted.js';
import type { Lowered, Variant } from './variant.js';

/** The byte's value in the table's order: 0 … 127, -128 … -1. */
const everyByte = Int8Array.from({ length: 256 }, (_, i) => i);

/** The operator's own twin, on all 256 values of the one input that varies. */
function tableOf(spec: OpSpec, node: Node, graph: Graph, rounding: Rounding, variable: number): Int8Array {
  const resized = (t: Tensor, shape: number[]): Tensor => ({ ...t, shape });
  const inputs = node.inputs.map((id, i) => resized(graph.tensors[id], i === variable ? [256] : [1]));
  const tensors = [...inputs, resized(graph.tensors[node.outputs[0]], [256])];
  const alone: Node = { ...node, inputs: inputs.map((_, i) => i), outputs: [inputs.length] };
  const data = inputs.map((t, i) => (i === variable ? everyByte : t.data));
  return spec.evaluate(alone, data, { graph: { ...graph, tensors }, rounding })[0] as Int8Array;
}

/** Which input varies: the only one, or the one beside a constant of one element. */
function variableInput(node: Node, graph: Graph): number | undefined {
  const inputs = node.inputs.map((id) => graph.tensors[id]);
  const output = graph.tensors[node.outputs[0]];
  if ([...inputs, output].some((t) => t.dtype !== 'int8')) return undefined;
  const variable = inputs.flatMap((t, i) => (t.data ? [] : [i]));
  const constantsAreScalar = inputs.every((t) => !t.data || elementCount(t.shape) === 1);
  return variable.length === 1 && constantsAreScalar ? variable[0] : undefined;
}

const asTable =
  (spec: OpSpec) =>
  (node: Node, { graph, rounding }: LowerContext): Lowered | undefined => {
    const variable = variableInput(node, graph);
    if (variable === undefined) return undefined;
    const count = elementCount(graph.tensors[node.inputs[variable]].shape);
    const table = tableOf(spec, node, graph, rounding, variable);
    const fields: Parameters<typeof kernelCall>[2] = [
      ['count', count],
      ['table', constant('table', 'int8', table, [256])],
    ];
    return {
      call: kernelCall('lut', ['s8'], fields, [variable]),
      work: { pixels: 0, outputs: count, macs: 0 },
    };
  };

/** Elements from which on the exponentials' table, 1 KiB, is worth its flash without being asked for. */
const manyElements = 512;

function tabledSoftmax(node: Node, { graph, rounding, prefer }: LowerContext): Lowered | undefined {
  const [x, y] = [graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]];
  if (x.dtype !== 'int8' || y.dtype !== 'int8' || (elementCount(y.shape) < manyElements && prefer !== 'speed'))
    return undefined;
  const { rows, depth } = softmaxRows(node, graph);
  const kernel = 'mote_softmax_s8_table__c99';
  const fields: Parameters<typeof kernelCall>[2] = [
    ['rows', rows],
    ['depth', depth],
    ['exp_table', constant('exp_table', 'int32', softmaxExponentials(node, graph, rounding), [256])],
  ];
  return {
    call: { kernel, params: { type: 'mote_softmax_s8_table', fields }, inputs: [0], outputs: [0], scratchBytes: 0 },
    work: { pixels: rows, outputs: rows * depth, macs: 0 },
  };
}

export const portableTableVariants: readonly Variant[] = [
  ...[add, clamp, maximum, minimum, mul, quantize, sub].map((spec) => ({
    kernel: 'mote_lut_s8__ref',
    op: spec.op,
    isa: 'c99',
    lower: asTable(spec),
  })),
  { kernel: 'mote_softmax_s8_table__c99', op: softmax.op, isa: 'c99', lower: tabledSoftmax },
];
