// SPDX-License-Identifier: Apache-2.0
// -1 or 1: one bit a weight, set for 1.
import { packBits, unpackBits } from './bits.js';
import type { BinaryEncoding } from './encoding.js';
import { type Format, firstMisfit, partOf } from './format.js';

export const binaryFormat: Format<BinaryEncoding> = {
  misfit: (matrix) =>
    firstMisfit(matrix, (value) => (Math.abs(value) === 1 ? undefined : `${value} is neither -1 nor 1`)),
  pack: ({ rows, columns, values }) => [
    {
      name: 'codes',
      data: packBits(
        Uint8Array.from(values, (v) => (v > 0 ? 1 : 0)),
        rows,
        columns,
        1,
      ),
    },
  ],
  unpack: (parts, rows, columns) => ({
    rows,
    columns,
    values: unpackBits(partOf(parts, 'codes'), rows, columns, 1, false).map((bit) => 2 * bit - 1),
  }),
};
