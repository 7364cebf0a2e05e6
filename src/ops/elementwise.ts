// SPDX-License-Identifier: Apache-2.0
// What the functions of one element share: shape, types, int8 tables, and their place in memory.
import {
  dtypeBytes,
  elementCount,
  type Graph,
  makeData,
  type Node,
  type Tensor,
  type TensorData,
} from '../model/graph.js';
import { given, outputOf } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, type OpSpec, type Rounding } from './op.js';
import { constant, type Reason } from './weighted.js';

export interface Context {
  node: Node;
  x: Tensor;
  y: Tensor;
  rounding: Rounding;
}

/** One element type of an operator: how it is called in C, and the same in TypeScript. */
export interface ElementRule {
  /** Kernel operator, where it is not the IR's (`lut`). */
  kernelOp?: string;
  fields(ctx: Context): CStruct['fields'];
  /** Kernel and fields, where the one depends on the other. */
  call?(ctx: Context): { kernelOp: string; fields: CStruct['fields'] };
  compute(ctx: Context): (x: number) => number;
  /** Further conditions on the quantization. */
  obstacle?(ctx: Context): Reason | undefined;
}

/** Rules by type of input and output: `f32`, `s8` or, for conversions, `f32s8`. */
export interface ElementwiseOp {
  op: string;
  rules: Partial<Record<string, ElementRule>>;
  infer: OpSpec['infer'];
}

const typeNames: Partial<Record<Tensor['dtype'], KernelType>> = {
  float32: 'f32',
  int8: 's8',
  int16: 's16',
  int32: 's32',
};

function contextOf(node: Node, graph: Graph, rounding: Rounding): Context {
  return { node, x: inputOf(node, graph, 0), y: outputOf(node, graph), rounding };
}

/** Conversions name both types, the others one. */
function typesOf(op: ElementwiseOp, { x, y }: Context): [KernelType, KernelType?] | undefined {
  const [from, to] = [typeNames[x.dtype], typeNames[y.dtype]];
  if (!from || !to) return undefined;
  if (op.rules[from + to]) return [from, to];
  return from === to && op.rules[from] ? [from] : undefined;
}

function ruleOf(op: ElementwiseOp, ctx: Context): ElementRule {
  const types = typesOf(op, ctx);
  const rule = types && op.rules[types.join('')];
  if (!rule) throw new Error(`${ctx.node.name}: no rule for ${ctx.x.dtype} giving ${ctx.y.dtype}`);
  return rule;
}

function lower(op: ElementwiseOp, ctx: Context): KernelCall {
  const rule = ruleOf(op, ctx);
  const types = typesOf(op, ctx) as [KernelType, KernelType?];
  const made = rule.call?.(ctx) ?? { kernelOp: rule.kernelOp ?? op.op, fields: rule.fields(ctx) };
  return kernelCall(made.kernelOp, types, [['count', elementCount(ctx.x.shape)], ...made.fields]);
}

export function elementwiseOp(op: ElementwiseOp): OpSpec {
  return {
    op: op.op,
    infer: op.infer,
    macs: () => 0,
    inPlace(node, graph) {
      const { x, y } = contextOf(node, graph, 'tflite');
      return dtypeBytes(x.dtype) === dtypeBytes(y.dtype) ? [0] : [];
    },
    unsupported(node, graph) {
      const ctx = contextOf(node, graph, 'tflite');
      const types = typesOf(op, ctx);
      if (!types) {
        return {
          reason: `there is no kernel for ${ctx.x.dtype} giving ${ctx.y.dtype}`,
          change: 'use float32, int8 or int16 throughout',
        };
      }
      return op.rules[types.join('')]?.obstacle?.(ctx);
    },
    lower: (node, { graph, rounding }) => lower(op, contextOf(node, graph, rounding)),
    evaluate(node, inputs, { graph, rounding }): TensorData[] {
      const ctx = contextOf(node, graph, rounding);
      const compute = ruleOf(op, ctx).compute(ctx);
      const x = given(node, inputs, 0);
      const out = makeData(ctx.y.dtype, x.length) as Float32Array;
      for (let i = 0; i < out.length; i++) out[i] = compute(x[i]);
      return [out];
    },
  };
}

/** infer of a function that keeps shape and type. */
export const sameType: OpSpec['infer'] = (node, graph) => {
  const x = inputOf(node, graph, 0);
  return [{ shape: [...x.shape], dtype: x.dtype }];
};

/** An int8 function as a table, computed here for all 256 inputs. */
export function tableRule(
  functionOf: (ctx: Context) => (x: number) => number,
  obstacle?: ElementRule['obstacle'],
): ElementRule {
  return {
    kernelOp: 'lut',
    compute: functionOf,
    fields(ctx) {
      const compute = functionOf(ctx);
      const table = Int8Array.from({ length: 256 }, (_, i) => compute((i << 24) >> 24));
      return [['table', constant('table', 'int8', table, [256])]];
    },
    ...(obstacle ? { obstacle } : {}),
  };
}
