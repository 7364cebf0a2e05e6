// SPDX-License-Identifier: Apache-2.0
// scatter: x with rows of `inner` elements replaced by updates, or combined with them; `rows` (int32) says which. A row
// number outside of x changes nothing: no number writes outside of the output. Later updates come after earlier ones.
import { elementCount, type Graph, makeData, type Node, type Tensor } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { moveType } from './strides.js';

const f = Math.fround;

/** In the order of the kernel's numbers; `none` only moves. */
export const reductions = ['none', 'add', 'mul', 'min', 'max'] as const;
export type Reduction = (typeof reductions)[number];

/** int32 wraps; of two floats that do not compare, the one that is there stays. */
function combine(reduction: Reduction, there: number, update: number, float: boolean): number {
  if (reduction === 'add') return float ? f(there + update) : (there + update) | 0;
  if (reduction === 'mul') return float ? f(there * update) : Math.imul(there, update);
  const changes = reduction === 'none' || (reduction === 'min' ? update < there : update > there);
  return changes ? update : there;
}

interface Scatter {
  x: Tensor;
  rows: Tensor;
  count: number;
  inner: number;
  depth: number;
  reduction: Reduction;
}

function scatterOf(node: Node, graph: Graph): Scatter {
  const [x, rows, updates] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const size = elementCount(x.shape);
  const inner = int(node, 'inner', { min: 1, max: Math.max(1, size) });
  const count = elementCount(rows.shape);
  const reduction = reductions.find((r) => r === node.attrs.reduction);
  if (reduction === undefined) badShape(node, `its reduction is '${node.attrs.reduction}'`);
  if (size % inner !== 0 || elementCount(updates.shape) !== count * inner || updates.dtype !== x.dtype)
    badShape(node, `updates [${updates.shape}] for ${count} rows of ${inner} of [${x.shape}]`);
  return { x, rows, count, inner, depth: size / inner, reduction };
}

function typeOf({ x, reduction }: Scatter): KernelType | undefined {
  if (reduction === 'none') return moveType(x);
  return x.quant ? undefined : ({ float32: 'f32', int32: 's32' } as const)[x.dtype as 'float32' | 'int32'];
}

export const scatter: OpSpec = {
  op: 'scatter',
  infer(node, graph) {
    const { x } = scatterOf(node, graph);
    return [{ shape: [...x.shape], dtype: x.dtype, ...(x.quant ? { quant: x.quant } : {}) }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const s = scatterOf(node, graph);
    return typeOf(s) && s.rows.dtype === 'int32'
      ? undefined
      : {
          reason: `there is no kernel for ${s.x.dtype} by ${s.rows.dtype}, reduction ${s.reduction}`,
          change: 'use int32 indices, and float32 or int32 where updates are combined with what is there',
        };
  },
  lower(node, { graph }) {
    const s = scatterOf(node, graph);
    const fields: [string, number][] = Object.entries({ depth: s.depth, inner: s.inner, count: s.count });
    if (s.reduction !== 'none') fields.push(['reduction', reductions.indexOf(s.reduction)]);
    return kernelCall('scatter', [typeOf(s) as KernelType], fields, [0, 1, 2]);
  },
  evaluate(node, inputs, { graph }) {
    const { x: t, count, inner, depth, reduction } = scatterOf(node, graph);
    const [x, rows, updates] = [0, 1, 2].map((i) => given(node, inputs, i));
    const out = makeData(t.dtype, x.length) as Float32Array;
    out.set(x as Float32Array);
    for (let k = 0; k < count; k++) {
      if (rows[k] < 0 || rows[k] >= depth) continue;
      for (let i = 0; i < inner; i++) {
        const [to, update] = [rows[k] * inner + i, Number(updates[k * inner + i])];
        out[to] = combine(reduction, out[to], update, t.dtype === 'float32');
      }
    }
    return [out];
  },
};
