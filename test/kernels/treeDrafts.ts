// SPDX-License-Identifier: Apache-2.0
// Random decision trees for the kernel tests.
import { addTensor, quantOf } from '../../src/model/graph.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { aggregates, comparisons, headOf, leaf } from '../../src/ops/treeEnsemble.js';
import { addInput, addOutput, type Draft, draft, setAttrs } from './draft.js';
import type { Random } from './random.js';

/** Nodes of one tree, appended: in preorder, so that the true branch comes next. */
function grow(
  random: Random,
  nodes: number[],
  values: number[],
  depth: number,
  features: number,
  targets: number,
): void {
  const at = values.length;
  if (depth === 0 || random.chance(0.2)) {
    for (let i = random.int(0, 2); i >= 0; i--) {
      nodes.push(i > 0 ? leaf.more : leaf.last, random.int(0, targets - 1));
      values.push(random.real(-1, 1));
    }
    return;
  }
  const comparison = random.pick(Object.values(comparisons));
  nodes.push(headOf(random.int(0, features - 1), comparison, random.chance(0.5)), 0);
  values.push(random.pick([random.real(-2, 2), random.int(-2, 2), random.real(-12, 12)]));
  grow(random, nodes, values, depth - 1, features, targets);
  nodes[2 * at + 1] = values.length - at;
  grow(random, nodes, values, depth - 1, features, targets);
}

const dtypes = { f32: 'float32', s8: 'int8', s16: 'int16' } as const;

export function treeEnsemble(row: KernelRow, random: Random): Draft {
  const dtype = dtypes[row.activation as keyof typeof dtypes];
  const d = draft('treeEnsemble', random);
  const [features, targets, trees] = [random.int(1, 6), random.int(1, 4), random.int(1, 5)];
  addInput(d, dtype, [random.int(1, 3), features]);
  const [nodes, values, roots]: number[][] = [[], [], []];
  for (let t = 0; t < trees; t++) {
    roots.push(values.length);
    grow(random, nodes, values, random.int(0, 4), features, targets);
  }
  d.node.inputs.push(
    addTensor(d.graph, { name: 'nodes', dtype: 'int16', shape: [values.length, 2], data: Int16Array.from(nodes) }),
    addTensor(d.graph, { name: 'values', dtype: 'float32', shape: [values.length], data: Float32Array.from(values) }),
    addTensor(d.graph, { name: 'roots', dtype: 'int32', shape: [trees], data: Int32Array.from(roots) }),
  );
  setAttrs(d, { targets, aggregate: random.pick(aggregates) });
  addOutput(d, dtype, dtype === 'float32' ? undefined : quantOf(2 ** (dtype === 'int8' ? -6 : -14), 0));
  return d;
}
