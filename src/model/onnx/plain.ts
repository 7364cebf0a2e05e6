// SPDX-License-Identifier: Apache-2.0
// Rows of arithmetic, comparison and choice on plain numbers. The IR computes with float32, int32 and bool: integers of 8
// and 16 bits without scales are cast to int32, computed, and cast back, which wraps as they do.
import type { DType, TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import { type Convert, unary } from './elementwise.js';
import type { OnnxNode } from './node.js';
import { activationType, dtypeOf, textType } from './tensors.js';
import { convertSignChoice } from './where.js';

const narrow: ReadonlySet<DType> = new Set(['int8', 'uint8', 'int16']);

/** A plain number of a narrow type, which is to be computed with as int32. */
export const isNarrow = (n: OnnxNode, id: TensorId): boolean => {
  const { dtype, quant } = n.values.graph.tensors[id];
  return narrow.has(dtype) && quant === undefined;
};

/** Tensor `id` as `to`, by way of int32 where there is no direct kernel. */
export function castTo(n: OnnxNode, id: TensorId, to: DType, purpose: string): TensorId {
  const from = n.values.graph.tensors[id].dtype;
  if (from === to) return id;
  const direct = from === 'int32' || to === 'int32' || (from === 'float32' && to === 'bool');
  const middle = direct ? id : n.temporary('cast', [id], { to: 'int32' }, `${purpose}_int32`);
  return n.temporary('cast', [middle], { to }, purpose);
}

export const convertCast: Convert = (n) => {
  if (n.int('to') === textType && n.tensor(0).labels) return n.bind(n.value(0));
  const to = activationType(dtypeOf(n.int('to'), n.outputName));
  emitCast(n, to);
};

export const convertCastLike: Convert = (n) => emitCast(n, n.tensor(1).dtype);

function emitCast(n: OnnxNode, to: DType): void {
  const id = n.id(0);
  const { dtype: from, quant } = n.values.graph.tensors[id];
  if (from === to && n.tensor(0).labels === undefined) {
    n.bind(n.value(0));
    return;
  }
  if (quant) refuse(`it turns ${from} with a scale into ${to}`, 'use QuantizeLinear or DequantizeLinear');
  const direct = from === 'int32' || to === 'int32' || (from === 'float32' && to === 'bool');
  n.emit('cast', [direct ? id : castTo(n, id, 'int32', 'int32')], { to });
}

/** `op` on inputs of one type; narrow ones are computed as int32 and, unless the result is bool, cast back. */
export function emitPlain(n: OnnxNode, op: string, inputs: readonly TensorId[], isBool = false): void {
  const { dtype } = n.values.graph.tensors[inputs[0]];
  const asInt = isNarrow(n, inputs[0]) || (isBool && dtype === 'bool');
  if (!asInt) {
    n.emit(op, inputs, {});
    return;
  }
  const wide = inputs.map((id, i) => castTo(n, id, 'int32', `wide${i}`));
  if (isBool) n.emit(op, wide, {});
  else n.emit('cast', [n.temporary(op, wide, {}, 'wide')], { to: dtype });
}

/** Before opset 7 the second input could be laid along an axis in the middle. */
function secondInput(n: OnnxNode): TensorId {
  if (n.opset >= 7 || !n.hasAttribute('axis')) return n.id(1);
  const [a, b] = [n.shape(0), n.shape(1)];
  const behind = a.length - n.axis(n.int('axis'), a.length) - b.length;
  if (behind < 0) n.broken(`shapes [${a}] and [${b}] do not go together`);
  return behind === 0
    ? n.id(1)
    : n.temporary('reshape', [n.id(1)], { shape: [...b, ...new Array<number>(behind).fill(1)] }, 'along_axis');
}

export const binary =
  (op: string): Convert =>
  (n) =>
    emitPlain(n, op, [n.id(0), secondInput(n)]);

export const comparison =
  (op: string, swapped = false): Convert =>
  (n) => {
    const inputs = [n.id(0), secondInput(n)];
    emitPlain(n, op, swapped ? inputs.reverse() : inputs, true);
  };

/** One to any number of inputs: op(op(a, b), c) … */
export const variadic =
  (op: string): Convert =>
  (n) => {
    const count = n.inputCount;
    if (count === 1) return n.bind(n.value(0));
    let result = n.id(0);
    for (let i = 1; i < count - 1; i++) {
      if (isNarrow(n, result)) result = castTo(n, result, 'int32', `wide${i}`);
      const { dtype } = n.values.graph.tensors[result];
      result = n.temporary(
        op,
        [result, isNarrow(n, n.id(i)) ? castTo(n, n.id(i), dtype, `cast${i}`) : n.id(i)],
        {},
        `${op}${i}`,
      );
    }
    emitPlain(n, op, [result, n.id(count - 1)]);
  };

/** The sum over the number of inputs. */
export const convertMean: Convert = (n) => {
  const count = n.inputCount;
  if (count === 1) return n.bind(n.value(0));
  let sum = n.id(0);
  for (let i = 1; i < count; i++) sum = n.temporary('add', [sum, n.id(i)], {}, `sum${i}`);
  n.emit('div', [sum, n.number('count', count)], {});
};

/** fmod 0: the sign of the divisor, integers only; 1: that of the dividend. */
export const convertMod: Convert = (n) => emitPlain(n, n.int('fmod', 0) === 0 ? 'floorMod' : 'mod', [n.id(0), n.id(1)]);

/** Integers are raised as float32: exact up to 2^24. */
export const convertPow: Convert = (n) => {
  const [x, y] = [n.id(0), n.id(1)];
  const { dtype } = n.values.graph.tensors[x];
  const operands = [castTo(n, x, 'float32', 'base'), castTo(n, y, 'float32', 'exponent')];
  if (dtype === 'float32') n.emit('pow', operands, {});
  else {
    const power = n.temporary('pow', operands, {}, 'power');
    n.emit('cast', [dtype === 'int32' ? power : castTo(n, power, 'int32', 'int32')], { to: dtype });
  }
};

/** A slope of one dimension belongs to the channels (the second dimension) where it does not fit the last. */
export const convertPrelu: Convert = (n) => {
  const [x, slope] = [n.shape(0), n.shape(1)];
  const perChannel = slope.length === 1 && slope[0] !== 1 && x.length > 2 && slope[0] === x[1] && x.at(-1) !== slope[0];
  const id = perChannel
    ? n.temporary('reshape', [n.id(1)], { shape: [slope[0], ...x.slice(2).map(() => 1)] }, 'slope')
    : n.id(1);
  n.emit('prelu', [n.id(0), id], {});
};

export const convertBitShift: Convert = (n) => {
  const direction = n.text('direction', '');
  if (direction !== 'LEFT' && direction !== 'RIGHT') n.broken(`its direction is '${direction}'`);
  emitPlain(n, direction === 'LEFT' ? 'shiftLeft' : 'shiftRight', [n.id(0), n.id(1)]);
};

/** ~x = x xor -1 */
export const convertBitNot: Convert = (n) => {
  const tensor = { name: `${n.outputName}/ones`, dtype: 'int32' as const, shape: [], data: Int32Array.of(-1) };
  const { dtype } = n.tensor(0);
  const x = castTo(n, n.id(0), 'int32', 'wide');
  const ones = n.values.place({ kind: 'constant', tensor });
  if (dtype === 'int32') n.emit('bitXor', [x, ones], {});
  else n.emit('cast', [n.temporary('bitXor', [x, ones], {}, 'wide_not')], { to: dtype });
};

/** As a sign where it is one (where.ts), else element by element. */
export const convertWhere: Convert = (n) => {
  if (convertSignChoice(n)) return;
  n.emit('where', [n.id(0), n.id(1), n.id(2)], {}, n.values.graph.tensors[n.id(1)]);
};

export const plainRows: Readonly<Record<string, Convert>> = {
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: binary('div'),
  Sum: variadic('add'),
  Min: variadic('minimum'),
  Max: variadic('maximum'),
  Mean: convertMean,
  Mod: convertMod,
  Pow: convertPow,
  PRelu: convertPrelu,
  BitShift: convertBitShift,
  BitwiseAnd: binary('bitAnd'),
  BitwiseOr: binary('bitOr'),
  BitwiseXor: binary('bitXor'),
  BitwiseNot: convertBitNot,
  Equal: comparison('equal'),
  Less: comparison('less'),
  LessOrEqual: comparison('lessEqual'),
  Greater: comparison('less', true),
  GreaterOrEqual: comparison('lessEqual', true),
  And: binary('and'),
  Or: binary('or'),
  Xor: binary('xor'),
  Not: unary('not'),
  Where: convertWhere,
  Cast: convertCast,
  CastLike: convertCastLike,
};
