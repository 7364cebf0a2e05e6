// SPDX-License-Identifier: Apache-2.0
// Rows of decision trees: scikit-learn's and the boosting libraries' exports, both forms that ONNX has for them.
// Semantics: onnx/defs/traditionalml/defs.cc; what a label is for two classes: ONNX Runtime's tree_ensemble_aggregator.h.
import { type aggregates, comparisons, headOf, leaf, maxFeatures, maxJump } from '../../ops/treeEnsemble.js';
import type { TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';
import { classCount, emitLabel, emitScores, perClass, rowsInput } from './scores.js';
import { readConstant } from './tensors.js';

interface Leaf {
  target: number;
  weight: number;
}

/** A node of a tree; its branches and itself by keys. */
type TreeNode =
  | { leaves: readonly Leaf[] }
  | { feature: number; mode: string; value: number; nanTracks: boolean; yes: string; no: string };

interface Forest {
  nodes: ReadonlyMap<string, TreeNode>;
  roots: readonly string[];
}

/** How each comparison is written with those that there are: which one, whether the branches change places, and where NaN
 *  goes that nothing is said about. */
const modes: Readonly<Record<string, { comparison: number; swapped: boolean; nanIsTrue: boolean }>> = {
  BRANCH_LEQ: { comparison: comparisons.lessEqual, swapped: false, nanIsTrue: false },
  BRANCH_LT: { comparison: comparisons.less, swapped: false, nanIsTrue: false },
  BRANCH_EQ: { comparison: comparisons.equal, swapped: false, nanIsTrue: false },
  BRANCH_GT: { comparison: comparisons.lessEqual, swapped: true, nanIsTrue: true },
  BRANCH_GTE: { comparison: comparisons.less, swapped: true, nanIsTrue: true },
  BRANCH_NEQ: { comparison: comparisons.equal, swapped: true, nanIsTrue: false },
};

interface Tables {
  nodes: number[];
  values: number[];
  roots: number[];
}

/** Nodes in preorder, so that a true branch comes right behind its node. */
function layOut(n: OnnxNode, { nodes, roots }: Forest, keepsZeros: boolean): Tables {
  const tables: Tables = { nodes: [], values: [], roots: [] };
  const seen = new Set<string>();
  for (const root of roots) {
    tables.roots.push(tables.values.length);
    const open: { key: string; from: number }[] = [{ key: root, from: -1 }];
    for (let next = open.pop(); next; next = open.pop()) {
      const { key, from } = next;
      const node = nodes.get(key) ?? n.broken(`its trees lead to node ${key}, which is not there`);
      if (seen.has(key)) n.broken(`two branches of its trees lead to node ${key}`);
      seen.add(key);
      const at = tables.values.length;
      if (from >= 0) tables.nodes[2 * from + 1] = at - from;
      if (at - from > maxJump && from >= 0) refuse(`a tree has more than ${maxJump} nodes`, 'train smaller trees');
      if ('leaves' in node) addLeaf(tables, node.leaves, keepsZeros);
      else open.push(...addBranch(n, tables, node, at));
    }
  }
  return tables;
}

/** Most classes have no share in most leaves of a forest, and 0 changes no sum. */
function addLeaf(tables: Tables, leaves: readonly Leaf[], keepsZeros: boolean): void {
  const some = leaves.filter((l) => keepsZeros || l.weight !== 0);
  const all = some.length > 0 ? some : [{ target: 0, weight: 0 }];
  all.forEach(({ target, weight }, i) => {
    tables.nodes.push(i + 1 < all.length ? leaf.more : leaf.last, target);
    tables.values.push(weight);
  });
}

function addBranch(n: OnnxNode, tables: Tables, node: Exclude<TreeNode, { leaves: readonly Leaf[] }>, at: number) {
  const { feature, mode, value, nanTracks, yes, no } = node;
  const row = Object.hasOwn(modes, mode)
    ? modes[mode]
    : refuse(`its trees compare by ${mode}`, 'use trees that compare with a number');
  if (!(feature >= 0 && feature < n.shape(0)[1])) n.broken(`its trees ask for feature ${feature}`);
  const toSwapped = row.swapped && mode !== 'BRANCH_NEQ';
  const nanIsTrue = nanTracks ? !row.swapped : toSwapped ? row.nanIsTrue : false;
  tables.nodes.push(headOf(feature, row.comparison, nanIsTrue), 0);
  tables.values.push(value);
  const [first, second] = row.swapped ? [no, yes] : [yes, no];
  return [
    { key: second, from: at },
    { key: first, from: -1 },
  ];
}

function emitTrees(n: OnnxNode, x: TensorId, forest: Forest, targets: number, aggregate: string): TensorId {
  if (n.shape(0)[1] > maxFeatures) refuse(`it has ${n.shape(0)[1]} features`, `use at most ${maxFeatures}`);
  const { nodes, values, roots } = layOut(n, forest, aggregate === 'minimum' || aggregate === 'maximum');
  n.values.budget.charge(8 * values.length + 4 * roots.length);
  const place = (
    name: string,
    dtype: 'int16' | 'float32' | 'int32',
    shape: number[],
    data: Int16Array | Float32Array | Int32Array,
  ) => n.values.place({ kind: 'constant', tensor: { name: `${n.outputName}/${name}`, dtype, shape, data } });
  const tables = [
    place('nodes', 'int16', [values.length, 2], Int16Array.from(nodes)),
    place('values', 'float32', [values.length], Float32Array.from(values)),
    place('roots', 'int32', [roots.length], Int32Array.from(roots)),
  ];
  return n.temporary('treeEnsemble', [x, ...tables], { targets, aggregate }, 'trees', { dtype: 'float32' });
}

// The older form: one list entry per node, leaves listed by tree and node

function listOf<T>(n: OnnxNode, name: string, list: T[] | undefined, length: number): T[] {
  const found = list ?? n.broken(`attribute '${name}' is missing`);
  return found.length === length ? found : n.broken(`its lists differ in length ('${name}' has ${found.length})`);
}

/** Attributes that newer exports give as a tensor. */
function reals(n: OnnxNode, name: string): number[] | undefined {
  const tensor = n.tensorAttribute(`${name}_as_tensor`);
  if (tensor === undefined) return n.floats(name);
  const { data } = readConstant(tensor, name, n.values.budget.charge);
  return Array.from(data as Float32Array, Number);
}

/** What a class or target list (`class_ids`, `target_weights` …) adds at each leaf. */
function leavesOf(n: OnnxNode, prefix: 'class' | 'target', targets: number): Map<string, Leaf[]> {
  const trees = n.ints(`${prefix}_treeids`) ?? n.broken(`attribute '${prefix}_treeids' is missing`);
  const ids = listOf(n, `${prefix}_nodeids`, n.ints(`${prefix}_nodeids`), trees.length);
  const chosen = listOf(n, `${prefix}_ids`, n.ints(`${prefix}_ids`), trees.length);
  const weights = listOf(n, `${prefix}_weights`, reals(n, `${prefix}_weights`), trees.length);
  const leaves = new Map<string, Leaf[]>();
  trees.forEach((tree, i) => {
    const target = chosen[i];
    if (!(target >= 0 && target < targets)) n.broken(`a leaf adds to ${prefix} ${target} of ${targets}`);
    const key = `${tree}.${ids[i]}`;
    const list = leaves.get(key) ?? [];
    list.push({ target, weight: weights[i] });
    leaves.set(key, list);
  });
  return leaves;
}

function listedForest(n: OnnxNode, leaves: ReadonlyMap<string, Leaf[]>): Forest {
  const trees = n.ints('nodes_treeids') ?? n.broken("attribute 'nodes_treeids' is missing");
  const ints = (name: string): number[] => listOf(n, name, n.ints(name), trees.length);
  const [ids, features, yes, no] = ['nodeids', 'featureids', 'truenodeids', 'falsenodeids'].map((s) =>
    ints(`nodes_${s}`),
  );
  const kinds = listOf(n, 'nodes_modes', n.strings('nodes_modes'), trees.length);
  const values = listOf(n, 'nodes_values', reals(n, 'nodes_values'), trees.length);
  const tracks = n.ints('nodes_missing_value_tracks_true');
  const nodes = new Map<string, TreeNode>();
  const roots = new Map<number, string>();
  trees.forEach((tree, i) => {
    const key = `${tree}.${ids[i]}`;
    if (nodes.has(key)) n.broken(`node ${key} of its trees is there twice`);
    // A tree begins at the first of its nodes.
    if (!roots.has(tree)) roots.set(tree, key);
    if (kinds[i] === 'LEAF') nodes.set(key, { leaves: leaves.get(key) ?? [] });
    else {
      const branches = { yes: `${tree}.${yes[i]}`, no: `${tree}.${no[i]}` };
      nodes.set(key, {
        feature: features[i],
        mode: kinds[i],
        value: values[i],
        nanTracks: tracks?.[i] === 1,
        ...branches,
      });
    }
  });
  return { nodes, roots: [...roots.values()] };
}

const aggregateOf = (n: OnnxNode, name: string): string =>
  ({ SUM: 'sum', AVERAGE: 'average', MIN: 'minimum', MAX: 'maximum' })[name] ?? n.broken(`it aggregates by '${name}'`);

/** base_values, added behind the trees. */
function addBase(n: OnnxNode, scores: TensorId, targets: number): TensorId {
  const base = reals(n, 'base_values') ?? [];
  if (base.length === 0 || base.every((v) => v === 0)) return scores;
  return n.temporary('add', [scores, perClass(n, 'base', base, targets)], {}, 'based');
}

export const convertTreeRegressor: Convert = (n) => {
  const targets = n.int('n_targets', 1);
  const forest = listedForest(n, leavesOf(n, 'target', targets));
  const trees = emitTrees(n, rowsInput(n), forest, targets, aggregateOf(n, n.text('aggregate_function', 'SUM')));
  emitScores(n, addBase(n, trees, targets), n.text('post_transform', 'NONE'), 0);
};

/** Where all leaves of two classes count for the first of them, there is one score, which is the second's; its sign or a half
 *  decides. */
export const convertTreeClassifier: Convert = (n) => {
  const classes = classCount(n);
  const leaves = leavesOf(n, 'class', classes);
  const all = [...leaves.values()].flat();
  const isBinary = classes === 2 && all.every((l) => l.target === 0);
  const targets = isBinary ? 1 : classes;
  const trees = emitTrees(n, rowsInput(n), listedForest(n, leaves), targets, 'sum');
  const scores = addBase(n, trees, targets);
  const transform = n.text('post_transform', 'NONE');
  const areShares = isBinary && all.every((l) => l.weight >= 0);
  emitLabel(n, scores, areShares ? 0.5 : 0);
  emitScores(n, scores, transform, 1, !isBinary ? 'none' : areShares && transform !== 'LOGISTIC' ? 'rest' : 'opposite');
};

// TreeEnsemble of ai.onnx.ml 5: branches are positions in the lists of nodes or leaves

const numberedModes = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ', 'MEMBER'].map((m) => `BRANCH_${m}`);
const numberedAggregates = [
  'average',
  'sum',
  'minimum',
  'maximum',
] as const satisfies readonly (typeof aggregates)[number][];
// The order of ONNX; ONNX Runtime 1.30 has 1 and 2 the other way round.
const numberedTransforms = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'];

function numbersOf(n: OnnxNode, name: string): number[] {
  const tensor = n.tensorAttribute(name) ?? n.broken(`attribute '${name}' is missing`);
  return Array.from(readConstant(tensor, name, n.values.budget.charge).data as Float32Array, Number);
}

function numberedForest(n: OnnxNode, targets: number): Forest {
  const features = n.ints('nodes_featureids') ?? n.broken("attribute 'nodes_featureids' is missing");
  const ints = (name: string): number[] => listOf(n, name, n.ints(name), features.length);
  const [yes, no, yesLeaf, noLeaf] = ['truenodeids', 'falsenodeids', 'trueleafs', 'falseleafs'].map((s) =>
    ints(`nodes_${s}`),
  );
  const kinds = listOf(n, 'nodes_modes', numbersOf(n, 'nodes_modes'), features.length);
  const splits = listOf(n, 'nodes_splits', numbersOf(n, 'nodes_splits'), features.length);
  const tracks = n.ints('nodes_missing_value_tracks_true');
  const chosen = n.ints('leaf_targetids') ?? n.broken("attribute 'leaf_targetids' is missing");
  const weights = listOf(n, 'leaf_weights', numbersOf(n, 'leaf_weights'), chosen.length);
  const nodes = new Map<string, TreeNode>();
  chosen.forEach((target, i) => {
    if (!(target >= 0 && target < targets)) n.broken(`a leaf adds to target ${target} of ${targets}`);
    nodes.set(`leaf ${i}`, { leaves: [{ target, weight: weights[i] }] });
  });
  features.forEach((feature, i) => {
    const key = (isLeaf: number, id: number): string => (isLeaf ? `leaf ${id}` : `${id}`);
    const branches = { yes: key(yesLeaf[i], yes[i]), no: key(noLeaf[i], no[i]) };
    const mode = numberedModes[kinds[i]] ?? n.broken(`its trees compare by mode ${kinds[i]}`);
    nodes.set(`${i}`, { feature, mode, value: splits[i], nanTracks: tracks?.[i] === 1, ...branches });
  });
  return { nodes, roots: (n.ints('tree_roots') ?? n.broken("attribute 'tree_roots' is missing")).map(String) };
}

export const convertTreeEnsemble: Convert = (n) => {
  const targets = n.int('n_targets', 1);
  const way = n.int('aggregate_function', 1);
  const aggregate = numberedAggregates[way] ?? n.broken(`it aggregates by ${way}`);
  const transform = n.int('post_transform', 0);
  const scores = emitTrees(n, rowsInput(n), numberedForest(n, targets), targets, aggregate);
  emitScores(n, scores, numberedTransforms[transform] ?? n.broken(`its post_transform is ${transform}`), 0);
};
