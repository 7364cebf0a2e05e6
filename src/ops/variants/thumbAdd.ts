// SPDX-License-Identifier: Apache-2.0
// int8 additions without broadcasting on Armv6-M: both operands' scaling by table (add.h, mote_add_s8_table).
import { elementCount, type Node } from '../../model/graph.js';
import { additionParameters } from '../addition.js';
import { outputOf } from '../attributes.js';
import { inputOf, type LowerContext, type Rounding } from '../op.js';
import { type Multiplier, requantize } from '../requantize.js';
import { constant } from '../weighted.js';
import { thumbFinishFields, thumbScales, thumbSum } from './thumbRequantize.js';
import type { Lowered, Variant } from './variant.js';

/** Every int8 in the common scale, by its byte. */
const scaled = (m: Multiplier & { zeroPoint: number }, factor: number, rounding: Rounding): Int32Array =>
  Int32Array.from({ length: 256 }, (_, byte) => requantize((((byte << 24) >> 24) - m.zeroPoint) * factor, m, rounding));

function lowerAdd(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const [a, b, y] = [inputOf(node, graph, 0), inputOf(node, graph, 1), outputOf(node, graph)];
  if (a.data || b.data || [a, b, y].some((t) => t.dtype !== 'int8')) return undefined;
  if (a.shape.length !== b.shape.length || a.shape.some((n, i) => n !== b.shape[i])) return undefined;
  const p = additionParameters(node, { a, b, y }, (x) => x);
  const tables = [scaled(p.a, p.factor, rounding), scaled(p.b, p.factor, rounding)];
  const bound = tables.reduce((sum, t) => sum + t.reduce((most, v) => Math.max(most, Math.abs(v)), 0), 0);
  const sum = thumbSum(p.y, p.y.zeroPoint, bound);
  if (!sum) return undefined;
  const count = elementCount(a.shape);
  const fields: Lowered['call']['params']['fields'] = [
    ['count', count],
    ['a_table', constant('a_table', 'int32', tables[0], [256])],
    ['b_table', constant('b_table', 'int32', tables[1], [256])],
    ['scale', thumbScales([sum])],
    ...thumbFinishFields({ rounding, outputMin: p.range.min, outputMax: p.range.max, outputZeroPoint: p.y.zeroPoint }),
  ];
  const call = {
    kernel: thumbAdd.kernel,
    params: { type: 'mote_add_s8_table', fields },
    inputs: [0, 1],
    outputs: [0],
    scratchBytes: 0,
  };
  return { call, work: { pixels: 0, outputs: count, macs: 0 } };
}

export const thumbAdd: Variant = { kernel: 'mote_add_s8_table__thumb', op: 'add', isa: 'thumb', lower: lowerAdd };
