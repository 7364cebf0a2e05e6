// SPDX-License-Identifier: Apache-2.0
// Constants of runtime-c/include/mote/highmul.h: a requantization that depends on its operand alone.
import type { CStruct, Rounding } from '../op.js';
import type { Multiplier } from '../requantize.js';

export interface HighFactor {
  multiplier: number;
  half: 0 | 1;
  round: number;
  ties: 0 | -1;
  shift: number;
}

/** From here on 2^(shift - 1) and an operand of 2^30 no longer fit 32 bits. */
const maxShift = 30;

/** The same as requantize() for operands up to 2^30 in size; undefined for factors of 1 and more. */
export function highFactor({ multiplier, shift }: Multiplier, rounding: Rounding): HighFactor | undefined {
  const n = -shift;
  if (multiplier < 0 || n < 0 || n > maxShift) return undefined;
  if (n === 0) return { multiplier, half: 1, round: 0, ties: 0, shift: 0 };
  const double = rounding === 'tflite';
  return { multiplier, half: double ? 1 : 0, round: 2 ** (n - 1), ties: double ? -1 : 0, shift: n };
}

/** With a prefix where a kernel has several. */
export const highFactorFields = (f: HighFactor, prefix = ''): CStruct['fields'] => [
  [`${prefix}multiplier`, f.multiplier],
  [`${prefix}half`, f.half],
  [`${prefix}round`, f.round],
  [`${prefix}ties`, f.ties],
  [`${prefix}shift`, f.shift],
];
