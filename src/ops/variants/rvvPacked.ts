// SPDX-License-Identifier: Apache-2.0
// Layers with packed weights on RVV: runtime-c/include/mote/packedlanes.h has the layout of the constants.
import { rowBytes } from '../../compress/formats/bits.js';
import type { Encoding } from '../../compress/formats/encoding.js';
import { groupOf, packWeights, partOf, unpackWeights, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, type FieldValue, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { kernelType } from '../packedConv.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { type CodeBits, codeRows, denseCodes } from './codeRows.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { outlierLists } from './outlierLists.js';
import { rescaleFields } from './rvvRescale.js';
import type { Lowered, Variant } from './variant.js';

/** Channels of a strip: what 128-bit vectors have in 8 registers of 32-bit sums. */
const mostLanes = 32;
/** Decoded weights; a little more where the last rows have units beyond the chunk. */
const decodedBytes = 4608;
/** Pixels that share decoded weights: read in place, with sums kept between chunks, and bytes of gathered patches. */
const tiles = { direct: 24, kept: 12, gatheredBytes: 4096, least: 6, most: 24 };

const bytesField = (name: string, data: Uint8Array): FieldValue => constant(name, 'uint8', data, [data.length]);

interface Stored {
  fields: Record<string, FieldValue>;
  /** A chunk that is not all columns is a multiple of it; decoders write multiples of it. */
  quantum: number;
}

function scales({ groupScales, rows, columns }: WeightMatrix, group: number): Record<string, FieldValue> {
  if (!group || !groupScales) return {};
  const perRow = Math.ceil(columns / group);
  const codes = codeRows(perRow, rows, 4, (unit, lane) => groupScales[lane * perRow + unit] - 1);
  return { scales: bytesField('scales', codes), scale_shift: Math.log2(group) };
}

/** Formats with a code for each weight. */
function denseStored(matrix: WeightMatrix, encoding: Encoding): Stored | undefined {
  const { rows, columns } = matrix;
  const base =
    encoding.kind === 'outliers' ? unpackWeights(packWeights(matrix, encoding), rows, columns, encoding.base) : matrix;
  const found = denseCodes(base, encoding);
  if (!found) return undefined;
  const { bits, codes, table } = found;
  const all = codeRows(columns, rows, bits, (unit, lane) => codes[lane * columns + unit]);
  const perChannel = encoding.kind === 'palette' && encoding.per === 'channel';
  return {
    fields: {
      codes: bytesField('codes', all),
      bits: bits === 'trits' ? 0 : bits,
      ...(table ? { table: constant('table', 'int8', table, [table.length]) } : {}),
      table_step: perChannel ? 2 ** encoding.bits : 0,
      ...scales(base, groupOf(encoding)),
      ...Object.fromEntries(outlierLists(matrix, encoding)),
    },
    quantum: bits === 'trits' ? 5 : 8,
  };
}

/** N:M: kept columns one after the other, which one a channel keeps is its own matter. */
function sparseStored(matrix: WeightMatrix, encoding: Encoding): Stored | undefined {
  if (encoding.kind !== 'sparse') return undefined;
  const { rows, columns, values } = matrix;
  const { n, m } = encoding;
  const kept = Math.ceil(columns / m) * n;
  const placeAt = (unit: number, lane: number): number => {
    const first = Math.floor(unit / n) * m;
    const isUsed = (i: number): boolean => first + i < columns && values[lane * columns + first + i] !== 0;
    const places = Array.from({ length: m }, (_, i) => i);
    return [...places.filter(isUsed), ...places.filter((i) => !isUsed(i))][unit % n];
  };
  const valueAt = (unit: number, lane: number): number => {
    const column = Math.floor(unit / n) * m + placeAt(unit, lane);
    return column < columns ? values[lane * columns + column] : 0;
  };
  const bits = encoding.values.bits as CodeBits;
  const placeBits = Math.log2(m);
  return {
    fields: {
      codes: bytesField('codes', codeRows(kept, rows, bits, valueAt)),
      places: bytesField('places', codeRows(kept, rows, placeBits as CodeBits, placeAt)),
      bits: encoding.values.bits,
      sparse_n: n,
      sparse_shift: placeBits,
    },
    // Whole groups of m.
    quantum: m,
  };
}

/** Blocks as the format has them. */
function blockStored(matrix: WeightMatrix, encoding: Encoding): Stored | undefined {
  if (encoding.kind !== 'block') return undefined;
  const parts = packWeights(matrix, encoding);
  const bytes = (name: string): FieldValue => {
    const data = parts.find((p) => p.name === name)?.data as Uint8Array | undefined;
    return data?.length ? bytesField(name, data) : null;
  };
  const starts = partOf(parts, 'starts') as Uint16Array;
  const { width, values } = encoding;
  return {
    fields: {
      codes: bytes('codes'),
      places: bytes('kept'),
      scales: bytes('scales'),
      starts: constant('starts', 'uint16', starts, [starts.length]),
      bits: values.bits,
      sparse_shift: Math.log2(width),
      code_bytes: rowBytes(width, values.bits),
      place_bytes: rowBytes(Math.ceil(matrix.columns / width), 1),
    },
    quantum: width,
  };
}

function storedOf(matrix: WeightMatrix, encoding: Encoding): Stored | undefined {
  if (encoding.kind === 'sparse') return sparseStored(matrix, encoding);
  return encoding.kind === 'block' ? blockStored(matrix, encoding) : denseStored(matrix, encoding);
}

/** Every pixel is one patch as it is, in their order. */
const isDirect = (l: IntegerLayer): boolean =>
  l.kernelH * l.kernelW * l.strideH * l.strideW === 1 &&
  l.padTop + l.padLeft === 0 &&
  l.inH === l.outH &&
  l.inW === l.outW;

interface Blocking {
  chunk: number;
  written: number;
  lanes: number;
  tile: number;
  scratchBytes: number;
}

/** What is decoded at a time, for how many pixels. */
function blockingOf(layer: IntegerLayer, columns: number, quantum: number, direct: boolean): Blocking {
  const lanes = Math.min(mostLanes, layer.outC);
  const fit = Math.floor(decodedBytes / (2 * lanes));
  const chunk = columns <= fit ? columns : Math.min(columns, Math.max(quantum, Math.floor(fit / quantum) * quantum));
  const whole = chunk === columns;
  const patches = Math.min(tiles.most, Math.max(tiles.least, Math.floor(tiles.gatheredBytes / columns)));
  const most = Math.min(direct ? tiles.direct : patches - (patches % 3), whole ? tiles.direct : tiles.kept);
  const tile = Math.min(layer.outH * layer.outW, most);
  const written = Math.ceil(chunk / quantum) * quantum;
  const decoded = 4 * Math.ceil((written * lanes) / 2);
  return {
    chunk,
    written,
    lanes,
    tile,
    scratchBytes: decoded + (whole ? 0 : 4 * tile * lanes) + (direct ? 0 : tile * columns),
  };
}

/** Instructions to decode a weight, in those of a product. */
const decodeMacs = 2;

/** Fields that only some formats have, and what stands for them elsewhere. */
const absent: Record<string, FieldValue> = {
  codes: null,
  places: null,
  scales: null,
  starts: null,
  table: null,
  outlier_starts: null,
  outlier_columns: null,
  outlier_amounts: null,
  bits: 0,
  scale_shift: 0,
  table_step: 0,
  sparse_n: 0,
  sparse_shift: 0,
  code_bytes: 0,
  place_bytes: 0,
};

function lower(kernel: string, type: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  if (layer?.groups !== 1 || !w.stored || kernelType(w.stored.encoding) !== type) return undefined;
  const matrix = weightMatrix(node.op, w);
  const stored = storedOf(matrix, w.stored.encoding);
  const rescale = rescaleFields(layer);
  if (!stored || !rescale) return undefined;
  const direct = isDirect(layer);
  const { scratchBytes, tile, ...blocking } = blockingOf(layer, matrix.columns, stored.quantum, direct);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ...Object.entries({ ...absent, ...stored.fields }),
    ['columns', matrix.columns],
    ...Object.entries(blocking),
    ['tile', tile],
    ['direct', direct ? 1 : 0],
    ...rescale,
  ];
  const order = direct ? { heldPixels: tile } : { blockPixels: tile };
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, order, 1) },
    scratchBytes,
  };
  const work = workOf(layer);
  const decoded = Math.ceil(work.pixels / tile) * layer.weights.length;
  return { call, work: { ...work, macs: work.macs + decodeMacs * decoded } };
}

const types = ['int', 'ternary', 'trits', 'binary', 'palette', 'sparse', 'block'] as const;

export const rvvPackedVariants: readonly Variant[] = types.flatMap((type) => {
  const kernel = `mote_packedlanes_s8${type}__rvv`;
  return ['conv2d', 'fullyConnected'].map((op) => ({
    kernel,
    op,
    isa: 'rvv',
    lower: (node: Node, context: LowerContext) => lower(kernel, type, node, context),
  }));
});
