// SPDX-License-Identifier: Apache-2.0
// treeEnsemble: decision trees over rows of x [rows, features], as tables. A node is a head, a jump and a value:
// - head >= 0: x[feature] is compared with the value; where that is true the next node follows, else the one `jump` further.
//   Bits 0-11 of the head: the feature; 12-13: the comparison; 14: NaN counts as true.
// - head -1, -2: a leaf adds its value to target `jump`; after -2 the next node adds too.
// Trees only jump forward, so every walk ends. Inputs: x, nodes int16 [n, 2], values float32 [n], roots int32 [trees].
// Of int8 and int16 features: treeEnsembleInteger.ts.
import type { Graph, Node } from '../model/graph.js';
import { badShape, given, int, outputOf } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import {
  evaluateIntegerTrees,
  integerTreesObstacle,
  lowerIntegerTrees,
  type TreeTables,
} from './treeEnsembleInteger.js';
import { tensorConstant } from './weighted.js';

export const aggregates = ['sum', 'average', 'minimum', 'maximum'] as const;
export const maxFeatures = 4096;
export const maxJump = 32_767;
export const comparisons = { lessEqual: 0, less: 1, equal: 2 } as const;
export const headOf = (feature: number, comparison: number, nanIsTrue: boolean): number =>
  feature | (comparison << 12) | (nanIsTrue ? 1 << 14 : 0);
export const leaf = { last: -1, more: -2 } as const;

function treesOf(node: Node, graph: Graph): TreeTables {
  const x = inputOf(node, graph, 0);
  const [nodes, values, roots] = [1, 2, 3].map((i) => inputOf(node, graph, i).data);
  if (!(nodes instanceof Int16Array && values instanceof Float32Array && roots instanceof Int32Array))
    badShape(node, 'its tables are not constants of their types');
  if (x.shape.length !== 2) badShape(node, `its input has shape ${x.shape.join(' x ')}, not rows of features`);
  const aggregate = aggregates.indexOf(node.attrs.aggregate as (typeof aggregates)[number]);
  if (aggregate < 0) badShape(node, `it aggregates by '${String(node.attrs.aggregate)}'`);
  const [rows, features] = x.shape;
  return { x, nodes, values, roots, rows, features, targets: int(node, 'targets', { min: 1, max: 32_768 }), aggregate };
}

/** Every walk stays within the tables. */
function checkTrees(node: Node, { nodes, values, roots, features, targets }: TreeTables): void {
  const count = values.length;
  if (nodes.length !== 2 * count || count < 1) badShape(node, `${nodes.length} numbers for ${count} nodes`);
  if (roots.some((r) => r < 0 || r >= count)) badShape(node, 'a tree begins outside of its nodes');
  for (let i = 0; i < count; i++) {
    const [head, jump] = [nodes[2 * i], nodes[2 * i + 1]];
    const inner = head >= 0 && (head & 4095) < features && jump >= 1 && i + jump < count && i + 1 < count;
    const end = (head === leaf.last || (head === leaf.more && i + 1 < count)) && jump >= 0 && jump < targets;
    const follows = head !== leaf.more || nodes[2 * i + 2] < 0;
    if (!(inner || (end && follows))) badShape(node, `node ${i} of its trees leads nowhere`);
  }
}

function isTrue(head: number, x: number, value: number): boolean {
  if (Number.isNaN(x)) return (head & (1 << 14)) !== 0;
  const comparison = (head >> 12) & 3;
  if (comparison === comparisons.equal) return x === value;
  return comparison === comparisons.less ? x < value : x <= value;
}

const f = Math.fround;
const startOf = (aggregate: number): number => (aggregate === 2 ? Infinity : aggregate === 3 ? -Infinity : 0);

function combine(aggregate: number, a: number, b: number): number {
  // biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
  if (aggregate === 2) return b < a ? b : a;
  // biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
  if (aggregate === 3) return b > a ? b : a;
  return f(a + b);
}

function evaluateRow({ nodes, values, roots, aggregate }: TreeTables, x: Float32Array, y: Float32Array): void {
  const start = startOf(aggregate);
  y.fill(start);
  for (const root of roots) {
    let i = root;
    while (nodes[2 * i] >= 0) {
      const head = nodes[2 * i];
      i += isTrue(head, x[head & 4095], values[i]) ? 1 : nodes[2 * i + 1];
    }
    let head: number;
    do {
      head = nodes[2 * i];
      const target = nodes[2 * i + 1];
      y[target] = combine(aggregate, y[target], values[i]);
      i++;
    } while (head === leaf.more);
  }
  for (let t = 0; t < y.length; t++) {
    if (aggregate === 1) y[t] = f(y[t] / f(roots.length));
    // A target without a leaf.
    if (aggregate >= 2 && y[t] === start) y[t] = 0;
  }
}

export const treeEnsemble: OpSpec = {
  op: 'treeEnsemble',
  infer(node, graph) {
    const trees = treesOf(node, graph);
    checkTrees(node, trees);
    return [{ shape: [trees.rows, trees.targets], dtype: trees.x.dtype }];
  },
  macs: () => 0,
  unsupported(node, graph) {
    const trees = treesOf(node, graph);
    return trees.x.dtype === 'float32' ? undefined : integerTreesObstacle(node, trees, outputOf(node, graph));
  },
  lower(node, { graph, rounding }) {
    const trees = treesOf(node, graph);
    if (trees.x.dtype !== 'float32') return lowerIntegerTrees(node, trees, outputOf(node, graph), rounding);
    const { rows, features, targets, aggregate, roots } = trees;
    const constant = (name: string, i: number) =>
      [name, tensorConstant(name, inputOf(node, graph, i))] as [string, ReturnType<typeof tensorConstant>];
    return kernelCall(
      'treeEnsemble',
      ['f32'],
      [
        ...Object.entries({ rows, features, targets, trees: roots.length, aggregate }),
        constant('nodes', 1),
        constant('values', 2),
        constant('roots', 3),
      ],
    );
  },
  evaluate(node, inputs, { graph, rounding }) {
    const trees = treesOf(node, graph);
    if (trees.x.dtype !== 'float32')
      return [evaluateIntegerTrees(node, trees, outputOf(node, graph), given(node, inputs, 0), rounding)];
    const x = given(node, inputs, 0) as Float32Array;
    const out = new Float32Array(trees.rows * trees.targets);
    for (let r = 0; r < trees.rows; r++)
      evaluateRow(
        trees,
        x.subarray(r * trees.features, (r + 1) * trees.features),
        out.subarray(r * trees.targets, (r + 1) * trees.targets),
      );
    return [out];
  },
};
