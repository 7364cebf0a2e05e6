// SPDX-License-Identifier: Apache-2.0
// All weight formats. FORMAT.md has them to the byte.
import { binaryFormat } from './binary.js';
import { blockFormat } from './block.js';
import type { DenseEncoding, Encoding } from './encoding.js';
import type { Format, Misfit, Part, WeightMatrix } from './format.js';
import { intFormat } from './int.js';
import { outliersFormat } from './outliers.js';
import { paletteFormat } from './palette.js';
import { sparseFormat } from './sparse.js';
import { ternaryFormat } from './ternary.js';

export { type Encoding, encodingName, parseEncoding } from './encoding.js';
export { type Misfit, type Part, partBytes, partOf, type WeightMatrix } from './format.js';

const dense: { [K in DenseEncoding['kind']]: Format<Extract<DenseEncoding, { kind: K }>> } = {
  int: intFormat,
  ternary: ternaryFormat,
  binary: binaryFormat,
  palette: paletteFormat,
  sparse: sparseFormat,
  block: blockFormat,
};

const denseCodec = ({ kind }: DenseEncoding): Format<DenseEncoding> => dense[kind] as Format<DenseEncoding>;

const outliers = outliersFormat(denseCodec);

const codec = (e: Encoding): Format<Encoding> =>
  (e.kind === 'outliers' ? outliers : denseCodec(e)) as unknown as Format<Encoding>;

/** Why this matrix cannot be stored so; undefined when it can. */
export const misfit = (matrix: WeightMatrix, e: Encoding): Misfit | undefined => codec(e).misfit(matrix, e);

/** The stored form of a matrix without a misfit. */
export const packWeights = (matrix: WeightMatrix, e: Encoding): Part[] => codec(e).pack(matrix, e);

export const unpackWeights = (parts: readonly Part[], rows: number, columns: number, e: Encoding): WeightMatrix =>
  codec(e).unpack(parts, rows, columns, e);

/** Columns that share a scale; 0: there are no group scales. */
export function groupOf(e: Encoding): number {
  switch (e.kind) {
    case 'int':
    case 'ternary':
      return e.group;
    case 'block':
    case 'sparse':
      return e.values.group;
    case 'outliers':
      return groupOf(e.base);
    default:
      return 0;
  }
}
