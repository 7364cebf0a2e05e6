// SPDX-License-Identifier: Apache-2.0
// Rows of small operators that are others in a row, or constants by the shapes that a file states.
import { elementCount, makeData, type TensorId } from '../graph.js';
import { maxListLength, maxTensorBytes } from '../limits.js';
import { refuse } from '../refusal.js';
import type { TfliteNode } from './node.js';

/** By way of int32 where there is no direct kernel. */
export function convertCast(n: TfliteNode): void {
  const { dtype: from, shape, quant } = n.input(0);
  const to = n.output.dtype;
  if (quant || n.output.quant) refuse('it casts numbers with a scale', 'use QUANTIZE or DEQUANTIZE');
  if (from === to) {
    n.emitReshape(n.inputs[0]);
    return;
  }
  const direct = from === 'int32' || to === 'int32' || (from === 'float32' && to === 'bool');
  const int32 = { name: '', dtype: 'int32' as const, shape };
  const x = direct ? n.inputs[0] : n.emitTemporary('cast', n.inputs.slice(0, 1), { to: 'int32' }, [...shape], int32);
  n.emit('cast', [x], { to });
}

/** The sum of all inputs: of integers with scales only two, since a sum in between has none in the file. */
export function convertAddN(n: TfliteNode): void {
  const { shape, quant } = n.input(0);
  if (quant && n.inputCount > 2) refuse(`it adds ${n.inputCount} tensors with scales`, 'use one ADD after the other');
  if (n.inputCount === 1) {
    n.emitReshape(n.inputs[0]);
    return;
  }
  let sum: TensorId = n.inputs[0];
  for (const id of n.inputs.slice(1, -1)) sum = n.emitTemporary('add', [sum, id], {}, [...shape]);
  n.emit('add', [sum, n.inputs[n.inputCount - 1]], {});
}

/** Indices first, then the table. */
export function convertEmbeddingLookup(n: TfliteNode): void {
  const [, table] = [n.input(0), n.input(1)];
  if (table.quant && !n.output.quant) refuse('its table is quantized, its output is not', 'quantize both or none');
  n.emit('gather', [n.inputs[1], n.inputs[0]], { axis: 0 });
}

/** One gather for each axis that is turned around. */
export function convertReverse(n: TfliteNode): void {
  const { shape } = n.input(0);
  const axes = n.ints(1, 'list of axes').map((a) => n.axis(a, shape.length));
  if (axes.length === 0) {
    n.emitReshape(n.inputs[0]);
    return;
  }
  let x: TensorId = n.inputs[0];
  axes.forEach((axis, i) => {
    const size = shape[axis];
    if (size > maxListLength) refuse(`it turns ${size} elements around`, `use at most ${maxListLength}`);
    const index = n.indices(Array.from({ length: size }, (_, k) => size - 1 - k));
    if (i === axes.length - 1) n.emit('gather', [x, index], { axis });
    else x = n.emitTemporary('gather', [x, index], { axis }, [...shape]);
  });
}

/** An output that is one number everywhere, in the shape that the file states. */
function fill(n: TfliteNode, value: number): void {
  const { dtype, shape } = n.output;
  const count = elementCount(shape);
  if (!(count >= 1 && 8 * count <= maxTensorBytes)) n.broken(`its output has shape [${shape}]`);
  n.charge(8 * count);
  const data = makeData(dtype, count);
  if (data instanceof BigInt64Array) data.fill(BigInt(Math.trunc(value)));
  else data.fill(value);
  n.becomeConstant({ ...n.output, data });
}

export const convertZerosLike = (n: TfliteNode): void => fill(n, n.output.quant?.zeroPoints[0] ?? 0);

export function convertFill(n: TfliteNode): void {
  const { data } = n.input(1);
  fill(n, Number(data?.length === 1 ? data[0] : refuse('what it fills with is computed', 'fill with a constant')));
}

/** Shapes are fixed, so they are known. */
export function convertShape(n: TfliteNode): void {
  const { shape } = n.input(0);
  const { dtype } = n.output;
  const data = dtype === 'int64' ? BigInt64Array.from(shape, BigInt) : Int32Array.from(shape);
  if (data.length !== elementCount(n.output.shape)) n.broken(`[${shape}] is no shape of [${n.output.shape}] numbers`);
  n.becomeConstant({ ...n.output, data });
}

/** x over the root of the sum of squares of each row. TensorFlow Lite keeps that root above 1e-6. */
export function convertL2Normalization(n: TfliteNode): void {
  const x = n.input(0);
  if (x.dtype !== 'float32') refuse(`it has no ${x.dtype} form here`, 'leave this layer in float32');
  const shape = [...x.shape.slice(0, -1), 1];
  const attrs = { axes: [x.shape.length - 1], keepDims: true };
  const squares = n.emitTemporary('sumSquare', n.inputs.slice(0, 1), attrs, shape);
  const root = n.emitTemporary('sqrt', [squares], {}, shape);
  const safe = n.emitTemporary('clamp', [root], { min: 1e-6, max: null }, shape);
  n.emit('div', [n.inputs[0], safe], {});
}
