// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with packed weights on Armv6-M and RV32IM: runtime-c/include/mote/packedplane.h.
import { packBits } from '../../compress/formats/bits.js';
import type { Encoding } from '../../compress/formats/encoding.js';
import { groupOf, packWeights, partOf, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { grownLayer, missingBits } from './grownLayer.js';
import { integerLayer } from './integerLayer.js';
import { planeCall } from './thumbPlane.js';
import type { Lowered, Variant } from './variant.js';

/** Codes of so many bits into a table, one for all channels or one for each. */
interface Table {
  bits: number;
  values: Int8Array;
  perChannel: boolean;
  /** The codes are two's complement. */
  signed?: true;
}

const intTable = (bits: number): Int8Array =>
  Int8Array.from({ length: 2 ** bits }, (_, code) => (code < 2 ** (bits - 1) ? code : code - 2 ** bits));

function tableOf(e: Encoding, matrix: WeightMatrix): Table | undefined {
  switch (e.kind) {
    case 'int':
      return { bits: e.bits, values: intTable(e.bits), perChannel: false, signed: true };
    case 'ternary':
      return { bits: 2, values: Int8Array.of(-1, 0, 1, 0), perChannel: false };
    case 'binary':
      return { bits: 1, values: Int8Array.of(-1, 1), perChannel: false };
    case 'palette': {
      const values = partOf(packWeights(matrix, e), 'table') as Int8Array;
      return { bits: e.bits, values, perChannel: e.per === 'channel' };
    }
    default:
      return undefined;
  }
}

/** Codes of all weights and what they stand for: code times scale is the weight. */
export interface TapCodes {
  table: Table;
  codes: Uint8Array;
  group: number;
}

/** Undefined for encodings whose weights have no codes of their own. */
export function tapCodes(matrix: WeightMatrix, e: Encoding): TapCodes | undefined {
  const table = tableOf(e, matrix);
  if (!table) return undefined;
  const { columns, values, groupScales } = matrix;
  const group = groupOf(e);
  const groups = group ? Math.ceil(columns / group) : 0;
  const step = table.perChannel ? 2 ** table.bits : 0;
  const codes = Uint8Array.from(values, (value, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const scale = groupScales ? groupScales[row * groups + Math.floor(column / group)] : 1;
    return table.values.subarray(row * step, row * step + 2 ** table.bits).indexOf(value / scale);
  });
  return { table, codes, group };
}

const widths = [2, 3, 4, 6, 8] as const;

/** Filters of formats that leave weights out are short: their zeros, and outliers, have codes like all others, in as few
 *  bits as the largest takes. */
function filledCodes(matrix: WeightMatrix, group: number): TapCodes | undefined {
  const perRow = group ? Math.ceil(matrix.columns / group) : 0;
  const scaleAt = (i: number): number =>
    matrix.groupScales && group
      ? matrix.groupScales[Math.floor(i / matrix.columns) * perRow + Math.floor((i % matrix.columns) / group)]
      : 1;
  const values = Array.from(matrix.values, (w, i) => w / scaleAt(i));
  const bits = widths.find((b) => values.every((v) => v >= -(2 ** (b - 1)) && v < 2 ** (b - 1)));
  if (!bits || !values.every(Number.isInteger)) return undefined;
  const table = { bits, values: intTable(bits), perChannel: false, signed: true } as const;
  return { table, codes: Uint8Array.from(values, (v) => v & (2 ** bits - 1)), group };
}

/** Codes of the weights of a depthwise layer, whatever its format. */
export function depthwiseCodes(matrix: WeightMatrix, e: Encoding): TapCodes | undefined {
  const { groupScales: _, ...whole } = matrix;
  if (e.kind === 'outliers') return filledCodes(whole, 0);
  return e.kind === 'sparse' || e.kind === 'block' ? filledCodes(matrix, groupOf(e)) : tapCodes(matrix, e);
}

/** The matrix as its codes have it: with scales where they have groups. */
export function matrixOf(matrix: WeightMatrix, { group }: TapCodes): WeightMatrix {
  const { groupScales: _, ...whole } = matrix;
  return group ? matrix : whole;
}

/** The same codes, which stand for 2^bits times as much. */
export function grownCodes({ table, codes, group }: TapCodes, bits: number): TapCodes {
  if (bits === 0) return { table, codes, group };
  const { signed: _, ...indexed } = table;
  return { table: { ...indexed, values: table.values.map((v) => v << bits) }, codes, group };
}

/** Codes in rows of bytes. */
export function codeFields(
  { rows, columns, groupScales }: WeightMatrix,
  { table, codes, group }: TapCodes,
): CStruct['fields'] {
  const groups = group ? Math.ceil(columns / group) : 0;
  const packed = packBits(codes, rows, columns, table.bits);
  return [
    ['codes', constant('codes', 'uint8', packed, [rows, packed.length / rows])],
    ['code_bytes', packed.length / rows],
    ['bits', table.bits],
    ['coded', columns],
    ['table', constant('table', 'int8', table.values, [table.values.length])],
    ['table_step', table.perChannel ? 2 ** table.bits : 0],
    ['scales', groupScales ? constant('scales', 'uint8', Uint8Array.from(groupScales), [rows, groups]) : null],
    ['group_shift', group ? Math.log2(group) : 0],
    ['groups', groups],
  ];
}

function lower(kernel: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  const bits = read ? missingBits(read) : 0;
  const layer = read && grownLayer(read, bits);
  if (!layer || !w.stored) return undefined;
  const { encoding } = w.stored;
  const matrix = weightMatrix(node.op, w);
  const found = depthwiseCodes(matrix, encoding);
  if (!found) return undefined;
  const weights = (): CStruct['fields'] => codeFields(matrixOf(matrix, found), grownCodes(found, bits));
  return planeCall(layer, { kernel, weights });
}

export const packedPlane = (isa: 'thumb' | 'rv32'): Variant => {
  const kernel = `mote_packedplane_s8int__${isa}`;
  return { kernel, op: 'depthwiseConv2d', isa, lower: (node, context) => lower(kernel, node, context) };
};
