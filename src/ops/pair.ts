// SPDX-License-Identifier: Apache-2.0
// The operators of pairTable.ts.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { given } from './attributes.js';
import { constantFields, type Operands, operandsOf } from './binary.js';
import { broadcastFields, forEachPair, maxBroadcastRank } from './broadcast.js';
import { type KernelType, kernelCall } from './kernels.js';
import type { OpSpec } from './op.js';
import { type PairFunction, type PairRow, pairTable } from './pairTable.js';
import type { Reason } from './weighted.js';

const typeNames: Partial<Record<Tensor['dtype'], 'f32' | 's32' | 'b8'>> = {
  float32: 'f32',
  int32: 's32',
  bool: 'b8',
};

function ruleOf(row: PairRow, { a, b }: Operands): { type: KernelType; compute: PairFunction } | undefined {
  const type = typeNames[a.dtype];
  const compute = type && row.types[type];
  return type && compute && a.dtype === b.dtype ? { type, compute } : undefined;
}

function obstacle(row: PairRow, o: Operands): Reason | undefined {
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

function evaluate(row: PairRow, node: Node, inputs: (TensorData | undefined)[], graph: Graph): TensorData[] {
  const o = operandsOf(node, graph);
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

export function pairOp(row: PairRow): OpSpec {
  return {
    op: row.op,
    infer(node, graph) {
      const { shape, a } = operandsOf(node, graph);
      return [{ shape, dtype: row.compares ? 'bool' : a.dtype }];
    },
    macs: () => 0,
    inPlace(node, graph) {
      const { a, b, shape } = operandsOf(node, graph);
      if (row.compares) return [];
      const fits = (t: Tensor): boolean => !t.data && elementCount(t.shape) === elementCount(shape);
      return [a, b].flatMap((t, i) => (fits(t) ? [i] : []));
    },
    unsupported: (node, graph) => obstacle(row, operandsOf(node, graph)),
    lower(node, { graph }) {
      const o = operandsOf(node, graph);
      const type = ruleOf(row, o)?.type as KernelType;
      const fields = [...broadcastFields(o.walk), ...constantFields(o)];
      return kernelCall(row.op, row.compares ? [type, 'b8'] : [type], fields, [o.a.data ? 1 : 0, o.b.data ? 0 : 1]);
    },
    evaluate: (node, inputs, { graph }) => evaluate(row, node, inputs, graph),
  };
}

export const pairOps: readonly OpSpec[] = pairTable.map(pairOp);
