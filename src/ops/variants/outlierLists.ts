// SPDX-License-Identifier: Apache-2.0
// The outliers of a matrix as constants of a kernel: entries before each row, their columns and what is added there.
import type { Encoding } from '../../compress/formats/encoding.js';
import { packWeights, partOf, type WeightMatrix } from '../../compress/formats/index.js';
import type { CStruct } from '../op.js';
import { constant } from '../weighted.js';

export function outlierLists(matrix: WeightMatrix, encoding: Encoding): CStruct['fields'] {
  const parts = encoding.kind === 'outliers' ? packWeights(matrix, encoding) : [];
  const amounts = parts.length ? (partOf(parts, 'outlier_amounts') as Int8Array) : new Int8Array();
  const list = (name: string): CStruct['fields'][number] => {
    if (!amounts.length) return [name, null];
    const data = partOf(parts, name) as Uint16Array;
    return [name, constant(name, 'uint16', data, [data.length])];
  };
  return [
    list('outlier_starts'),
    list('outlier_columns'),
    ['outlier_amounts', amounts.length ? constant('outlier_amounts', 'int8', amounts, [amounts.length]) : null],
  ];
}
