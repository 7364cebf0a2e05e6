// SPDX-License-Identifier: Apache-2.0
// What add, sub, mul, div, minimum and maximum share: broadcasting, constant operands, types, the walk over both inputs.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape, clampAttr, given, outputOf } from './attributes.js';
import {
  type Broadcast,
  broadcastFields,
  broadcastShape,
  forEachPair,
  maxBroadcastRank,
  mergedBroadcast,
} from './broadcast.js';
import { type KernelType, kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, type OpSpec, type Rounding } from './op.js';
import { floatRange, sameQuant, scaleOf } from './quantized.js';
import { clampTo } from './requantize.js';
import { type Reason, tensorConstant } from './weighted.js';

export interface Operands {
  a: Tensor;
  b: Tensor;
  y: Tensor;
  walk: Broadcast;
  shape: number[];
}

/** What differs between the operators. */
export interface BinaryRule {
  op: string;
  /** The float32 result before the activation; the caller rounds it. */
  float(a: number, b: number): number;
  /** Of plain int32 numbers without scales. */
  int32?(a: number, b: number): number;
  /** Integer arithmetic, where the operator has some. */
  integer?: IntegerRule;
  /** Whether a fused activation is part of the kernel. */
  clamps: boolean;
}

export interface IntegerRule {
  /** Where it is not both. */
  types?: readonly KernelType[];
  /** Inputs and output must share scale and zero point. */
  sameScale: boolean;
  fields(node: Node, operands: Operands, rounding: Rounding): CStruct['fields'];
  /** The function of one pair of elements. */
  compute(node: Node, operands: Operands, rounding: Rounding): (a: number, b: number) => number;
}

export function operandsOf(node: Node, graph: Graph): Operands {
  const [a, b] = [inputOf(node, graph, 0), inputOf(node, graph, 1)];
  const shape = broadcastShape(a.shape, b.shape);
  if (!shape) badShape(node, `shapes ${a.shape.join(' x ')} and ${b.shape.join(' x ')} do not fit together`);
  clampAttr(node);
  return { a, b, y: outputOf(node, graph), shape, walk: mergedBroadcast(a.shape, b.shape, shape) };
}

const kernelTypes: Partial<Record<Tensor['dtype'], KernelType>> = {
  float32: 'f32',
  int8: 's8',
  int16: 's16',
  int32: 's32',
};

const isInteger = (type: KernelType | undefined): boolean => type === 's8' || type === 's16';

const hasKernel = (rule: BinaryRule, type: KernelType): boolean =>
  type === 's32'
    ? rule.int32 !== undefined
    : !isInteger(type) || (rule.integer !== undefined && (rule.integer.types ?? [type]).includes(type));

function obstacle(rule: BinaryRule, node: Node, graph: Graph): Reason | undefined {
  const o = operandsOf(node, graph);
  const tensors = [o.a, o.b, o.y];
  const type = kernelTypes[o.a.dtype];
  if (!type || tensors.some((t) => t.dtype !== o.a.dtype) || !hasKernel(rule, type)) {
    const types = `${o.a.dtype} and ${o.b.dtype} giving ${o.y.dtype}`;
    return {
      reason: `there is no kernel for ${types}`,
      change: rule.integer ? 'use float32, int8 or int16 throughout' : 'keep this layer in float32',
    };
  }
  if (o.a.data && o.b.data)
    return { reason: 'both of its inputs are constant', change: 'export the model with constants folded' };
  if (o.walk.dims.length > maxBroadcastRank) {
    return {
      reason: `it broadcasts over ${o.walk.dims.length} dimensions`,
      change: `reshape its inputs to at most ${maxBroadcastRank} dimensions`,
    };
  }
  if (type === 's32' && node.attrs.activation)
    return { reason: 'it clamps int32 numbers', change: 'clamp in a layer of its own' };
  return !isInteger(type) ? undefined : integerObstacle(rule.integer as IntegerRule, o);
}

function integerObstacle(rule: IntegerRule, o: Operands): Reason | undefined {
  const tensors = [o.a, o.b, o.y];
  if (rule.sameScale && !tensors.every((t) => sameQuant(t.quant, o.y.quant))) {
    return {
      reason: 'its inputs and output have different scales',
      change: 'requantize the inputs to the scale of the output',
    };
  }
  if (o.a.dtype === 'int16' && tensors.some((t) => t.quant?.zeroPoints.some((z) => z !== 0))) {
    return { reason: 'its int16 tensors have a zero point', change: 'quantize int16 activations symmetrically' };
  }
  return undefined;
}

/** A constant operand travels in the parameters; its argument is then not read and repeats the other one. */
export function constantFields(o: Operands): CStruct['fields'] {
  return [
    ['a_constant', tensorConstant('a_constant', o.a)],
    ['b_constant', tensorConstant('b_constant', o.b)],
  ];
}

function lower(rule: BinaryRule, node: Node, { graph, rounding }: LowerContext): KernelCall {
  const o = operandsOf(node, graph);
  const head = [...broadcastFields(o.walk), ...constantFields(o)];
  const inputs = [o.a.data ? 1 : 0, o.b.data ? 0 : 1];
  const type = kernelTypes[o.a.dtype] as KernelType;
  if (type === 's32') return kernelCall(rule.op, [type], head, inputs);
  if (type !== 'f32')
    return kernelCall(rule.op, [type], [...head, ...(rule.integer?.fields(node, o, rounding) ?? [])], inputs);
  const { min, max } = floatRange(clampAttr(node));
  const bounds: CStruct['fields'] = rule.clamps
    ? [
        ['output_min', { float: min }],
        ['output_max', { float: max }],
      ]
    : [];
  return kernelCall(rule.op, [type], [...head, ...bounds], inputs);
}

function evaluate(
  rule: BinaryRule,
  node: Node,
  inputs: (TensorData | undefined)[],
  graph: Graph,
  rounding: Rounding,
): TensorData[] {
  const o = operandsOf(node, graph);
  const [a, b] = [given(node, inputs, 0), given(node, inputs, 1)];
  const out = makeData(o.y.dtype, elementCount(o.shape)) as Float32Array;
  const compute = functionOf(rule, node, o, rounding);
  if (!compute) throw new Error(`${node.name}: ${rule.op} cannot compute ${o.y.dtype}`);
  let at = 0;
  forEachPair(o.walk, (i, j) => {
    out[at++] = compute(a[i], b[j]);
  });
  return [out];
}

function functionOf(
  rule: BinaryRule,
  node: Node,
  o: Operands,
  rounding: Rounding,
): ((a: number, b: number) => number) | undefined {
  if (o.y.dtype === 'float32') return floatFunction(rule, node);
  return o.y.dtype === 'int32' ? rule.int32 : rule.integer?.compute(node, o, rounding);
}

function floatFunction(rule: BinaryRule, node: Node): (a: number, b: number) => number {
  const { min, max } = floatRange(clampAttr(node));
  if (!rule.clamps) return rule.float;
  return (a, b) => clampTo(Math.fround(rule.float(a, b)), min, max);
}

/** Inputs whose elements are read at the very position that is written. */
function inPlace(node: Node, graph: Graph): number[] {
  const o = operandsOf(node, graph);
  const count = elementCount(o.shape);
  return [o.a, o.b].flatMap((t, i) => (!t.data && t.dtype === o.y.dtype && elementCount(t.shape) === count ? [i] : []));
}

export function binaryOp(rule: BinaryRule): OpSpec {
  return {
    op: rule.op,
    infer(node, graph) {
      const { shape, y, a } = operandsOf(node, graph);
      return [
        {
          shape,
          dtype: a.dtype === 'int32' ? 'int32' : y.dtype,
          ...(rule.integer?.sameScale && a.quant && a.dtype !== 'float32' ? { quant: a.quant } : {}),
        },
      ];
    },
    macs: () => 0,
    inPlace,
    unsupported: (node, graph) => obstacle(rule, node, graph),
    lower: (node, ctx) => lower(rule, node, ctx),
    evaluate: (node, inputs, { graph, rounding }) => evaluate(rule, node, inputs, graph, rounding),
  };
}

/** Scales and zero points of both inputs and the output. */
export const scalesOf = (node: Node, o: Pick<Operands, 'a' | 'b' | 'y'>) => ({
  a: scaleOf(node, o.a),
  b: scaleOf(node, o.b),
  y: scaleOf(node, o.y),
});
