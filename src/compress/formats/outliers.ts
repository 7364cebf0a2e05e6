// SPDX-License-Identifier: Apache-2.0
// Dense plus sparse (SqueezeLLM, arXiv:2306.07629; SpQR, arXiv:2306.03078): what the base format cannot hold is clipped to
// what it can, and a list adds the rest: columns and amounts by row, `starts` being the number of entries before each row.
import type { DenseEncoding, OutlierEncoding } from './encoding.js';
import { type Format, type Misfit, type Part, partOf, type WeightMatrix } from './format.js';
import { scaleAt, scaleMisfit } from './groups.js';

interface Split {
  base: WeightMatrix;
  /** Indices of the outliers, rising. */
  at: number[];
}

/** Nearest value that the base holds, for the bases that can have outliers. */
function nearest(matrix: WeightMatrix, base: DenseEncoding, i: number): number {
  const [row, column] = [Math.floor(i / matrix.columns), i % matrix.columns];
  const value = matrix.values[i];
  if (base.kind !== 'int' && base.kind !== 'ternary') return value;
  const scale = scaleAt(matrix, base.group, row, column);
  const [low, high] = base.kind === 'ternary' ? [-1, 1] : [-(1 << (base.bits - 1)), (1 << (base.bits - 1)) - 1];
  return Math.min(high, Math.max(low, Math.round(value / scale))) * scale;
}

function split(matrix: WeightMatrix, { base }: OutlierEncoding): Split {
  const values = matrix.values.map((_, i) => nearest(matrix, base, i));
  return { base: { ...matrix, values }, at: [...values.keys()].filter((i) => values[i] !== matrix.values[i]) };
}

const maxEntries = 65_535;

/** Codec of the base format, and this one around it. */
export function outliersFormat(codecOf: (base: DenseEncoding) => Format<DenseEncoding>): Format<OutlierEncoding> {
  return {
    misfit(matrix, encoding): Misfit | undefined {
      const { base } = encoding;
      if (base.kind !== 'int' && base.kind !== 'ternary')
        return {
          row: 0,
          column: 0,
          reason: `outliers beside ${base.kind} are not possible, only beside int and ternary`,
        };
      const missing = scaleMisfit(matrix, base.group);
      if (missing) return missing;
      const { at } = split(matrix, encoding);
      if (at.length > maxEntries || matrix.columns > maxEntries)
        return { row: 0, column: 0, reason: `more than ${maxEntries} outliers or columns` };
      return undefined;
    },
    pack(matrix, encoding): Part[] {
      const { base, at } = split(matrix, encoding);
      const starts = new Uint16Array(matrix.rows + 1);
      for (const i of at) starts[Math.floor(i / matrix.columns) + 1]++;
      for (let row = 0; row < matrix.rows; row++) starts[row + 1] += starts[row];
      return [
        ...codecOf(encoding.base).pack(base, encoding.base),
        { name: 'outlier_starts', data: starts },
        { name: 'outlier_columns', data: Uint16Array.from(at, (i) => i % matrix.columns) },
        { name: 'outlier_amounts', data: Int8Array.from(at, (i) => matrix.values[i] - base.values[i]) },
      ];
    },
    unpack(parts, rows, columns, { base }) {
      const matrix = codecOf(base).unpack(parts, rows, columns, base);
      const starts = partOf(parts, 'outlier_starts');
      const at = partOf(parts, 'outlier_columns');
      const amounts = partOf(parts, 'outlier_amounts');
      const values = matrix.values.slice();
      for (let row = 0; row < rows; row++)
        for (let k = starts[row]; k < starts[row + 1]; k++) values[row * columns + at[k]] += amounts[k];
      return { ...matrix, values };
    },
  };
}
