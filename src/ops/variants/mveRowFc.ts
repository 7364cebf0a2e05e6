// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with palettes, N:M and block weights on Helium: runtime-c/include/mote/rowfc.h has the layout of the
// constants.

import type { BlockEncoding, Encoding, SparseEncoding } from '../../compress/formats/encoding.js';
import { codesOf } from '../../compress/formats/groups.js';
import type { WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type FieldValue, inputOf, type LowerContext } from '../op.js';
import { kernelType } from '../packedConv.js';
import { clampFields, constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { type CodeBits, codeRows, denseCodes, wholeUnits } from './codeRows.js';
import { shiftedLayer } from './grownLayer.js';
import { integerLayer, workOf } from './integerLayer.js';
import { factorField } from './mveFc.js';
import { joined } from './mvePacked.js';
import { mveMissingBits, vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

interface Stored {
  fields: Record<string, FieldValue>;
  depth: number;
  /** Of all channels. */
  units: number;
}

const bytes = (name: string, data: Uint8Array): FieldValue => constant(name, 'uint8', data, [data.length]);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

function paletteStored(matrix: WeightMatrix, encoding: Encoding): Stored | undefined {
  const found = denseCodes(matrix, encoding);
  if (!found?.table || found.bits === 'trits') return undefined;
  const { rows, columns } = matrix;
  const units = wholeUnits(Math.ceil(columns / vectorBytes), found.bits);
  const rowOf = (row: number): Uint8Array =>
    codeRows(units, vectorBytes, found.bits, (unit, lane) => {
      const column = unit * vectorBytes + lane;
      return column < columns ? found.codes[row * columns + column] : 0;
    });
  const size = 2 ** found.bits;
  return {
    fields: {
      codes: bytes('codes', joined(range(rows).map(rowOf))),
      table: constant('table', 'int8', found.table, [found.table.length]),
      table_step: found.table.length > size ? size : 0,
      bits: found.bits,
      units,
    },
    depth: units * vectorBytes,
    units: rows * units,
  };
}

/** Bits of a place that rows hold without a rest. */
const placeBitsOf: { [m: number]: CodeBits } = { 2: 1, 4: 2, 16: 4 };
const kernelBits = [4, 8];

function sparseStored({ rows, columns, values }: WeightMatrix, e: SparseEncoding): Stored | undefined {
  const { n, m } = e;
  const placeBits = placeBitsOf[m] as 1 | 2 | 4 | undefined;
  if (!placeBits || !kernelBits.includes(e.values.bits)) return undefined;
  const units = wholeUnits(Math.ceil(columns / (m * vectorBytes)) * n, placeBits);
  const kept = (row: number, unit: number, lane: number): { value: number; place: number } => {
    const first = (Math.floor(unit / n) * vectorBytes + lane) * m;
    const at = (i: number): number => (first + i < columns ? values[row * columns + first + i] : 0);
    const places = range(m).sort((a, b) => Number(at(a) === 0) - Number(at(b) === 0) || a - b);
    const place = places[unit % n];
    return { value: at(place), place };
  };
  const rowsOf = (bits: CodeBits, part: 'value' | 'place'): Uint8Array =>
    joined(range(rows).map((row) => codeRows(units, vectorBytes, bits, (unit, lane) => kept(row, unit, lane)[part])));
  return {
    fields: {
      codes: bytes('codes', rowsOf(e.values.bits as CodeBits, 'value')),
      places: bytes('places', rowsOf(placeBits, 'place')),
      bits: e.values.bits,
      place_bits: placeBits,
      width: m,
      each: n,
      units,
    },
    depth: Math.ceil(units / n) * vectorBytes * m,
    units: rows * units,
  };
}

interface KeptRow {
  units: number;
  codes: Uint8Array;
  places: number[];
  scales: number[];
}

function keptRow(matrix: WeightMatrix, codes: Int8Array, e: BlockEncoding, row: number): KeptRow {
  const { columns, groupScales } = matrix;
  const width = Math.min(e.width, vectorBytes);
  const codeAt = (place: number, i: number): number => {
    const column = place * width + i;
    return column < columns ? codes[row * columns + column] : 0;
  };
  const lanes = range(width);
  const kept = range(Math.ceil(columns / width)).filter((place) => lanes.some((i) => codeAt(place, i) !== 0));
  const weights = kept.flatMap((place) => lanes.map((i) => codeAt(place, i)));
  const units = roundUp(Math.ceil(weights.length / vectorBytes), 8 / e.values.bits);
  const pieces = (units * vectorBytes) / width;
  const perRow = Math.ceil(columns / e.width);
  const scaleOf = (place: number): number => groupScales?.[row * perRow + Math.floor((place * width) / e.width)] ?? 1;
  return {
    units,
    codes: codeRows(units, vectorBytes, e.values.bits, (unit, lane) => weights[unit * vectorBytes + lane] ?? 0),
    places: range(pieces).map((i) => kept[i] ?? 0),
    scales: e.values.group ? range(pieces).map((i) => (i < kept.length ? scaleOf(kept[i]) : 1)) : [],
  };
}

function blockStored(matrix: WeightMatrix, e: BlockEncoding): Stored | undefined {
  const width = Math.min(e.width, vectorBytes);
  // A scale is of a unit.
  if (!kernelBits.includes(e.values.bits) || (e.values.group && width < vectorBytes)) return undefined;
  const codes = codesOf(matrix, e.values.group);
  const kept = range(matrix.rows).map((row) => keptRow(matrix, codes, e, row));
  const most = Math.ceil(matrix.columns / width);
  const counts = kept.map((k) => k.units);
  if (most > 65_536 || counts.some((c) => c > 65_535)) return undefined;
  const places = kept.flatMap((k) => k.places);
  const placeBits = most > 256 ? 16 : 8;
  const placeBytes = placeBits === 8 ? places : places.flatMap((p) => [p & 255, p >> 8]);
  const list = (name: string, data: Uint8Array): FieldValue => (data.length ? bytes(name, data) : null);
  return {
    fields: {
      codes: list('codes', joined(kept.map((k) => k.codes))),
      places: list('places', Uint8Array.from(placeBytes)),
      counts: constant('counts', 'uint16', Uint16Array.from(counts), [counts.length]),
      scales: list('scales', Uint8Array.from(kept.flatMap((k) => k.scales))),
      bits: e.values.bits,
      place_bits: placeBits,
      width,
    },
    depth: roundUp(matrix.columns, vectorBytes),
    units: counts.reduce((sum, c) => sum + c, 0),
  };
}

function storedOf(matrix: WeightMatrix, encoding: Encoding): Stored | undefined {
  switch (encoding.kind) {
    case 'palette':
      return paletteStored(matrix, encoding);
    case 'sparse':
      return sparseStored(matrix, encoding);
    case 'block':
      return blockStored(matrix, encoding);
    default:
      return undefined;
  }
}

/** What only some formats have. */
const absent: Record<string, FieldValue> = {
  codes: null,
  places: null,
  counts: null,
  scales: null,
  table: null,
  factors: null,
  bits: 0,
  place_bits: 0,
  width: 0,
  each: 0,
  units: 0,
  table_step: 0,
};

function lower(kernel: string, type: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  const left = read && rounding === 'single' ? mveMissingBits(read) : 0;
  const layer = read && shiftedLayer(read, left);
  if (!layer || !w.stored || kernelType(w.stored.encoding) !== type) return undefined;
  const stored = storedOf(weightMatrix(node.op, w), w.stored.encoding);
  const factors = factorField(layer);
  if (!stored || !factors) return undefined;
  const params = {
    type: kernel.replace(/__.*/, ''),
    fields: [
      ['rows', layer.outW],
      ['in_c', layer.inC],
      ['out_c', layer.outC],
      ...Object.entries({ ...absent, ...stored.fields, factors }),
      ['depth', stored.depth],
      ['left', left],
      ['output_zero_point', layer.outputZeroPoint],
      ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
    ] as [string, FieldValue][],
  };
  return {
    call: { kernel, params, inputs: [0], outputs: [0], scratchBytes: stored.depth },
    work: { ...workOf(layer), macs: layer.outW * stored.units * vectorBytes },
  };
}

export const mveRowFcVariants: readonly Variant[] = (['palette', 'sparse', 'block'] as const).map((type) => {
  const kernel = `mote_rowfc_s8${type}__mve`;
  return { kernel, op: 'fullyConnected', isa: 'mve', lower: (node, context) => lower(kernel, type, node, context) };
});
