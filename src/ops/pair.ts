// SPDX-License-Identifier: Apache-2.0
// The operators of pairTable.ts. Where one input is int8 and the other a constant real number, they are a table of 256
// entries.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { given } from './attributes.js';
import { constantFields, type Operands, operandsOf } from './binary.js';
import { broadcastFields, forEachPair, maxBroadcastRank } from './broadcast.js';
import { tableRule } from './elementwise.js';
import { type KernelType, kernelCall } from './kernels.js';
import type { KernelCall, OpSpec } from './op.js';
import { type PairFunction, type PairRow, pairTable } from './pairTable.js';
import { sameQuant } from './quantized.js';
import { realTable } from './realTable.js';
import type { Reason } from './weighted.js';

const typeNames: Partial<Record<Tensor['dtype'], 'f32' | 's32' | 's8' | 'b8'>> = {
  float32: 'f32',
  int32: 's32',
  int8: 's8',
  bool: 'b8',
};

function ruleOf(row: PairRow, { a, b }: Operands): { type: KernelType; compute: PairFunction } | undefined {
  const type = typeNames[a.dtype];
  const compute = type && row.types[type];
  return type && compute && a.dtype === b.dtype ? { type, compute } : undefined;
}

/** The function of the int8 input, where the other one is a constant float32 number. */
function tableOf(row: PairRow, node: Node, o: Operands): { x: 0 | 1; compute: (q: number) => number } | undefined {
  const float = row.types.f32;
  const number = o.a.data ? o.a : o.b;
  const x = o.a.data ? o.b : o.a;
  if (!float || row.compares || x.dtype !== 'int8' || o.y.dtype !== 'int8') return undefined;
  if (number.dtype !== 'float32' || !number.data || elementCount(number.shape) !== 1) return undefined;
  const value = Number(number.data[0]);
  const real = (v: number): number => (x === o.a ? float(Math.fround(v), value) : float(value, Math.fround(v)));
  return { x: x === o.a ? 0 : 1, compute: realTable(real)({ node, x, y: o.y, rounding: 'tflite' }) };
}

function obstacle(row: PairRow, node: Node, o: Operands): Reason | undefined {
  if (tableOf(row, node, o)) return undefined;
  if (!ruleOf(row, o)) {
    return {
      reason: `there is no kernel for ${o.a.dtype} and ${o.b.dtype}`,
      change: `use ${Object.keys(row.types).includes('f32') ? 'float32' : 'int32 or bool'} for this layer`,
    };
  }
  if (o.a.data && o.b.data)
    return { reason: 'both of its inputs are constant', change: 'export the model with constants folded' };
  if (o.a.dtype === 'int8' && !sameQuant(o.a.quant, o.b.quant))
    return { reason: 'its inputs have different scales', change: 'requantize them to one scale' };
  if (o.walk.dims.length <= maxBroadcastRank) return undefined;
  return {
    reason: `it broadcasts over ${o.walk.dims.length} dimensions`,
    change: `reshape its inputs to at most ${maxBroadcastRank} dimensions`,
  };
}

function evaluate(row: PairRow, node: Node, inputs: (TensorData | undefined)[], graph: Graph): TensorData[] {
  const o = operandsOf(node, graph);
  const table = tableOf(row, node, o);
  if (table) return [Int8Array.from(given(node, inputs, table.x) as Int8Array, table.compute)];
  const rule = ruleOf(row, o);
  if (!rule) throw new Error(`${node.name}: ${row.op} cannot compute ${o.a.dtype}`);
  const [a, b] = [given(node, inputs, 0), given(node, inputs, 1)];
  const out = makeData(row.compares ? 'bool' : o.a.dtype, elementCount(o.shape)) as Float32Array;
  let at = 0;
  forEachPair(o.walk, (i, j) => {
    out[at++] = rule.compute(a[i], b[j]);
  });
  return [out];
}

function lower(row: PairRow, node: Node, graph: Graph): KernelCall {
  const o = operandsOf(node, graph);
  const table = tableOf(row, node, o);
  if (table) {
    const fields = tableRule(() => table.compute).fields({ node, x: o.a, y: o.y, rounding: 'tflite' });
    return kernelCall('lut', ['s8'], [['count', elementCount(o.shape)], ...fields], [table.x]);
  }
  const type = ruleOf(row, o)?.type as KernelType;
  const fields = [...broadcastFields(o.walk), ...constantFields(o)];
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
    lower: (node, { graph }) => lower(row, node, graph),
    evaluate: (node, inputs, { graph }) => evaluate(row, node, inputs, graph),
  };
}

export const pairOps: readonly OpSpec[] = pairTable.map(pairOp);
