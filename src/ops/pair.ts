// SPDX-License-Identifier: Apache-2.0
// The operators of pairTable.ts. Where one input is int8 or int16 and the other a constant real number, they are a table.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { given } from './attributes.js';
import { constantFields, type Operands, operandsOf } from './binary.js';
import { broadcastFields, forEachPair, maxBroadcastRank } from './broadcast.js';
import { curveRule } from './curve16.js';
import { type Context, type ElementRule, tableRule } from './elementwise.js';
import { type KernelType, kernelCall } from './kernels.js';
import type { CStruct, KernelCall, OpSpec, Rounding } from './op.js';
import { type PairFunction, type PairRow, pairTable } from './pairTable.js';
import { type Scale, sameQuant, scaleOf } from './quantized.js';
import { realTable } from './realTable.js';
import { type Multiplier, quantizeMultiplier, requantize, roundingCode } from './requantize.js';
import type { Reason } from './weighted.js';

const typeNames: Partial<Record<Tensor['dtype'], 'f32' | 's32' | 's16' | 's8' | 'b8'>> = {
  float32: 'f32',
  int32: 's32',
  int16: 's16',
  int8: 's8',
  bool: 'b8',
};

const isInteger = ({ dtype }: Tensor): boolean => dtype === 'int8' || dtype === 'int16';

function ruleOf(row: PairRow, { a, b }: Operands): { type: KernelType; compute: PairFunction } | undefined {
  const type = typeNames[a.dtype];
  const compute = type && row.types[type];
  return type && compute && a.dtype === b.dtype ? { type, compute } : undefined;
}

interface PairOfOne {
  x: 0 | 1;
  rule: ElementRule;
  ctx: Context;
}

/** The function of the integer input, where the other one is a constant float32 number. */
function tableOf(row: PairRow, node: Node, o: Operands): PairOfOne | undefined {
  const float = row.types.f32;
  const number = o.a.data ? o.a : o.b;
  const x = o.a.data ? o.b : o.a;
  if (!float || row.compares || !isInteger(x) || o.y.dtype !== x.dtype) return undefined;
  if (number.dtype !== 'float32' || !number.data || elementCount(number.shape) !== 1) return undefined;
  const value = Number(number.data[0]);
  const real = (v: number): number => (x === o.a ? float(Math.fround(v), value) : float(value, Math.fround(v)));
  const rule = x.dtype === 'int8' ? tableRule(realTable(real)) : curveRule(() => real);
  return { x: x === o.a ? 0 : 1, rule, ctx: { node, x, y: o.y, rounding: 'single' } };
}

function obstacle(row: PairRow, node: Node, o: Operands): Reason | undefined {
  const table = tableOf(row, node, o);
  if (table) return table.rule.obstacle?.(table.ctx);
  if (!ruleOf(row, o)) {
    return {
      reason: `there is no kernel for ${o.a.dtype} and ${o.b.dtype}`,
      change: `use ${Object.keys(row.types).includes('f32') ? 'float32' : 'int32 or bool'} for this layer`,
    };
  }
  if (o.a.data && o.b.data)
    return { reason: 'both of its inputs are constant', change: 'export the model with constants folded' };
  if (o.walk.dims.length <= maxBroadcastRank) return undefined;
  return {
    reason: `it broadcasts over ${o.walk.dims.length} dimensions`,
    change: `reshape its inputs to at most ${maxBroadcastRank} dimensions`,
  };
}

/** Integers of different scales compare as TensorFlow Lite's ComparisonWithScaling makes them: with eight more bits, times
 *  their scales. */
const comparedBits = 8;

/** Undefined where both compare as they are. */
function comparisonOf(node: Node, { a, b }: Operands): { scale: Scale; factor: Multiplier }[] | undefined {
  if (!isInteger(a) || sameQuant(a.quant, b.quant) || (!a.quant && !b.quant)) return undefined;
  return [a, b].map((t) => {
    const scale = scaleOf(node, t);
    return { scale, factor: quantizeMultiplier(scale.scale) };
  });
}

function comparablesOf(node: Node, o: Operands, rounding: Rounding): ((x: number) => number)[] {
  const scaled = comparisonOf(node, o);
  if (!scaled) return [(x) => x, (x) => x];
  return scaled.map(
    ({ scale, factor }) =>
      (x) =>
        requantize((x - scale.zeroPoint) * 2 ** comparedBits, factor, rounding),
  );
}

function comparisonFields(node: Node, o: Operands, rounding: Rounding): CStruct['fields'] {
  const scaled = comparisonOf(node, o);
  return ['a', 'b'].map((name, i) => {
    const { scale, factor } = scaled?.[i] ?? { scale: { zeroPoint: 0 }, factor: { multiplier: 0, shift: 0 } };
    return [name, { values: [scale.zeroPoint, factor.multiplier, factor.shift, roundingCode(rounding)] }];
  });
}

function evaluate(
  row: PairRow,
  node: Node,
  inputs: (TensorData | undefined)[],
  graph: Graph,
  rounding: Rounding,
): TensorData[] {
  const o = operandsOf(node, graph);
  const table = tableOf(row, node, o);
  if (table) {
    const x = given(node, inputs, table.x) as Int8Array | Int16Array;
    return [x.map(table.rule.compute(table.ctx))];
  }
  const rule = ruleOf(row, o);
  if (!rule) throw new Error(`${node.name}: ${row.op} cannot compute ${o.a.dtype}`);
  const [a, b] = [given(node, inputs, 0), given(node, inputs, 1)];
  const out = makeData(row.compares ? 'bool' : o.a.dtype, elementCount(o.shape)) as Float32Array;
  const [ofA, ofB] = comparablesOf(node, o, rounding);
  let at = 0;
  forEachPair(o.walk, (i, j) => {
    out[at++] = rule.compute(ofA(a[i]), ofB(b[j]));
  });
  return [out];
}

function lower(row: PairRow, node: Node, graph: Graph, rounding: Rounding): KernelCall {
  const o = operandsOf(node, graph);
  const table = tableOf(row, node, o);
  if (table) {
    const { kernelOp, fields } = table.rule.call?.(table.ctx) ?? {
      kernelOp: 'lut',
      fields: table.rule.fields(table.ctx),
    };
    const type = typeNames[table.ctx.x.dtype] as KernelType;
    return kernelCall(kernelOp, [type], [['count', elementCount(o.shape)], ...fields], [table.x]);
  }
  const type = ruleOf(row, o)?.type as KernelType;
  const scales = row.compares && isInteger(o.a) ? comparisonFields(node, o, rounding) : [];
  const fields = [...broadcastFields(o.walk), ...constantFields(o), ...scales];
  return kernelCall(row.op, row.compares ? [type, 'b8'] : [type], fields, [o.a.data ? 1 : 0, o.b.data ? 0 : 1]);
}

export function pairOp(row: PairRow): OpSpec {
  return {
    op: row.op,
    infer(node, graph) {
      const { shape, a, b } = operandsOf(node, graph);
      return [{ shape, dtype: row.compares ? 'bool' : a.data ? b.dtype : a.dtype }];
    },
    macs: () => 0,
    inPlace(node, graph) {
      const { a, b, shape } = operandsOf(node, graph);
      if (row.compares) return [];
      const fits = (t: Tensor): boolean => !t.data && elementCount(t.shape) === elementCount(shape);
      return [a, b].flatMap((t, i) => (fits(t) ? [i] : []));
    },
    unsupported: (node, graph) => obstacle(row, node, operandsOf(node, graph)),
    lower: (node, { graph, rounding }) => lower(row, node, graph, rounding),
    evaluate: (node, inputs, { graph, rounding }) => evaluate(row, node, inputs, graph, rounding),
  };
}

export const pairOps: readonly OpSpec[] = pairTable.map(pairOp);
