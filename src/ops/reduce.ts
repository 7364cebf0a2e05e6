// SPDX-License-Identifier: Apache-2.0
// The operators of reduceTable.ts.
import { elementCount, makeData, type Tensor } from '../model/graph.js';
import { given } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { maxReduceRank, reductionOf, walkFields } from './mean.js';
import { inputOf, type OpSpec } from './op.js';
import { type ReduceRow, reduceTable } from './reduceTable.js';
import { forEachIndex } from './strides.js';

const typeNames: Partial<Record<Tensor['dtype'], 'f32' | 's32'>> = { float32: 'f32', int32: 's32' };

const foldOf = (row: ReduceRow, { dtype }: Tensor) => row.types[typeNames[dtype] ?? 'f32'];

export function reduceOp(row: ReduceRow): OpSpec {
  return {
    op: row.op,
    infer(node, graph) {
      return [{ shape: reductionOf(node, graph).shape, dtype: inputOf(node, graph, 0).dtype }];
    },
    macs: () => 0,
    unsupported(node, graph) {
      const x = inputOf(node, graph, 0);
      const { kept, reduced } = reductionOf(node, graph);
      if (!typeNames[x.dtype] || !foldOf(row, x))
        return { reason: `there is no kernel for ${x.dtype}`, change: 'keep this layer in float32' };
      if (kept.dims.length > maxReduceRank || reduced.dims.length > maxReduceRank)
        return {
          reason: 'its axes alternate too often',
          change: `use at most ${maxReduceRank} separate groups of axes`,
        };
      return undefined;
    },
    lower(node, { graph }) {
      const { kept, reduced } = reductionOf(node, graph);
      const type = typeNames[inputOf(node, graph, 0).dtype] as KernelType;
      return kernelCall(row.op, [type], [...walkFields('kept', kept), ...walkFields('reduced', reduced)]);
    },
    evaluate(node, inputs, { graph }) {
      const t = inputOf(node, graph, 0);
      const { kept, reduced, shape } = reductionOf(node, graph);
      const fold = foldOf(row, t);
      if (!fold) throw new Error(`${node.name}: ${row.op} cannot compute ${t.dtype}`);
      const x = given(node, inputs, 0);
      const out = makeData(t.dtype, elementCount(shape)) as Float32Array;
      let at = 0;
      forEachIndex(kept, 0, (from) => {
        let sum = fold.start;
        forEachIndex(reduced, from, (i) => {
          sum = fold.step(sum, x[i]);
        });
        out[at++] = sum;
      });
      return [out];
    },
  };
}

export const reduceOps: readonly OpSpec[] = reduceTable.map(reduceOp);
