// SPDX-License-Identifier: Apache-2.0
// Rows that cut out, turn around and pick the largest: made of slices, pads, gathers and maxima.
import { elementCount, type TensorId } from '../graph.js';
import { maxListLength, maxTensorBytes } from '../limits.js';
import { refuse } from '../refusal.js';
import { madeConstant, reshaped } from './attend.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';

const typeOf = (n: OnnxNode) => {
  const { dtype, quant } = n.values.graph.tensors[n.id(0)];
  return { dtype, ...(quant && { quant }) };
};

/** The middle of each axis; what is missing comes half before and half behind, the odd one behind. */
const convertCenterCropPad: Convert = (n) => {
  const from = n.shape(0);
  const asked = n.constantInts(1, 'shape');
  const axes = (n.ints('axes') ?? range(from.length)).map((a) => n.axis(a, from.length));
  if (asked.length !== axes.length || new Set(axes).size !== axes.length || asked.some((d) => !(d >= 1)))
    n.broken(`shape [${asked}] for axes [${axes}]`);
  const to = from.map((d, i) => (axes.includes(i) ? asked[axes.indexOf(i)] : d));
  if (!(4 * elementCount(to) <= maxTensorBytes)) n.broken(`shape [${to}]`);
  const size = from.map((d, i) => Math.min(d, to[i]));
  const begin = from.map((d, i) => Math.floor((d - size[i]) / 2));
  const cropped = n.temporary('slice', [n.id(0)], { begin, size, strides: from.map(() => 1) }, 'cropped', typeOf(n));
  const pads = to.map((d, i) => {
    const before = Math.floor((d - size[i]) / 2);
    return [before, d - size[i] - before];
  });
  n.emit('pad', [cropped], { pads, value: 0 }, typeOf(n));
};

/** The first elements of each sequence turned around: a gather of places that are known. */
const convertReverseSequence: Convert = (n) => {
  const shape = n.shape(0);
  const [time, batch] = [n.int('time_axis', 0), n.int('batch_axis', 1)];
  if (!((time === 0 && batch === 1) || (time === 1 && batch === 0)) || shape.length < 2)
    n.broken(`time axis ${time} and batch axis ${batch} of [${shape}]`);
  const lengths = n.constantInts(1, 'list of lengths', maxListLength);
  if (lengths.length !== shape[batch] || lengths.some((l) => l < 0 || l > shape[time]))
    n.broken(`lengths [${lengths}]`);
  const places = shape[0] * shape[1];
  if (places > maxListLength) refuse(`it needs ${places} indices`, `use at most ${maxListLength}`);
  const source = (i: number): number => {
    const [a, b] = [Math.floor(i / shape[1]), i % shape[1]];
    const [t, sequence] = time === 0 ? [a, b] : [b, a];
    const from = t < lengths[sequence] ? lengths[sequence] - 1 - t : t;
    return time === 0 ? from * shape[1] + b : a * shape[1] + from;
  };
  const rows = reshaped(n, n.id(0), [places, elementCount(shape.slice(2))], 'rows');
  const index = madeConstant(n, 'places', [places], 'int32', source);
  const taken = n.temporary('gather', [rows, index], { axis: 0 }, 'taken', typeOf(n));
  n.emit('reshape', [taken], { shape }, typeOf(n));
};

/** Each step takes the best and puts it out of the way; more steps than these would rather be a sort. */
const maxPicks = 32;

const largestFloat = (2 - 2 ** -23) * 2 ** 127;

/** What was taken becomes infinite; what is infinite already counts as the largest float, so that no place comes twice. */
const convertTopK: Convert = (n) => {
  const shape = n.shape(0);
  const axis = n.axis(n.int('axis', -1), shape.length);
  const k = n.opset < 10 ? n.int('k') : n.constantNumber(1, 'k');
  if (!(Number.isInteger(k) && k >= 1 && k <= shape[axis])) n.broken(`${k} of ${shape[axis]} elements`);
  if (k > maxPicks) refuse(`it picks ${k} elements`, `pick at most ${maxPicks}, or sort on what the model gives`);
  if (typeOf(n).dtype !== 'float32') refuse(`its input is ${typeOf(n).dtype}`, 'use float32');
  const largest = n.int('largest', 1) !== 0;
  const [arg, value] = largest ? ['argMax', 'reduceMax'] : ['argMin', 'reduceMin'];
  const ramp = madeConstant(
    n,
    'ramp',
    shape.map((d, i) => (i === axis ? d : 1)),
    'int32',
    (i) => i,
  );
  const far = largest ? -1 : 1;
  const away = n.number('away', far * Number.POSITIVE_INFINITY);
  const finite = n.temporary(
    largest ? 'maximum' : 'minimum',
    [n.id(0), n.number('far', far * largestFloat)],
    {},
    'finite',
  );
  const [places, values]: [TensorId[], TensorId[]] = [[], []];
  for (let i = 0, x = finite; i < k; i++) {
    places.push(n.temporary(arg, [x], { axis, keepDims: true, last: false }, `place${i}`, { dtype: 'int32' }));
    const taken = n.temporary('equal', [ramp, places[i]], {}, `taken${i}`, { dtype: 'bool' });
    const one = n.temporary('where', [taken, n.id(0), away], {}, `one${i}`, { dtype: 'float32' });
    values.push(n.temporary(value, [one], { axes: [axis], keepDims: true }, `value${i}`));
    if (i + 1 === k) break;
    x = n.temporary('where', [taken, away, x], {}, `rest${i}`, { dtype: 'float32' });
  }
  n.emit('concat', values, { axis });
  n.emit('concat', places, { axis }, { dtype: 'int32' }, 1);
};

export const crops: Readonly<Record<string, Convert>> = {
  CenterCropPad: convertCenterCropPad,
  ReverseSequence: convertReverseSequence,
  TopK: convertTopK,
};
