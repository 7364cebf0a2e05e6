// SPDX-License-Identifier: Apache-2.0
// Rows of ai.onnx.ml that turn categories into numbers, numbers into categories, and columns into rows of features.
// Semantics: onnx/defs/traditionalml/defs.cc and old.cc.
import { elementCount, type Tensor, type TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { refuse } from '../refusal.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';
import { castTo } from './plain.js';
import { labelList, readConstant } from './tensors.js';

/** One side of a map: texts, or numbers of a type. */
type Column = { texts: readonly string[] } | { numbers: readonly number[]; dtype: 'int32' | 'float32' };

const sizeOf = (column: Column): number => ('texts' in column ? column.texts.length : column.numbers.length);

function constantOf(n: OnnxNode, name: string, shape: number[], column: Column): TensorId {
  const values = 'texts' in column ? undefined : column.numbers;
  n.values.budget.charge(4 * sizeOf(column));
  const tensor: Tensor = { name: `${n.outputName}/${name}`, dtype: 'int32', shape };
  if ('texts' in column) {
    const labels = labelList([...new Set(column.texts)]);
    const places = new Map(labels.map((text, i) => [text, i]));
    Object.assign(tensor, { labels, data: Int32Array.from(column.texts, (text) => places.get(text) ?? 0) });
  } else if (column.dtype === 'float32')
    Object.assign(tensor, { dtype: 'float32', data: Float32Array.from(column.numbers) });
  else {
    const bad = values?.find((v) => v !== (v | 0));
    if (bad !== undefined) refuse(`its ${name} hold ${bad}, which is no int32`, 'keep integers below 2^31');
    tensor.data = Int32Array.from(column.numbers);
  }
  return n.values.place({ kind: 'constant', tensor });
}

/** An attribute list `NAME_strings`, `NAME_int64s`, `NAME_floats` or `NAME_tensor`. */
function columnOf(n: OnnxNode, name: string): Column | undefined {
  const [texts, ints, floats] = [n.strings(`${name}_strings`), n.ints(`${name}_int64s`), n.floats(`${name}_floats`)];
  if (texts?.length) return { texts };
  if (ints?.length) return { numbers: ints, dtype: 'int32' };
  if (floats?.length) return { numbers: floats, dtype: 'float32' };
  const proto = n.tensorAttribute(`${name}_tensor`);
  return proto && columnOfTensor(readConstant(proto, name, n.values.budget.charge));
}

function columnOfTensor({ data, dtype, labels }: Tensor): Column {
  const numbers = Array.from(data as Float32Array, Number);
  if (labels) return { texts: numbers.map((i) => labels[i]) };
  return { numbers, dtype: dtype === 'float32' ? 'float32' : 'int32' };
}

function requireSmall(n: OnnxNode, count: number): void {
  if (count > maxListLength)
    refuse(`it compares ${count} times`, `use at most ${maxListLength} elements times categories`);
  if (count < 1) n.broken('it has no categories');
}

/** For each element its first place in `keys`, counted from 1, and 0 where it has none; flat. */
function placesIn(n: OnnxNode, keys: readonly number[]): TensorId {
  const count = elementCount(n.shape(0));
  requireSmall(n, count * keys.length);
  const isReal = n.values.graph.tensors[n.id(0)].dtype === 'float32';
  const x = isReal ? n.id(0) : castTo(n, n.id(0), 'int32', 'int32');
  const column = n.temporary('reshape', [x], { shape: [count, 1] }, 'column');
  const places = keys.map((key, i) => (keys.findIndex((k) => Object.is(k, key) || k === key) === i ? i + 1 : 0));
  const hits = [
    hitsOf(
      n,
      'equal',
      [column, constantOf(n, 'keys', [keys.length], { numbers: keys, dtype: isReal ? 'float32' : 'int32' })],
      places,
    ),
  ];
  const nan = keys.findIndex(Number.isNaN);
  if (nan >= 0 && isReal) hits.push(hitsOf(n, 'notEqual', [column, column], [nan + 1]));
  const all = hits.length === 1 ? hits[0] : n.temporary('add', hits, {}, 'hits');
  return n.temporary('reshape', [all], { shape: [count] }, 'place');
}

/** The places of what compares, summed up over the last dimension. */
function hitsOf(n: OnnxNode, op: string, inputs: readonly TensorId[], places: readonly number[]): TensorId {
  const hit = castTo(n, n.temporary(op, inputs, {}, `${op}_hit`), 'int32', `${op}_one`);
  const table = constantOf(n, `${op}_places`, [places.length], { numbers: places, dtype: 'int32' });
  const placed = n.temporary('mul', [hit, table], {}, `${op}_placed`);
  return n.temporary('sum', [placed], { axes: [1], keepDims: true }, `${op}_place`);
}

const labelsOf = (n: OnnxNode): readonly string[] | undefined => n.values.graph.tensors[n.id(0)].labels;

function emitMap(n: OnnxNode, keys: Column, values: Column, byDefault: string | number): void {
  if (sizeOf(keys) !== sizeOf(values)) n.broken(`${sizeOf(keys)} keys for ${sizeOf(values)} values`);
  const shape = n.shape(0);
  const labels = labelsOf(n);
  if ('texts' in keys !== (labels !== undefined)) n.broken(`its keys are ${'texts' in keys ? 'texts' : 'numbers'}`);
  const index =
    'texts' in keys
      ? n.temporary('reshape', [n.id(0)], { shape: [elementCount(shape)] }, 'place')
      : placesIn(n, keys.numbers);
  // Texts are looked up in their own list, numbers by their place among the keys, with the default first.
  const chosen =
    'texts' in keys
      ? (labels ?? []).map((text) => keys.texts.indexOf(text))
      : range(sizeOf(keys) + 1).map((i) => i - 1);
  const entry = <T>(list: readonly T[]): T[] => chosen.map((i) => (i < 0 ? (byDefault as T) : list[i]));
  const column: Column =
    'texts' in values ? { texts: entry(values.texts) } : { ...values, numbers: entry(values.numbers) };
  const table = constantOf(n, 'values', [chosen.length], column);
  const dtype = 'texts' in column ? 'int32' : column.dtype;
  const mapped = n.temporary('gather', [table, index], { axis: 0 }, 'mapped', { dtype });
  n.emit('reshape', [mapped], { shape }, { dtype });
}

function defaultOf(n: OnnxNode, values: Column): string | number {
  const proto = n.tensorAttribute('default_tensor');
  const given = proto && columnOfTensor(readConstant(proto, 'default', n.values.budget.charge));
  if (given) return 'texts' in given ? (given.texts[0] ?? '') : (given.numbers[0] ?? 0);
  if ('texts' in values) return n.text('default_string', '_Unused');
  return values.dtype === 'int32' ? n.int('default_int64', -1) : n.float('default_float', -0);
}

/** Version 1 has one list of texts, whose places are the numbers. */
const convertLabelEncoder: Convert = (n) => {
  const classes = n.strings('classes_strings');
  if (classes?.length) return emitCategories(n, range(classes.length), classes);
  const [keys, values] = [columnOf(n, 'keys'), columnOf(n, 'values')];
  if (!keys || !values) return n.broken('its keys or values are missing');
  emitMap(n, keys, values, defaultOf(n, values));
};

/** To text from numbers, or the other way round. */
function emitCategories(n: OnnxNode, numbers: readonly number[], texts: readonly string[]): void {
  const ints: Column = { numbers, dtype: 'int32' };
  if (labelsOf(n)) emitMap(n, { texts }, ints, n.int('default_int64', -1));
  else emitMap(n, ints, { texts }, n.text('default_string', '_Unused'));
}

const convertCategoryMapper: Convert = (n) =>
  emitCategories(n, n.ints('cats_int64s') ?? [], n.strings('cats_strings') ?? []);

/** One more dimension, of the categories. Others than those are all zeros, also where ONNX would stop. */
const convertOneHotEncoder: Convert = (n) => {
  const shape = n.shape(0);
  const categories = columnOf(n, 'cats') ?? n.broken('it has no categories');
  const count = elementCount(shape);
  requireSmall(n, count * sizeOf(categories));
  const labels = labelsOf(n);
  if ('texts' in categories) {
    if (!labels) refuse('its categories are texts', 'use numbers as categories: map words to numbers before the model');
    const rows = labels.flatMap((text) => categories.texts.map((c) => (c === text ? 1 : 0)));
    const table = constantOf(n, 'rows', [labels.length, sizeOf(categories)], { numbers: rows, dtype: 'float32' });
    n.emit('gather', [table, n.id(0)], { axis: 0 }, { dtype: 'float32' });
    return;
  }
  // Reals are cut to whole numbers, as ONNX Runtime does.
  const x = castTo(n, n.id(0), 'int32', 'int32');
  const column = n.temporary('reshape', [x], { shape: [count, 1] }, 'column');
  const list = constantOf(n, 'categories', [sizeOf(categories)], categories);
  const hit = n.temporary('equal', [column, list], {}, 'hit');
  const hot = castTo(n, hit, 'float32', 'hot');
  n.emit('reshape', [hot], { shape: [...shape, sizeOf(categories)] });
};

/** Columns side by side, as float32. */
const convertFeatureVectorizer: Convert = (n) => {
  const widths = n.ints('inputdimensions') ?? range(n.inputCount).map((i) => n.shape(i).at(-1) ?? 0);
  const parts = range(n.inputCount).map((i) => {
    const shape = n.shape(i);
    if (shape.length !== 2 || shape[1] !== widths[i])
      refuse(`its input ${i} has shape [${shape}], not ${widths[i]} columns`, 'give it rows of the stated width');
    return castTo(n, n.id(i), 'float32', `part${i}`);
  });
  if (parts.length === 1) n.bind({ kind: 'computed', id: parts[0] });
  else n.emit('concat', parts, { axis: 1 });
};

export const encoders: Readonly<Record<string, Convert>> = {
  LabelEncoder: convertLabelEncoder,
  CategoryMapper: convertCategoryMapper,
  OneHotEncoder: convertOneHotEncoder,
  FeatureVectorizer: convertFeatureVectorizer,
};
