// SPDX-License-Identifier: Apache-2.0
// Block sparsity: each row is cut into blocks of `width` columns that are kept whole or not at all. A bitmap says which;
// the kept blocks follow one another, with one scale each where the values have groups (GQSA, arXiv:2412.17560: the
// pruning group is the quantization group). `starts` has the number of blocks kept before each row.
import { packBits, unpackBits } from './bits.js';
import type { BlockEncoding } from './encoding.js';
import { type Format, partOf, type WeightMatrix } from './format.js';
import { intFormat } from './int.js';

const blocksOf = (columns: number, width: number): number => Math.ceil(columns / width);

function isKept({ columns, values }: WeightMatrix, width: number, row: number, block: number): boolean {
  const from = row * columns + block * width;
  return values.subarray(from, Math.min(from + width, (row + 1) * columns)).some((v) => v !== 0);
}

/** The kept blocks as rows of their own, the last of a row filled up with zeros. */
function keptBlocks(matrix: WeightMatrix, width: number): { map: Uint8Array; kept: WeightMatrix; starts: Uint16Array } {
  const { rows, columns, values, groupScales } = matrix;
  const perRow = blocksOf(columns, width);
  const map = Uint8Array.from({ length: rows * perRow }, (_, i) =>
    isKept(matrix, width, Math.floor(i / perRow), i % perRow) ? 1 : 0,
  );
  const chosen = [...map.keys()].filter((i) => map[i]);
  const kept = new Int8Array(chosen.length * width);
  chosen.forEach((block, k) => {
    const [row, first] = [Math.floor(block / perRow), (block % perRow) * width];
    kept.set(values.subarray(row * columns + first, row * columns + Math.min(first + width, columns)), k * width);
  });
  const starts = new Uint16Array(rows + 1);
  for (let row = 0; row < rows; row++)
    starts[row + 1] = starts[row] + map.subarray(row * perRow, (row + 1) * perRow).reduce((a, b) => a + b, 0);
  const scales = groupScales && Uint8Array.from(chosen, (i) => groupScales[i]);
  return { map, kept: { rows: chosen.length, columns: width, values: kept, groupScales: scales }, starts };
}

const maxBlocks = 65_535;

export const blockFormat: Format<BlockEncoding> = {
  misfit(matrix, { width, values }) {
    if (matrix.rows * blocksOf(matrix.columns, width) > maxBlocks)
      return { row: 0, column: 0, reason: `more than ${maxBlocks} blocks` };
    return intFormat.misfit(matrix, values);
  },
  pack(matrix, { width, values }) {
    const { map, kept, starts } = keptBlocks(matrix, width);
    return [
      ...intFormat.pack(kept, values),
      { name: 'kept', data: packBits(map, matrix.rows, blocksOf(matrix.columns, width), 1) },
      { name: 'starts', data: starts },
    ];
  },
  unpack(parts, rows, columns, { width, values: inner }) {
    const perRow = blocksOf(columns, width);
    const map = unpackBits(partOf(parts, 'kept'), rows, perRow, 1, false);
    const chosen = [...map.keys()].filter((i) => map[i]);
    const kept = intFormat.unpack(parts, chosen.length, width, inner);
    const values = new Int8Array(rows * columns);
    chosen.forEach((block, k) => {
      const [row, first] = [Math.floor(block / perRow), (block % perRow) * width];
      const length = Math.min(width, columns - first);
      values.set(kept.values.subarray(k * width, k * width + length), row * columns + first);
    });
    if (!kept.groupScales) return { rows, columns, values };
    // The scale of a block that is not kept has no meaning; 1 stands for it.
    const groupScales = new Uint8Array(rows * perRow).fill(1);
    chosen.forEach((block, k) => {
      groupScales[block] = (kept.groupScales as Uint8Array)[k];
    });
    return { rows, columns, values, groupScales };
  },
};
