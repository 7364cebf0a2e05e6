// SPDX-License-Identifier: Apache-2.0
// N:M sparsity: of every m columns at most n are kept, as values and positions within their m. A place that is not needed
// holds value 0 at the lowest free position, so that positions always rise.
import { packBits, unpackBits } from './bits.js';
import type { SparseEncoding } from './encoding.js';
import { type Format, firstMisfit, partOf, type WeightMatrix } from './format.js';
import { intFormat } from './int.js';

interface Kept {
  values: Int8Array;
  positions: Uint8Array;
}

/** Values and positions of all kept places, [rows][ceil(columns / m)][n]. */
function keep({ rows, columns, values }: WeightMatrix, { n, m }: SparseEncoding): Kept {
  const perRow = Math.ceil(columns / m);
  const kept: Kept = { values: new Int8Array(rows * perRow * n), positions: new Uint8Array(rows * perRow * n) };
  for (let group = 0; group < rows * perRow; group++) {
    const [row, first] = [Math.floor(group / perRow), (group % perRow) * m];
    const places = Array.from({ length: m }, (_, i) => i);
    const valueAt = (i: number): number => (first + i < columns ? values[row * columns + first + i] : 0);
    const used = places.filter((i) => valueAt(i) !== 0);
    const chosen = [...used, ...places.filter((i) => !used.includes(i)).slice(0, n - used.length)].sort(
      (a, b) => a - b,
    );
    chosen.forEach((i, k) => {
      kept.values[group * n + k] = valueAt(i);
      kept.positions[group * n + k] = i;
    });
  }
  return kept;
}

export const sparseFormat: Format<SparseEncoding> = {
  misfit(matrix, { n, m, values: inner }) {
    const counts = new Map<number, number>();
    const tooMany = firstMisfit(matrix, (value, row, column) => {
      if (value === 0) return undefined;
      const group = row * Math.ceil(matrix.columns / m) + Math.floor(column / m);
      counts.set(group, (counts.get(group) ?? 0) + 1);
      return (counts.get(group) as number) > n ? `more than ${n} of ${m} weights are not zero` : undefined;
    });
    return tooMany ?? intFormat.misfit(matrix, inner);
  },
  pack(matrix, encoding) {
    const { n, m, values: inner } = encoding;
    const perRow = Math.ceil(matrix.columns / m) * n;
    const kept = keep(matrix, encoding);
    return [
      ...intFormat.pack({ rows: matrix.rows, columns: perRow, values: kept.values }, inner),
      { name: 'positions', data: packBits(kept.positions, matrix.rows, perRow, Math.log2(m)) },
    ];
  },
  unpack(parts, rows, columns, { n, m, values: inner }) {
    const perRow = Math.ceil(columns / m) * n;
    const kept = intFormat.unpack(parts, rows, perRow, inner).values;
    const positions = unpackBits(partOf(parts, 'positions'), rows, perRow, Math.log2(m), false);
    const values = new Int8Array(rows * columns);
    for (let i = 0; i < rows * perRow; i++) {
      const column = Math.floor((i % perRow) / n) * m + positions[i];
      if (column < columns) values[Math.floor(i / perRow) * columns + column] = kept[i];
    }
    return { rows, columns, values };
  },
};
