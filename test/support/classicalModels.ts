// SPDX-License-Identifier: Apache-2.0
// Random models of ai.onnx.ml, as scikit-learn's and the boosting libraries' exporters write them.
import type { TestAttribute, TestGraph } from '../../src/model/testing/onnxWriter.js';
import type { Random } from '../kernels/random.js';

type Attributes = Record<string, TestAttribute>;

export interface ClassicalModel {
  graph: TestGraph;
  features: number;
}

const many = (count: number, make: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => make(i));

/** One node of ai.onnx.ml on x [1, features], with all of its outputs. */
function one(
  op: string,
  features: number,
  attributes: Attributes,
  outputs: [name: string, 'int64' | 'float'][],
): ClassicalModel {
  return {
    features,
    graph: {
      opset: 17,
      domains: [{ domain: 'ai.onnx.ml', version: op === 'TreeEnsemble' ? 5 : 3 }],
      inputs: [{ name: 'x', dims: [1, features] }],
      outputs: outputs.map(([name, type]) => ({ name, type })),
      nodes: [{ op, domain: 'ai.onnx.ml', inputs: ['x'], outputs: outputs.map(([name]) => name), attributes }],
    },
  };
}

const both: [string, 'int64' | 'float'][] = [
  ['label', 'int64'],
  ['scores', 'float'],
];
const only: [string, 'int64' | 'float'][] = [['y', 'float']];

interface Lists {
  trees: number[];
  ids: number[];
  features: number[];
  values: number[];
  modes: string[];
  yes: number[];
  no: number[];
  tracks: number[];
  leaves: { tree: number; id: number; target: number; weight: number }[];
}

const allModes = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ'];

function growTree(
  r: Random,
  l: Lists,
  tree: number,
  features: number,
  depth: number,
  leafOf: () => [number, number][],
): void {
  let ids = 0;
  const grow = (left: number): number => {
    const at = l.ids.length;
    const id = ids++;
    const isLeaf = left === 0 || (left < depth && r.chance(0.2));
    l.trees.push(tree);
    l.ids.push(id);
    l.modes.push(isLeaf ? 'LEAF' : r.chance(0.5) ? 'BRANCH_LEQ' : r.pick(allModes));
    l.features.push(isLeaf ? 0 : r.int(0, features - 1));
    l.values.push(isLeaf ? 0 : r.chance(0.3) ? r.int(-1, 1) : Math.fround(r.real(-1, 1)));
    l.tracks.push(r.int(0, 1));
    l.yes.push(0);
    l.no.push(0);
    if (isLeaf) for (const [target, weight] of leafOf()) l.leaves.push({ tree, id, target, weight });
    else {
      l.yes[at] = grow(left - 1);
      l.no[at] = grow(left - 1);
    }
    return id;
  };
  grow(depth);
}

function forest(r: Random, features: number, trees: number, depth: number, leafOf: () => [number, number][]): Lists {
  const l: Lists = { trees: [], ids: [], features: [], values: [], modes: [], yes: [], no: [], tracks: [], leaves: [] };
  for (let t = 0; t < trees; t++) growTree(r, l, t, features, r.int(1, depth), leafOf);
  return l;
}

const listed = (l: Lists, prefix: 'class' | 'target'): Attributes => ({
  nodes_treeids: { ints: l.trees },
  nodes_nodeids: { ints: l.ids },
  nodes_featureids: { ints: l.features },
  nodes_values: { floats: l.values },
  nodes_modes: { texts: l.modes },
  nodes_truenodeids: { ints: l.yes },
  nodes_falsenodeids: { ints: l.no },
  nodes_missing_value_tracks_true: { ints: l.tracks },
  [`${prefix}_treeids`]: { ints: l.leaves.map((v) => v.tree) },
  [`${prefix}_nodeids`]: { ints: l.leaves.map((v) => v.id) },
  [`${prefix}_ids`]: { ints: l.leaves.map((v) => v.target) },
  [`${prefix}_weights`]: { floats: l.leaves.map((v) => v.weight) },
});

const transforms = ['NONE', 'LOGISTIC', 'SOFTMAX'];

export function treeClassifier(r: Random, trees = r.int(1, 8), depth = 4): ClassicalModel {
  const [features, classes] = [r.int(1, 8), r.int(2, 4)];
  const isBinary = classes === 2;
  const positive = r.chance(0.5);
  const weight = (): number => Math.fround(r.real(positive ? 0 : -1, 1) / trees);
  const leafOf = (): [number, number][] =>
    isBinary ? [[0, weight()]] : many(classes, (i) => i).map((c) => [c, weight()]);
  const lists = forest(r, features, trees, depth, leafOf);
  const labels = r.pick([many(classes, (i) => i), many(classes, (i) => 10 - 3 * i)]);
  const base: Attributes = r.chance(0.3)
    ? { base_values: { floats: many(isBinary ? 1 : classes, () => Math.fround(r.real(-0.2, 0.2))) } }
    : {};
  const attributes = {
    ...listed(lists, 'class'),
    ...base,
    classlabels_int64s: { ints: labels },
    post_transform: { text: r.pick(transforms) },
  };
  return one('TreeEnsembleClassifier', features, attributes, both);
}

export function treeRegressor(r: Random, trees = r.int(1, 8), depth = 5): ClassicalModel {
  const [features, targets] = [r.int(1, 8), r.int(1, 3)];
  const lists = forest(r, features, trees, depth, () =>
    many(targets, (i) => i).map((t) => [t, Math.fround(r.real(-1, 1))]),
  );
  const base: Attributes = r.chance(0.4)
    ? { base_values: { floats: many(targets, () => Math.fround(r.real(-1, 1))) } }
    : {};
  const attributes: Attributes = {
    ...listed(lists, 'target'),
    ...base,
    n_targets: { int: targets },
    aggregate_function: { text: r.pick(['SUM', 'AVERAGE', 'MIN', 'MAX']) },
    post_transform: { text: r.pick(['NONE', 'NONE', 'LOGISTIC', 'SOFTMAX']) },
  };
  return one('TreeEnsembleRegressor', features, attributes, only);
}

/** The newer form: leaves and branches in lists of their own. */
export function treeEnsemble(r: Random): ClassicalModel {
  const [features, targets, trees] = [r.int(1, 6), r.int(1, 3), r.int(1, 5)];
  const l = forest(r, features, trees, 4, () => [[r.int(0, targets - 1), Math.fround(r.real(-1, 1))]]);
  const inner = many(l.ids.length, (i) => i).filter((i) => l.modes[i] !== 'LEAF');
  const key = (i: number): string => `${l.trees[i]}.${l.ids[i]}`;
  const innerAt = new Map(inner.map((i, at) => [key(i), at]));
  const leafAt = new Map(l.leaves.map((v, at) => [`${v.tree}.${v.id}`, at]));
  const branch = (i: number, id: number): [isLeaf: number, at: number] => {
    const to = `${l.trees[i]}.${id}`;
    return leafAt.has(to) ? [1, leafAt.get(to) ?? 0] : [0, innerAt.get(to) ?? 0];
  };
  const numbered = ['BRANCH_LEQ', 'BRANCH_LT', 'BRANCH_GTE', 'BRANCH_GT', 'BRANCH_EQ', 'BRANCH_NEQ'];
  const tensor = (name: string, type: 'float' | 'uint8', values: number[]): TestAttribute => ({
    tensor: {
      name,
      type,
      dims: [values.length],
      data: type === 'float' ? Float32Array.from(values) : Uint8Array.from(values),
    },
  });
  const attributes: Attributes = {
    tree_roots: { ints: many(trees, (t) => inner.findIndex((i) => l.trees[i] === t)) },
    nodes_featureids: { ints: inner.map((i) => l.features[i]) },
    nodes_splits: tensor(
      'splits',
      'float',
      inner.map((i) => l.values[i]),
    ),
    nodes_modes: tensor(
      'modes',
      'uint8',
      inner.map((i) => numbered.indexOf(l.modes[i])),
    ),
    nodes_truenodeids: { ints: inner.map((i) => branch(i, l.yes[i])[1]) },
    nodes_trueleafs: { ints: inner.map((i) => branch(i, l.yes[i])[0]) },
    nodes_falsenodeids: { ints: inner.map((i) => branch(i, l.no[i])[1]) },
    nodes_falseleafs: { ints: inner.map((i) => branch(i, l.no[i])[0]) },
    nodes_missing_value_tracks_true: { ints: inner.map((i) => l.tracks[i]) },
    leaf_targetids: { ints: l.leaves.map((v) => v.target) },
    leaf_weights: tensor(
      'weights',
      'float',
      l.leaves.map((v) => v.weight),
    ),
    n_targets: { int: targets },
    aggregate_function: { int: r.int(0, 3) },
    post_transform: { int: 0 },
  };
  return one('TreeEnsemble', features, attributes, only);
}

export function linearClassifier(r: Random): ClassicalModel {
  const [features, classes] = [r.int(1, 8), r.int(2, 4)];
  const rows = classes === 2 && r.chance(0.4) ? 1 : classes;
  const attributes: Attributes = {
    coefficients: { floats: many(rows * features, () => Math.fround(r.real(-1, 1))) },
    intercepts: { floats: many(rows, () => Math.fround(r.real(-1, 1))) },
    classlabels_ints: { ints: many(classes, (i) => i + r.int(0, 1)) },
    post_transform: { text: r.pick(transforms) },
  };
  return one('LinearClassifier', features, attributes, both);
}

export function linearRegressor(r: Random): ClassicalModel {
  const [features, targets] = [r.int(1, 8), r.int(1, 3)];
  const attributes: Attributes = {
    coefficients: { floats: many(targets * features, () => Math.fround(r.real(-1, 1))) },
    intercepts: { floats: many(targets, () => Math.fround(r.real(-1, 1))) },
    targets: { int: targets },
    post_transform: { text: 'NONE' },
  };
  return one('LinearRegressor', features, attributes, only);
}

/** Scaler, Normalizer, Binarizer or Imputer. */
export function preparation(r: Random): ClassicalModel {
  const features = r.int(1, 8);
  const count = r.pick([1, features]);
  const some = (low: number, high: number): TestAttribute => ({
    floats: many(count, () => Math.fround(r.real(low, high))),
  });
  return r.pick([
    () => one('Scaler', features, { offset: some(-1, 1), scale: some(0.5, 2) }, only),
    () => one('Normalizer', features, { norm: { text: r.pick(['MAX', 'L1', 'L2']) } }, only),
    () => one('Binarizer', features, { threshold: { float: 0.25 } }, only),
    () =>
      one(
        'Imputer',
        features,
        { imputed_value_floats: some(-1, 1), replaced_value_float: { float: r.pick([Number.NaN, 0]) } },
        only,
      ),
  ])();
}

type OutputType = 'int64' | 'float' | 'string';

/** x, perhaps as int64, through one node; texts where it says so. */
function encoded(
  op: string,
  features: number,
  attributes: Attributes,
  from: 'int64' | 'float',
  to: OutputType,
  version = 3,
): ClassicalModel {
  const cast = { op: 'Cast', inputs: ['x'], outputs: ['whole'], attributes: { to: { int: 7 } } };
  const x = from === 'int64' ? 'whole' : 'x';
  return {
    features,
    graph: {
      opset: 17,
      domains: [{ domain: 'ai.onnx.ml', version }],
      inputs: [{ name: 'x', dims: [1, features] }],
      outputs: [{ name: 'y', type: to }],
      nodes: [
        ...(from === 'int64' ? [cast] : []),
        { op, domain: 'ai.onnx.ml', inputs: [x], outputs: ['y'], attributes },
      ],
    },
  };
}

/** Random inputs are -1, 0 and 1, and what lies between. */
export function labelEncoder(r: Random): ClassicalModel {
  const features = r.int(1, 6);
  const [from, to] = [r.pick(['int64', 'float'] as const), r.pick(['int64', 'float', 'string'] as const)];
  const keys = r.pick([[-1, 0, 1], [1, 0], [0], [1, 5, -1, 0, 7]]);
  const lists: Record<OutputType, TestAttribute> = {
    int64: { ints: keys.map((k) => 3 * k + 100) },
    float: { floats: keys.map((k) => Math.fround(k / 3 + 0.1)) },
    string: { texts: keys.map((k) => `class ${Math.abs(k)}`) },
  };
  const byDefault: Attributes = r.pick<Attributes>([
    {},
    { default_int64: { int: -7 }, default_float: { float: 0.5 }, default_string: { text: 'other' } },
  ]);
  const attributes: Attributes = {
    [`keys_${from}s`]: from === 'int64' ? { ints: keys } : { floats: keys },
    [`values_${to}s`]: lists[to],
    ...byDefault,
  };
  return encoded('LabelEncoder', features, attributes, from, to, r.pick([2, 3]));
}

export function oneHotEncoder(r: Random): ClassicalModel {
  const cats = r.pick([[-1, 0, 1], [1, 0, 4], [0]]);
  const attributes: Attributes = { cats_int64s: { ints: cats }, zeros: { int: 1 } };
  return encoded('OneHotEncoder', r.int(1, 5), attributes, r.pick(['int64', 'float']), 'float');
}

/** Missing integers, and columns side by side behind it. */
export function integerImputer(r: Random): ClassicalModel {
  const features = r.int(1, 6);
  const count = r.pick([1, features]);
  const imputer = encoded(
    'Imputer',
    features,
    {
      imputed_value_int64s: { ints: many(count, () => r.int(-9, 9)) },
      replaced_value_int64: { int: r.int(-1, 1) },
    },
    'int64',
    'float',
  );
  const { graph } = imputer;
  graph.nodes[1].outputs = ['imputed'];
  graph.nodes.push(
    { op: 'Cast', inputs: ['imputed'], outputs: ['real'], attributes: { to: { int: 1 } } },
    {
      op: 'FeatureVectorizer',
      domain: 'ai.onnx.ml',
      inputs: ['x', 'real'],
      outputs: ['y'],
      attributes: { inputdimensions: { ints: [features, features] } },
    },
  );
  return imputer;
}

/** The label of the best as scikit-learn's exporter writes it: a text chosen out of a constant list. */
export function namedClasses(r: Random): ClassicalModel {
  const features = r.int(2, 6);
  const model = encoded('ArrayFeatureExtractor', features, {}, 'float', 'string');
  const texts = many(features, (i) => (i * 5) % 7).map((i) => `name ${i}`);
  model.graph.constants = [{ name: 'classes', type: 'string', dims: [features], texts }];
  model.graph.outputs[0].name = 'label';
  model.graph.nodes = [
    { op: 'ArgMax', inputs: ['x'], outputs: ['best'], attributes: { axis: { int: 1 }, keepdims: { int: 1 } } },
    { op: 'ArrayFeatureExtractor', domain: 'ai.onnx.ml', inputs: ['classes', 'best'], outputs: ['chosen'] },
    { op: 'Flatten', inputs: ['chosen'], outputs: ['label'] },
  ];
  return model;
}

/** A classifier whose labels are texts. */
export function namedTrees(r: Random): ClassicalModel {
  const model = treeClassifier(r, 3, 3);
  const attributes = model.graph.nodes[0].attributes ?? {};
  const { classlabels_int64s: labels, ...rest } = attributes;
  const numbers = labels && 'ints' in labels ? labels.ints : [];
  model.graph.nodes[0].attributes = { ...rest, classlabels_strings: { texts: numbers.map((v) => `class ${v}`) } };
  model.graph.outputs[0].type = 'string';
  return model;
}

function kernel(r: Random): Attributes {
  const kind = r.pick(['LINEAR', 'RBF', 'RBF', 'POLY', 'SIGMOID']);
  return {
    kernel_type: { text: kind },
    kernel_params: { floats: [Math.fround(r.real(0.1, 0.8)), Math.fround(r.real(0, 0.5)), r.int(2, 3)] },
  };
}

export function svmRegressor(r: Random): ClassicalModel {
  const [features, vectors] = [r.int(1, 6), r.int(1, 12)];
  const attributes: Attributes = {
    ...kernel(r),
    support_vectors: { floats: many(vectors * features, () => Math.fround(r.real(-1, 1))) },
    coefficients: { floats: many(vectors, () => Math.fround(r.real(-1, 1))) },
    rho: { floats: [Math.fround(r.real(-1, 1))] },
    n_supports: { int: vectors },
    post_transform: { text: 'NONE' },
  };
  return one('SVMRegressor', features, attributes, only);
}

export function svmClassifier(r: Random): ClassicalModel {
  const [features, classes] = [r.int(1, 6), r.int(2, 4)];
  const perClass = many(classes, () => r.int(1, 4));
  const vectors = perClass.reduce((a, b) => a + b, 0);
  const attributes: Attributes = {
    ...kernel(r),
    support_vectors: { floats: many(vectors * features, () => Math.fround(r.real(-1, 1))) },
    coefficients: { floats: many((classes - 1) * vectors, () => Math.fround(r.real(-1, 1))) },
    rho: { floats: many((classes * (classes - 1)) / 2, () => Math.fround(r.real(-0.5, 0.5))) },
    vectors_per_class: { ints: perClass },
    classlabels_ints: { ints: many(classes, (i) => i) },
    post_transform: { text: 'NONE' },
  };
  return one('SVMClassifier', features, attributes, both);
}
