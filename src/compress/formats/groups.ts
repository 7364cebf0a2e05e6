// SPDX-License-Identifier: Apache-2.0
// Scales of groups of columns: 1..16, stored less one in four bits. A weight is code times scale, an int8 again, so a
// layer with groups computes what the plain int8 layer computes (SpQR, arXiv:2306.03078, quantizes its scales too; one
// integer scale per partial sum is MixPE's, arXiv:2411.16158).
import { packBits, unpackBits } from './bits.js';
import { maxGroupScale } from './encoding.js';
import type { Misfit, Part, WeightMatrix } from './format.js';
import { partOf } from './format.js';

export const groupsOf = (columns: number, group: number): number => (group ? Math.ceil(columns / group) : 0);

const scaleBits = 4;

export function packScales({ rows, columns, groupScales }: WeightMatrix, group: number): Part[] {
  if (!group) return [];
  const perRow = groupsOf(columns, group);
  const codes = Uint8Array.from(groupScales as Uint8Array, (s) => s - 1);
  return [{ name: 'scales', data: packBits(codes, rows, perRow, scaleBits) }];
}

export function unpackScales(
  parts: readonly Part[],
  rows: number,
  columns: number,
  group: number,
): Uint8Array | undefined {
  if (!group) return undefined;
  const codes = unpackBits(partOf(parts, 'scales'), rows, groupsOf(columns, group), scaleBits, false);
  return Uint8Array.from(codes, (c) => c + 1);
}

/** Scale of an element. */
export const scaleAt = ({ columns, groupScales }: WeightMatrix, group: number, row: number, column: number): number =>
  group ? (groupScales as Uint8Array)[row * groupsOf(columns, group) + Math.floor(column / group)] : 1;

/** Scales that are missing, too many or out of range. */
export function scaleMisfit(matrix: WeightMatrix, group: number): Misfit | undefined {
  if (!group) return undefined;
  const { rows, columns, groupScales } = matrix;
  const perRow = groupsOf(columns, group);
  if (groupScales?.length !== rows * perRow)
    return { row: 0, column: 0, reason: `${rows * perRow} group scales are needed, ${groupScales?.length ?? 0} given` };
  const bad = groupScales.findIndex((s) => s < 1 || s > maxGroupScale);
  if (bad < 0) return undefined;
  return {
    row: Math.floor(bad / perRow),
    column: (bad % perRow) * group,
    reason: `a group's scale is ${groupScales[bad]}, not 1 to ${maxGroupScale}`,
  };
}

/** Codes: values divided by the scales of their groups. */
export function codesOf(matrix: WeightMatrix, group: number): Int8Array {
  const { columns, values } = matrix;
  if (!group) return values;
  return values.map((v, i) => v / scaleAt(matrix, group, Math.floor(i / columns), i % columns));
}

/** The matrix of these codes. */
export function decodeGroups(
  codes: Int8Array,
  rows: number,
  columns: number,
  group: number,
  groupScales: Uint8Array | undefined,
): WeightMatrix {
  const matrix: WeightMatrix = { rows, columns, values: codes, ...(groupScales ? { groupScales } : {}) };
  if (!group) return matrix;
  const values = codes.map((c, i) => c * scaleAt(matrix, group, Math.floor(i / columns), i % columns));
  return { ...matrix, values };
}
