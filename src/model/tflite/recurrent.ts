// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that keep state in variable tensors.
// Inputs by number: tensorflow/lite/kernels/svdf.cc and tensorflow/lite/kernels/lstm_shared.h.
import {
  type Attrs,
  addTensor,
  elementCount,
  NO_TENSOR,
  type Quant,
  type Tensor,
  type TensorData,
  type TensorId,
} from '../graph.js';
import { refuse } from '../refusal.js';
import { activationOf } from './activation.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

export function convertSvdf(n: TfliteNode): void {
  for (const i of [0, 1, 2, 4]) n.input(i);
  const options = schema.SvdfOptions;
  const activation = activationOf(n, n.option(options, options.activation));
  if (n.input(1).dtype === 'int8' && n.input(0).dtype === 'float32')
    refuse('it has int8 weights under float32 activations', 'convert the model to full integers, or to float32');
  n.emitStateful(
    'svdf',
    n.inputs.slice(0, 5),
    { rank: n.option(options, options.rank), ...(activation && { activation }) },
    [4],
  );
}

// Inputs of UNIDIRECTIONAL_SEQUENCE_LSTM; of each list the gates in the order input, forget, cell, output.
const lstm = {
  weights: [1, 2, 3, 4],
  recurrent: [5, 6, 7, 8],
  peephole: [9, 10, 11],
  bias: [12, 13, 14, 15],
  projection: 16,
  hidden: 18,
  cell: 19,
  norm: [20, 21, 22, 23],
};

/** The four gates' constants one after the other; each gate keeps its scale. */
function stack(n: TfliteNode, indices: readonly number[], what: string): TensorId {
  const parts = indices.map((i) => n.input(i));
  const [first] = parts;
  if (parts.some((t) => t.data === undefined)) refuse(`its ${what} are computed`, 'use constant weights');
  if (parts.some((t) => t.dtype !== first.dtype || t.shape.join() !== first.shape.join()))
    n.broken(`its ${what} differ in shape`);
  const rows = first.shape[0];
  const Type = (first.data as TensorData).constructor as Int8ArrayConstructor;
  const length = elementCount(first.shape);
  const data = new Type(length * parts.length);
  parts.forEach((t, i) => void data.set(t.data as Int8Array, i * length));
  const tensor: Tensor = {
    name: first.name,
    dtype: first.dtype,
    shape: [rows * parts.length, ...first.shape.slice(1)],
    data,
  };
  if (first.quant && first.shape.length === 2) tensor.quant = stackedQuant(n, parts, rows);
  return addTensor(n.graph, tensor);
}

function stackedQuant(n: TfliteNode, parts: readonly Tensor[], rows: number): Quant {
  const each = parts.map((t) =>
    t.quant?.scales.length === 1 ? t.quant : n.broken(`weights '${t.name}' need one scale`),
  );
  const spread = (of: (q: Quant) => number): number[] => each.flatMap((q) => new Array<number>(rows).fill(of(q)));
  return {
    scales: Float64Array.from(spread((q) => q.scales[0])),
    zeroPoints: Int32Array.from(spread((q) => q.zeroPoints[0])),
    axis: 0,
  };
}

/** The fused activation is that of the cell; gates are sigmoids. */
const cellActivation: Readonly<Record<number, string>> = { 1: 'relu', 4: 'tanh' };

export function convertSequenceLstm(n: TfliteNode): void {
  const options = schema.SequenceLstmOptions;
  if (n.optional(lstm.weights[0]) === undefined)
    refuse('its input gate is coupled to the forget gate (CIFG)', 'use a plain LSTM');
  for (const i of [...lstm.peephole, ...lstm.norm])
    if (n.optional(i)) refuse('it has peephole weights or layer normalization', 'use a plain LSTM');
  if (n.optional(lstm.projection)) refuse('it has a projection layer', 'use a plain LSTM with a dense layer behind it');
  const x = n.input(0);
  if (x.shape.length !== 3) n.broken(`its input has shape [${x.shape}]`);
  const kind =
    cellActivation[n.option(options, options.activation)] ??
    refuse('its activation is neither tanh nor relu', 'use tanh');
  if (x.dtype === 'float32' && n.input(lstm.weights[1]).dtype !== 'float32')
    refuse('it has int8 weights under float32 activations', 'convert the model to full integers, or to float32');
  const cellClip = n.option(options, options.cellClip);
  const attrs: Attrs = {
    batchFirst: !n.option(options, options.timeMajor),
    reverse: false,
    activations: [{ kind: 'sigmoid' }, { kind }, { kind }],
    ...(cellClip > 0 ? { cellClip } : {}),
  };
  const inputs = [
    n.inputs[0],
    stack(n, lstm.weights, 'weights'),
    stack(n, lstm.recurrent, 'recurrent weights'),
    stack(n, lstm.bias, 'biases'),
    NO_TENSOR,
    n.inputs[lstm.hidden],
    n.inputs[lstm.cell],
  ];
  n.emitStateful('lstm', inputs, attrs, [lstm.hidden, lstm.cell]);
}
