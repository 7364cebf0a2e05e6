// SPDX-License-Identifier: Apache-2.0
// Rows of the classical models of ai.onnx.ml other than trees. Semantics: onnx/defs/traditionalml/defs.cc.
import { elementCount, type TensorId } from '../graph.js';
import { type Convert, identity } from './elementwise.js';
import { encoders } from './encoders.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';
import { classCount, constantOf, emitLabel, emitScores, perClass, rowsInput } from './scores.js';
import { svmRows } from './svm.js';
import { convertTreeClassifier, convertTreeEnsemble, convertTreeRegressor } from './trees.js';

/** x times the rows of coefficients, plus the intercepts. */
function linear(n: OnnxNode, rows: number): TensorId {
  const x = rowsInput(n);
  const features = n.shape(0)[1];
  const weights = n.floats('coefficients') ?? n.broken("attribute 'coefficients' is missing");
  if (rows < 1 || weights.length !== rows * features) n.broken(`${weights.length} coefficients for ${rows} rows`);
  const intercepts = n.floats('intercepts') ?? [];
  const inputs = [x, constantOf(n, 'coefficients', [rows, features], weights)];
  const bias = intercepts.length === 1 && rows > 1 ? range(rows).map(() => intercepts[0]) : intercepts;
  if (bias.length > 0 && bias.length !== rows) n.broken(`${bias.length} intercepts for ${rows} rows`);
  if (bias.length > 0) inputs.push(constantOf(n, 'intercepts', [rows], bias));
  return n.temporary('fullyConnected', inputs, {}, 'scores');
}

const convertLinearRegressor: Convert = (n) =>
  emitScores(n, linear(n, n.int('targets', 1)), n.text('post_transform', 'NONE'), 0);

/** Two classes may have one row of coefficients: that of the second. */
const convertLinearClassifier: Convert = (n) => {
  const classes = classCount(n);
  const rows = Math.floor((n.floats('coefficients') ?? []).length / (n.shape(0)[1] ?? 1));
  const isBinary = classes === 2 && rows === 1;
  if (!isBinary && rows !== classes) n.broken(`${rows} rows of coefficients for ${classes} classes`);
  const scores = linear(n, rows);
  const transform = n.text('post_transform', 'NONE');
  emitLabel(n, scores, 0);
  emitScores(n, scores, transform, 1, !isBinary ? 'none' : transform === 'LOGISTIC' ? 'opposite' : 'rest');
};

const convertScaler: Convert = (n) => {
  const x = rowsInput(n);
  const features = n.shape(0)[1];
  const moved = n.temporary('sub', [x, perClass(n, 'offset', n.floats('offset') ?? [0], features)], {}, 'moved');
  n.emit('mul', [moved, perClass(n, 'scale', n.floats('scale') ?? [1], features)], {});
};

/** Rows of zeros stay as they are. */
const convertNormalizer: Convert = (n) => {
  const x = rowsInput(n);
  const attrs = { axes: [1], keepDims: true };
  const norm = n.text('norm', 'MAX');
  const sizes: Readonly<Record<string, () => TensorId>> = {
    MAX: () => n.temporary('reduceMax', [x], attrs, 'size'),
    L1: () => n.temporary('sumAbs', [x], attrs, 'size'),
    L2: () => n.temporary('sqrt', [n.temporary('sumSquare', [x], attrs, 'squares')], {}, 'size'),
  };
  const size = Object.hasOwn(sizes, norm) ? sizes[norm]() : n.broken(`its norm is '${norm}'`);
  const isZero = n.temporary('equal', [size, n.number('zero', 0)], {}, 'is_zero', { dtype: 'bool' });
  const safe = n.temporary('where', [isZero, n.number('one', 1), size], {}, 'safe', { dtype: 'float32' });
  n.emit('div', [x, safe], {});
};

const convertBinarizer: Convert = (n) => {
  const above = n.temporary('less', [n.number('threshold', n.float('threshold', 0)), rowsInput(n)], {}, 'above');
  const numbers = n.temporary('cast', [above], { to: 'int32' }, 'int32');
  n.emit('cast', [numbers], { to: 'float32' });
};

/** NaN, or the number that stands for a missing one, becomes the imputed one. */
const convertImputer: Convert = (n) => {
  if (n.ints('imputed_value_int64s')?.length) return imputeIntegers(n);
  const values = n.floats('imputed_value_floats') ?? n.broken('it has no values to impute');
  const x = rowsInput(n);
  const missing = n.float('replaced_value_float', 0);
  const isMissing = Number.isNaN(missing)
    ? n.temporary('notEqual', [x, x], {}, 'missing')
    : n.temporary('equal', [x, n.number('replaced', missing)], {}, 'missing');
  n.emit('where', [isMissing, perClass(n, 'imputed', values, n.shape(0)[1]), x], {}, { dtype: 'float32' });
};

function imputeIntegers(n: OnnxNode): void {
  const values = n.ints('imputed_value_int64s') ?? [];
  const features = n.shape(0).at(-1) ?? 0;
  if (n.values.graph.tensors[n.id(0)].dtype !== 'int32') n.broken('it imputes integers into real numbers');
  if (values.length !== 1 && values.length !== features) n.broken(`${values.length} values for ${features} columns`);
  const place = (name: string, data: Int32Array): TensorId =>
    n.values.place({
      kind: 'constant',
      tensor: { name: `${n.outputName}/${name}`, dtype: 'int32', shape: [data.length], data },
    });
  const missing = place('replaced', Int32Array.of(n.int('replaced_value_int64', 0)));
  const isMissing = n.temporary('equal', [n.id(0), missing], {}, 'missing');
  n.emit('where', [isMissing, place('imputed', Int32Array.from(values)), n.id(0)], {}, { dtype: 'int32' });
}

/** Columns of rows, by constant or computed numbers. */
const convertFeatureExtractor: Convert = (n) => {
  const shape = n.shape(0);
  if (shape.length === 0) n.broken('its input has no dimensions');
  const { dtype } = n.values.graph.tensors[n.id(0)];
  const chosen = n.temporary('gather', [n.id(0), n.id(1)], { axis: shape.length - 1 }, 'chosen', { dtype });
  const width = elementCount(n.shape(1));
  n.emit('reshape', [chosen], { shape: [elementCount(shape.slice(0, -1)), width] });
};

const rows: Readonly<Record<string, Convert>> = {
  TreeEnsembleClassifier: convertTreeClassifier,
  TreeEnsembleRegressor: convertTreeRegressor,
  TreeEnsemble: convertTreeEnsemble,
  LinearClassifier: convertLinearClassifier,
  LinearRegressor: convertLinearRegressor,
  Scaler: convertScaler,
  Normalizer: convertNormalizer,
  Binarizer: convertBinarizer,
  Imputer: convertImputer,
  ArrayFeatureExtractor: convertFeatureExtractor,
  // A map from labels to scores is the scores.
  ZipMap: identity,
  ...svmRows,
  ...encoders,
};

export const classical = Object.fromEntries(Object.entries(rows).map(([op, row]) => [`ai.onnx.ml.${op}`, row]));
