// SPDX-License-Identifier: Apache-2.0
// Codes of packed weights in rows of bytes for vector kernels: a unit is as many codes as a row has lanes, and a row has
// several units, of which a lane holds the codes of its own.

import type { DenseEncoding, Encoding } from '../../compress/formats/encoding.js';
import { codesOf } from '../../compress/formats/groups.js';
import { packWeights, partOf, type WeightMatrix } from '../../compress/formats/index.js';

/** How codes lie in a row: bits of each, or five trits in a fraction of 256. */
export type CodeBits = 1 | 2 | 3 | 4 | 6 | 8 | 'trits';

/** Units that rows hold together, and how many rows. */
const steps: { [B in CodeBits]: { units: number; rows: number } } = {
  1: { units: 8, rows: 1 },
  2: { units: 4, rows: 1 },
  3: { units: 8, rows: 3 },
  4: { units: 2, rows: 1 },
  6: { units: 4, rows: 3 },
  8: { units: 1, rows: 1 },
  trits: { units: 5, rows: 1 },
};

/** Units of this many, rounded up to what their rows hold. */
export const wholeUnits = (units: number, bits: CodeBits): number =>
  Math.ceil(units / steps[bits].units) * steps[bits].units;

/** Rows for this many units. */
export const rowsFor = (units: number, bits: CodeBits): number =>
  Math.ceil(units / steps[bits].units) * steps[bits].rows;

/** `width` bits of each code, from bit `from` on, one code above the other. */
const stack = (codes: readonly number[], from: number, width: number): number =>
  codes.reduce((byte, code, i) => byte | (((code >> from) & ((1 << width) - 1)) << (i * width)), 0);

/** The bytes of one lane, a byte for each row. */
function laneBytes(codes: readonly number[], bits: CodeBits): number[] {
  switch (bits) {
    case 3:
      return [stack(codes.slice(0, 4), 0, 2), stack(codes.slice(4), 0, 2), stack(codes, 2, 1)];
    case 6:
      return [stack(codes.slice(0, 2), 2, 4), stack(codes.slice(2), 2, 4), stack(codes, 0, 2)];
    case 'trits':
      return [Math.ceil((256 * codes.reduce((n, trit) => 3 * n + trit + 1, 0)) / 243)];
    default:
      return [stack(codes, 0, bits)];
  }
}

/** Rows of `lanes` bytes; `codeAt` gives a lane's code of a unit (0 beyond the last). */
export function codeRows(
  units: number,
  lanes: number,
  bits: CodeBits,
  codeAt: (unit: number, lane: number) => number,
): Uint8Array {
  const step = steps[bits];
  const out = new Uint8Array(rowsFor(units, bits) * lanes);
  for (let first = 0, row = 0; first < units; first += step.units, row += step.rows) {
    for (let lane = 0; lane < lanes; lane++) {
      const codes = Array.from({ length: step.units }, (_, i) => (first + i < units ? codeAt(first + i, lane) : 0));
      laneBytes(codes, bits).forEach((byte, r) => {
        out[(row + r) * lanes + lane] = byte;
      });
    }
  }
  return out;
}

/** What stands for each weight: two's complement in units of its group's scale, an index of a palette, 1 for the -1 of
 *  binary; the nearest that the base of outliers can hold. */
export interface Codes {
  type: string;
  bits: CodeBits;
  codes: ArrayLike<number>;
  /** Palette: 2^bits entries for each row or for all. */
  table?: Int8Array;
}

const dense = (e: Encoding): DenseEncoding => (e.kind === 'outliers' ? e.base : e);

/** The codes of a matrix whose encoding has one for each weight. */
export function denseCodes(matrix: WeightMatrix, encoding: Encoding): Codes | undefined {
  const e = dense(encoding);
  switch (e.kind) {
    case 'int':
      return { type: 'int', bits: e.bits, codes: codesOf(matrix, e.group) };
    case 'ternary':
      if (e.packing === 'trits') return { type: 'trits', bits: 'trits', codes: codesOf(matrix, e.group) };
      return { type: 'ternary', bits: 2, codes: codesOf(matrix, e.group) };
    case 'binary':
      return { type: 'binary', bits: 1, codes: matrix.values.map((v) => (v < 0 ? 1 : 0)) };
    case 'palette': {
      const table = partOf(packWeights(matrix, e), 'table') as Int8Array;
      const each = e.per === 'tensor' ? 0 : 2 ** e.bits;
      const codes = matrix.values.map((v, i) => {
        const first = Math.floor(i / matrix.columns) * each;
        return table.subarray(first, first + 2 ** e.bits).indexOf(v);
      });
      return { type: 'palette', bits: e.bits, codes, table };
    }
    default:
      return undefined;
  }
}
