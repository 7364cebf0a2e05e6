// SPDX-License-Identifier: Apache-2.0
// Requantization as the vector kernels of single elements do it (vecadd.h): (x << left) * multiplier, then right.
import type { CStruct, Rounding } from '../op.js';
import type { Multiplier } from '../requantize.js';

export interface VectorFactor {
  left: number;
  multiplier: number;
  right: number;
}

/** The factor for -largest <= x < largest, or undefined where the vector form is not exact: `single` looks at the high
 *  word of the product only, so x is first moved left until no bit below that counts. */
export function vectorFactor(m: Multiplier, largest: number, rounding: Rounding): VectorFactor | undefined {
  const { multiplier, shift } = m;
  if (multiplier < 0) return undefined;
  if (multiplier === 0) return { left: 0, multiplier, right: 1 };
  if (rounding === 'tflite') return { left: Math.max(0, shift), multiplier, right: Math.max(0, -shift) };
  const left = Math.max(0, shift + 2);
  const right = left - 1 - shift;
  return largest * 2 ** left <= 2 ** 31 && right <= 31 ? { left, multiplier, right } : undefined;
}

/** name_left, name_multiplier, name_right, or the same without a name. */
export function factorFields(f: VectorFactor, name = ''): CStruct['fields'] {
  const prefix = name && `${name}_`;
  return [
    [`${prefix}left`, f.left],
    [`${prefix}multiplier`, f.multiplier],
    [`${prefix}right`, f.right],
  ];
}
