// SPDX-License-Identifier: Apache-2.0
// Random matrices that have the structure of an encoding, for tests.
import type { Encoding } from '../encoding.js';
import { groupsOf } from '../groups.js';
import { groupOf, type WeightMatrix } from '../index.js';

/** One of each kind, width and group size. */
export const encodingNames = [
  ...['int2', 'int3', 'int4', 'int6', 'int8', 'int4g16', 'int4g32', 'int3g64', 'int2g128'],
  ...['ternary', 'trits', 'ternaryg32', 'tritsg16', 'binary'],
  ...['palette2', 'palette4c', 'palette8', 'palette16', 'palette16c'],
  ...['sparse1:4', 'sparse2:4', 'sparse1:16', 'sparse2:4-int4', 'block4', 'block8', 'block16-int4g16', 'block32-int3'],
  ...['int4+out', 'int3g32+out', 'ternaryg16+out'],
];

/** A matrix that has the structure of the encoding, drawn from `pick`. */
export function randomMatrix(
  e: Encoding,
  rows: number,
  columns: number,
  pick: (below: number) => number,
): WeightMatrix {
  const group = groupOf(e);
  const perRow = groupsOf(columns, group);
  const groupScales = group ? Uint8Array.from({ length: rows * perRow }, () => 1 + pick(16)) : undefined;
  const scale = (r: number, c: number): number => groupScales?.[r * perRow + Math.floor(c / group)] ?? 1;
  const values = new Int8Array(rows * columns);
  const fill = (value: (r: number, c: number) => number): void => {
    for (let i = 0; i < values.length; i++) values[i] = value(Math.floor(i / columns), i % columns);
  };
  const integer = (bits: number): number => pick(1 << bits) - (1 << (bits - 1));
  switch (e.kind) {
    case 'int':
      fill((r, c) => integer(e.bits) * scale(r, c));
      break;
    case 'ternary':
      fill((r, c) => (pick(3) - 1) * scale(r, c));
      break;
    case 'binary':
      fill(() => 2 * pick(2) - 1);
      break;
    case 'palette': {
      const tables = Array.from({ length: rows }, () => Array.from({ length: 2 ** e.bits }, () => pick(256) - 128));
      fill((r) => tables[e.per === 'tensor' ? 0 : r][pick(2 ** e.bits)]);
      break;
    }
    case 'sparse':
      fill(() => integer(e.values.bits));
      for (let r = 0; r < rows; r++)
        for (let c = 0, left = 0; c < columns; c++) {
          if (c % e.m === 0) left = e.n;
          if (left > 0 && pick(2)) left--;
          else values[r * columns + c] = 0;
        }
      break;
    case 'block':
      fill((r, c) => integer(e.values.bits) * scale(r, c));
      for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c += e.width)
          if (pick(2)) values.fill(0, r * columns + c, r * columns + Math.min(c + e.width, columns));
      break;
    case 'outliers': {
      const base = randomMatrix(e.base, rows, columns, pick);
      for (let i = 0; i < values.length; i++) values[i] = pick(8) ? base.values[i] : pick(256) - 128;
      return { ...base, values };
    }
  }
  return { rows, columns, values, ...(groupScales ? { groupScales } : {}) };
}
