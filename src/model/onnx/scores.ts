// SPDX-License-Identifier: Apache-2.0
// What the classical models of ai.onnx.ml end with: scores behind a transform, and the label of the best.
import type { TensorId } from '../graph.js';
import { maxListLength } from '../limits.js';
import { refuse } from '../refusal.js';
import type { OnnxNode } from './node.js';
import { labelList } from './tensors.js';

/** Input 0 as float32 rows of features. */
export function rowsInput(n: OnnxNode): TensorId {
  const shape = n.shape(0);
  if (shape.length !== 2) refuse(`its input has shape [${shape}]`, 'use rows of features, [1, features]');
  const { dtype, quant } = n.values.graph.tensors[n.id(0)];
  if (quant) refuse('its input is quantized', 'keep the input in float32');
  return dtype === 'float32' ? n.id(0) : n.temporary('cast', [n.id(0)], { to: 'float32' }, 'features');
}

export function constantOf(n: OnnxNode, name: string, shape: number[], values: readonly number[]): TensorId {
  n.values.budget.charge(4 * values.length);
  const tensor = { name: `${n.outputName}/${name}`, dtype: 'float32' as const, shape, data: Float32Array.from(values) };
  return n.values.place({ kind: 'constant', tensor });
}

/** One number for all, or one per class. */
export function perClass(n: OnnxNode, name: string, values: readonly number[], classes: number): TensorId {
  if (values.length !== 1 && values.length !== classes) n.broken(`${values.length} numbers of ${name} for ${classes}`);
  return constantOf(n, name, [values.length], values);
}

const labelNames = ['classlabels_int64s', 'classlabels_ints'];

function intLabels(n: OnnxNode): number[] | undefined {
  for (const name of labelNames) {
    const list = n.ints(name);
    if (list !== undefined && list.length > 0) return list;
  }
  return undefined;
}

export function classCount(n: OnnxNode): number {
  const labels = intLabels(n) ?? n.strings('classlabels_strings') ?? [];
  if (labels.length < 1 || labels.length > maxListLength) n.broken(`it has ${labels.length} class labels`);
  return labels.length;
}

/** Output 0: the label of the best score; of one score, the second class where it is above `limit`. Labels that are texts
 *  are given by their number, and listed with it. */
export function emitLabel(n: OnnxNode, scores: TensorId, limit: number): void {
  const { graph, budget } = n.values;
  const [rows, classes] = graph.tensors[scores].shape;
  const labels = intLabels(n);
  let index: TensorId;
  if (classes > 1) index = n.temporary('argMax', [scores], { axis: 1, keepDims: false, last: false }, 'best');
  else {
    const above = n.temporary('less', [n.number('limit', limit), scores], {}, 'above');
    const flat = n.temporary('reshape', [above], { shape: [rows] }, 'flat');
    index = n.temporary('cast', [flat], { to: 'int32' }, 'best');
  }
  const texts = n.strings('classlabels_strings');
  if (labels === undefined && texts) graph.tensors[index].labels = labelList(texts);
  if (labels === undefined || labels.every((v, i) => v === i)) {
    n.bind({ kind: 'computed', id: index }, 0);
    return;
  }
  budget.charge(4 * labels.length);
  const data = Int32Array.from(labels);
  const tensor = { name: `${n.outputName}/labels`, dtype: 'int32' as const, shape: [labels.length], data };
  const table = n.values.place({ kind: 'constant', tensor });
  n.emit('gather', [table, index], { axis: 0 }, { dtype: 'int32' }, 0);
}

/** Whether one score stands for two classes, and what the other one's is: what is left to 1, or the negated score. */
export type Second = 'none' | 'rest' | 'opposite';

/** Output i: the scores behind the transform. One score gets no transform, as ONNX Runtime has it, but where it is logistic
 *  and stands for two classes. */
export function emitScores(n: OnnxNode, scores: TensorId, transform: string, i: number, second: Second = 'none'): void {
  const isOne = n.values.graph.tensors[scores].shape[1] === 1;
  const both = second === 'none' ? scores : withSecond(n, scores, second);
  if (transform === 'NONE' || (isOne && !(second === 'opposite' && transform === 'LOGISTIC')))
    n.bind({ kind: 'computed', id: both }, i);
  else if (transform === 'SOFTMAX') n.emit('softmax', [both], { axis: 1, beta: 1 }, undefined, i);
  else if (transform === 'LOGISTIC') n.emit('logistic', [both], {}, undefined, i);
  else refuse(`its post_transform is ${transform}`, 'use NONE, LOGISTIC or SOFTMAX');
}

function withSecond(n: OnnxNode, score: TensorId, second: Second): TensorId {
  const other =
    second === 'rest'
      ? n.temporary('sub', [n.number('one', 1), score], {}, 'rest')
      : n.temporary('neg', [score], {}, 'opposite');
  return n.temporary('concat', [other, score], { axis: 1 }, 'both');
}
