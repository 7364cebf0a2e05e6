// SPDX-License-Identifier: Apache-2.0
// Layers with packed weights on Helium: runtime-c/include/mote/packedstream.h has the layout of the constants.

import type { BlockEncoding, Encoding, SparseEncoding } from '../../compress/formats/encoding.js';
import { codesOf } from '../../compress/formats/groups.js';
import { groupOf, packWeights, unpackWeights, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type CStruct, type FieldValue, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { kernelType } from '../packedConv.js';
import { clampFields, constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { type CodeBits, type Codes, codeRows, denseCodes, rowsFor, wholeUnits } from './codeRows.js';
import { grownLayer } from './grownLayer.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { ByteStream, mveFactors, mveMissingBits, vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

/** Pixels that share a decoded group: where patches are read in place, and bytes for those that are gathered. */
const directTile = 48;
const gatheredTile = { bytes: 4096, least: 4, most: 16 };

/** The order of weights: groups of channels, blocks of 16 columns. */
export interface Order {
  matrix: WeightMatrix;
  channels: number;
  blocks: number;
  groups: number;
}

/** What a format stores, and what its decoding needs of the scratch. */
interface Stored {
  fields: Record<string, FieldValue>;
  groupBytes: number;
}

export const bytesField = (name: string, data: Uint8Array): FieldValue => constant(name, 'uint8', data, [data.length]);

/** One after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const eachGroup = <T>({ groups }: Order, make: (group: number) => T): T[] =>
  Array.from({ length: groups }, (_, g) => make(g));

/** Row and column of a lane of a group's unit; undefined where there is no weight. */
function placeOf(o: Order, group: number, unit: number, lane: number): number | undefined {
  const row = group * o.channels + (unit % o.channels);
  const column = Math.floor(unit / o.channels) * vectorBytes + lane;
  return row < o.matrix.rows && column < o.matrix.columns ? row * o.matrix.columns + column : undefined;
}

/** Four bits each, the even one low. */
export const nibbles = (values: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: Math.ceil(values.length / 2) }, (_, i) => values[2 * i] | ((values[2 * i + 1] ?? 0) << 4));

/** Scales less one, of the channels of each group, for its groups of columns. */
function groupScales(o: Order, group: number): Record<string, FieldValue> {
  const { groupScales: scales, rows, columns } = o.matrix;
  if (!group || !scales) return {};
  const perRow = Math.ceil(columns / group);
  const scaleUnits = group / vectorBytes;
  const perGroup = Math.ceil(o.blocks / scaleUnits) * o.channels;
  const codes = eachGroup(o, (g) =>
    Array.from({ length: perGroup }, (_, i) => {
      const [row, at] = [g * o.channels + (i % o.channels), Math.floor(i / o.channels)];
      return row < rows && at < perRow ? scales[row * perRow + at] - 1 : 0;
    }),
  );
  return {
    scales: bytesField('scales', nibbles(codes.flat())),
    scale_bytes: perGroup / 2,
    scale_units: scaleUnits,
  };
}

/** What is to be added to the base: by group, with the byte of the decoded group. */
function outliers(o: Order, base: WeightMatrix): Record<string, FieldValue> | undefined {
  const [starts, places, amounts] = [[0], [] as number[], [] as number[]];
  for (let g = 0; g < o.groups; g++) {
    for (let unit = 0; unit < o.blocks * o.channels; unit++) {
      for (let lane = 0; lane < vectorBytes; lane++) {
        const at = placeOf(o, g, unit, lane);
        if (at === undefined || base.values[at] === o.matrix.values[at]) continue;
        places.push(unit * vectorBytes + lane);
        amounts.push(o.matrix.values[at] - base.values[at]);
      }
    }
    starts.push(places.length);
  }
  if (o.blocks * o.channels * vectorBytes > 65_536 || places.length > 65_535) return undefined;
  if (places.length === 0) return {};
  const list = (name: string, values: number[]): FieldValue =>
    constant(name, 'uint16', Uint16Array.from(values), [values.length]);
  return {
    outlier_starts: list('outlier_starts', starts),
    outlier_places: list('outlier_places', places),
    outlier_amounts: constant('outlier_amounts', 'int8', Int8Array.from(amounts), [amounts.length]),
  };
}

/** Formats with a code for each weight. */
function denseStored(o: Order, encoding: Encoding): Stored | undefined {
  const { rows, columns } = o.matrix;
  const base =
    encoding.kind === 'outliers'
      ? unpackWeights(packWeights(o.matrix, encoding), rows, columns, encoding.base)
      : o.matrix;
  const found = denseCodes(base, encoding);
  const added = found && outliers(o, base);
  return added && codesStored(o, found, { ...groupScales(o, groupOf(encoding)), ...added });
}

/** Most bits of the kernel for tables. */
const tableBits = 4;

/** What codes stand for times 2^grown, as the kernel for palettes has it; its indices are the codes' bits. */
function tableStored(o: Order, encoding: Encoding, grown: number): Stored | undefined {
  const found = encoding.kind === 'outliers' || groupOf(encoding) ? undefined : denseCodes(o.matrix, encoding);
  if (!found || found.table || found.type === 'sparse') return undefined;
  const bits = found.bits === 'trits' ? 2 : found.bits;
  if (bits > tableBits) return undefined;
  const size = 2 ** bits;
  const value = (i: number): number => (bits === 1 ? 1 - 2 * i : i < size / 2 ? i : i - size);
  const codes = Int8Array.from(found.codes, (c) => c & (size - 1));
  return codesStored(o, { bits, codes, table: Int8Array.from({ length: size }, (_, i) => value(i) << grown) }, {});
}

function codesStored(
  o: Order,
  { bits, codes, table }: Pick<Codes, 'bits' | 'codes' | 'table'>,
  more: Record<string, FieldValue>,
): Stored {
  const units = o.blocks * o.channels;
  const codeBytes = rowsFor(units, bits) * vectorBytes;
  const rowsOf = (g: number): Uint8Array =>
    codeRows(units, vectorBytes, bits, (unit, lane) => codes[placeOf(o, g, unit, lane) ?? -1] ?? 0);
  const step = table && table.length > 2 ** (bits as number) ? 2 ** (bits as number) : 0;
  const padded =
    table && Int8Array.from({ length: step ? o.groups * o.channels * step : table.length }, (_, i) => table[i] ?? 0);
  return {
    fields: {
      codes: bytesField('codes', joined(eachGroup(o, rowsOf))),
      code_bytes: codeBytes,
      bits: bits === 'trits' ? 0 : bits,
      ...(padded ? { table: constant('table', 'int8', padded, [padded.length]), table_step: step } : {}),
      ...more,
    },
    groupBytes: wholeUnits(units, bits) * vectorBytes,
  };
}

/** N:M: vectors of as many kept weights of each channel as fill one, if those of m columns do not straddle two. */
function sparseStored(o: Order, { n, m, values }: SparseEncoding): Stored | undefined {
  const { rows, columns } = o.matrix;
  const per = vectorBytes / o.channels;
  if (per % n !== 0) return undefined;
  const bits = values.bits as CodeBits;
  const placeBits = Math.log2(m) as CodeBits;
  const vectors = Math.ceil((Math.ceil(columns / m) * n) / per);
  const kept = (g: number, vector: number, lane: number): { value: number; place: number } => {
    const row = g * o.channels + Math.floor(lane / per);
    const index = vector * per + (lane % per);
    const first = Math.floor(index / n) * m;
    const at = (i: number): number => (first + i < columns ? o.matrix.values[row * columns + first + i] : 0);
    if (row >= rows) return { value: 0, place: index % n };
    const used = Array.from({ length: m }, (_, i) => i).filter((i) => at(i) !== 0);
    const free = Array.from({ length: m }, (_, i) => i).filter((i) => at(i) === 0);
    const place = [...used, ...free][index % n];
    return { value: at(place), place };
  };
  const codes = eachGroup(o, (g) => codeRows(vectors, vectorBytes, bits, (v, lane) => kept(g, v, lane).value));
  const places = eachGroup(o, (g) => codeRows(vectors, vectorBytes, placeBits, (v, lane) => kept(g, v, lane).place));
  const decoded = Math.max(vectors * (per / n) * m, o.blocks * vectorBytes) * o.channels;
  return {
    fields: {
      codes: bytesField('codes', joined(codes)),
      code_bytes: codes[0].length,
      extra: bytesField('extra', joined(places)),
      extra_bytes: places[0].length,
      bits: values.bits,
      width: placeBits as number,
      sparse_n: n,
      code_vectors: vectors,
    },
    groupBytes: decoded + (vectors + wholeUnits(vectors, bits) + 8) * vectorBytes,
  };
}

/** Whole blocks that are kept or zero: bits say which, the kept ones follow one another. */
function blockStored(o: Order, { width: blockWidth, values }: BlockEncoding): Stored {
  const width = Math.min(blockWidth, vectorBytes);
  const bits = values.bits as CodeBits;
  const units = o.blocks * o.channels;
  const pieces = units * (vectorBytes / width);
  const codes = codesOf(o.matrix, values.group);
  const perRow = Math.ceil(o.matrix.columns / blockWidth);
  const starts: number[] = [];
  const groups = { codes: [] as Uint8Array[], kept: [] as Uint8Array[], scales: [] as Uint8Array[] };
  let [codeAt, scaleAt] = [0, 0];
  for (let g = 0; g < o.groups; g++) {
    const at = (piece: number, i: number): number | undefined => {
      const first = piece * width + i;
      return placeOf(o, g, Math.floor(first / vectorBytes), first % vectorBytes);
    };
    const codeOf = (piece: number, i: number): number => codes[at(piece, i) ?? -1] ?? 0;
    const all = Array.from({ length: pieces }, (_, piece) => piece);
    const lanes = Array.from({ length: width }, (_, i) => i);
    const kept = all.filter((piece) => lanes.some((i) => codeOf(piece, i) !== 0));
    const bytes = kept.flatMap((piece) => lanes.map((i) => codeOf(piece, i)));
    const rows = codeRows(
      Math.ceil(bytes.length / vectorBytes),
      vectorBytes,
      bits,
      (u, lane) => bytes[u * vectorBytes + lane] ?? 0,
    );
    const scales = kept.map((piece) => {
      const place = at(piece, 0) as number;
      const [row, column] = [Math.floor(place / o.matrix.columns), place % o.matrix.columns];
      return (o.matrix.groupScales?.[row * perRow + Math.floor(column / blockWidth)] ?? 1) - 1;
    });
    starts.push(codeAt, bytes.length, scaleAt);
    groups.codes.push(rows);
    groups.kept.push(
      codeRows(Math.ceil(pieces / 8), 1, 8, (byte) =>
        all.slice(8 * byte, 8 * byte + 8).reduce((sum, p, i) => sum | (kept.includes(p) ? 1 << i : 0), 0),
      ),
    );
    groups.scales.push(nibbles(scales));
    codeAt += rows.length;
    scaleAt += Math.ceil(scales.length / 2);
  }
  const list = joined(groups.codes);
  const scales = joined(groups.scales);
  return {
    fields: {
      codes: list.length ? bytesField('codes', list) : null,
      extra: bytesField('extra', joined(groups.kept)),
      extra_bytes: Math.ceil(pieces / 8),
      scales: values.group && scales.length ? bytesField('scales', scales) : null,
      starts: constant('starts', 'int32', Int32Array.from(starts), [o.groups, 3]),
      bits: values.bits,
      width,
    },
    groupBytes: (units + 8) * vectorBytes,
  };
}

function storedOf(o: Order, encoding: Encoding): Stored | undefined {
  if (encoding.kind === 'sparse') return sparseStored(o, encoding);
  return encoding.kind === 'block' ? blockStored(o, encoding) : denseStored(o, encoding);
}

/** Bias, multiplier and shift of each group. */
export function factorField(layer: IntegerLayer, o: Order): FieldValue | undefined {
  const factors = mveFactors(layer);
  if (!factors) return undefined;
  const bias = foldedLayerBias(layer);
  const stream = new ByteStream();
  for (let first = 0; first < o.groups * o.channels; first += o.channels) {
    const lanes = Array.from({ length: o.channels }, (_, i) => first + i);
    stream.int32(lanes.map((c) => bias[c] ?? 0));
    stream.int32(lanes.map((c) => factors[c]?.multiplier ?? 0));
    stream.int32(lanes.map((c) => factors[c]?.shift ?? -1));
  }
  const { const: made } = stream.constant();
  return { const: { ...made, name: 'factors' } };
}

/** Every pixel is one patch as it is, in their order. */
const isDirect = (l: IntegerLayer, depth: number): boolean =>
  l.kernelH * l.kernelW * l.strideH * l.strideW === 1 &&
  depth === l.inC &&
  l.padTop + l.padLeft === 0 &&
  l.inH === l.outH &&
  l.inW === l.outW;

/** Pixels of a tile: even, or all of them; as many in each. */
function tileOf(pixels: number, depth: number, direct: boolean): number {
  const { bytes, least, most } = gatheredTile;
  const fit = Math.min(most, Math.max(least, Math.floor(bytes / depth) & ~1));
  const limit = direct ? directTile : fit;
  return pixels <= limit ? pixels : roundUp(Math.ceil(pixels / Math.ceil(pixels / limit)), 2);
}

/** Instructions to decode a weight, in those of a product. */
const decodeMacs = 2;

/** Fields that only some formats have, and what stands for them elsewhere. */
export const absent: Record<string, FieldValue> = {
  codes: null,
  extra: null,
  scales: null,
  table: null,
  factors: null,
  starts: null,
  outlier_starts: null,
  outlier_places: null,
  outlier_amounts: null,
  bits: 0,
  code_bytes: 0,
  extra_bytes: 0,
  scale_bytes: 0,
  scale_units: 0,
  table_step: 0,
  width: 0,
  sparse_n: 0,
  code_vectors: 0,
};

function lower(kernel: string, type: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  if (read?.groups !== 1 || !w.stored) return undefined;
  const { encoding } = w.stored;
  const own = kernelType(encoding) === type;
  const grown = own || rounding !== 'single' ? 0 : mveMissingBits(read);
  const layer = own || type === 'palette' ? grownLayer(read, grown) : undefined;
  if (!layer) return undefined;
  const matrix = weightMatrix(node.op, w);
  const depth = roundUp(matrix.columns, vectorBytes);
  const pixels = layer.outH * layer.outW;
  const channels = pixels === 1 ? 8 : 4;
  const order: Order = { matrix, channels, blocks: depth / vectorBytes, groups: Math.ceil(layer.outC / channels) };
  const stored = own ? storedOf(order, encoding) : tableStored(order, encoding, grown);
  const factors = factorField(layer, order);
  if (!stored || !factors) return undefined;
  const direct = isDirect(layer, depth);
  const tile = tileOf(pixels, depth, direct);
  const groupBytes = roundUp(Math.max(stored.groupBytes, channels * (depth + 12)), vectorBytes);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ...Object.entries({ ...absent, ...stored.fields, factors }),
    ['channels', channels],
    ['depth', depth],
    ['tile', tile],
    ['direct', direct ? 1 : 0],
    ['group_bytes', groupBytes],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_zero_point', layer.outputZeroPoint],
    ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    overlap: {
      input: 0,
      lagBytes: overlapLagBytes(layer, layer.outC, direct ? { heldPixels: tile } : { blockPixels: tile }, 1),
    },
    scratchBytes: groupBytes + tile * channels + (direct ? 0 : tile * depth),
  };
  const work = workOf(layer);
  const decoded = Math.ceil(work.pixels / tile) * layer.weights.length;
  return { call, work: { ...work, macs: work.macs + decodeMacs * decoded } };
}

const types = ['int', 'ternary', 'trits', 'binary', 'palette', 'sparse', 'block'] as const;

export const mvePackedVariants: readonly Variant[] = types.flatMap((type) => {
  const kernel = `mote_packedstream_s8${type}__mve`;
  return ['conv2d', 'fullyConnected'].map((op) => ({
    kernel,
    op,
    isa: 'mve',
    lower: (node: Node, context: LowerContext) => lower(kernel, type, node, context),
  }));
});
