// SPDX-License-Identifier: Apache-2.0
// What a weight format is: a lossless way to store a matrix of int8 weights that have its structure.

/** Rows are output channels, columns the products of one output, in the tensor's order (OHWI; HW of a depthwise channel;
 *  [O, K]). */
export interface WeightMatrix {
  rows: number;
  columns: number;
  /** Decoded integers, [rows][columns]. */
  values: Int8Array;
  /** [rows][ceil(columns / group)], 1..16, where the encoding has groups. */
  groupScales?: Uint8Array;
}

/** One array of the stored form. */
export interface Part {
  /** `codes`, `scales`, `positions`, `table`, `starts` …: the C field's and symbol's name. */
  name: string;
  data: Uint8Array | Int8Array | Uint16Array;
}

/** Where and why a matrix does not fit a format. */
export interface Misfit {
  row: number;
  column: number;
  reason: string;
}

export interface Format<E> {
  /** Why the values do not have the structure; undefined when they do. */
  misfit(matrix: WeightMatrix, encoding: E): Misfit | undefined;
  /** The stored form; only for a matrix without a misfit. */
  pack(matrix: WeightMatrix, encoding: E): Part[];
  unpack(parts: readonly Part[], rows: number, columns: number, encoding: E): WeightMatrix;
}

export const partOf = (parts: readonly Part[], name: string): Part['data'] => {
  const part = parts.find((p) => p.name === name);
  if (!part) throw new Error(`no part '${name}'`);
  return part.data;
};

export const partBytes = (parts: readonly Part[]): number => parts.reduce((sum, p) => sum + p.data.byteLength, 0);

/** First element for which `bad` says why. */
export function firstMisfit(
  { rows, columns, values }: WeightMatrix,
  bad: (value: number, row: number, column: number) => string | undefined,
): Misfit | undefined {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const reason = bad(values[row * columns + column], row, column);
      if (reason) return { row, column, reason };
    }
  }
  return undefined;
}
