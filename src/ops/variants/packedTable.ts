// SPDX-License-Identifier: Apache-2.0
// Convolution and fully connected layers with weights that are codes into a table, on cores without SIMD:
// runtime-c/include/mote/packedtable.h.
import { packBits } from '../../compress/formats/bits.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { integerLayer, workOf } from './integerLayer.js';
import { thumbFinishing } from './packedPairs.js';
import { type TapCodes, tapCodes } from './packedPlane.js';
import type { Lowered, Variant } from './variant.js';

const kernel = 'mote_packedtable_s8palette__scalar';

/** Bytes of gathered patches, and pixels. */
const patches = { bytes: 4096, least: 4, most: 32 };

function tileOf(pixels: number, columns: number): number {
  if (pixels === 1) return 1;
  const fit = Math.max(patches.least, Math.min(patches.most, Math.floor(patches.bytes / columns) & ~3));
  return Math.min(fit, Math.ceil(pixels / 4) * 4);
}

/** Words of tabulated products: 16 for each four bits of codes. */
const productWords = 512;

/** Columns whose products are tabulated together; 0 where channels have tables of their own, or codes straddle. */
function chunkOf({ table: { bits, perChannel }, group }: TapCodes): number {
  if (perChannel || 4 % bits !== 0) return 0;
  const columns = (productWords / 16) * (4 / bits);
  return group ? Math.min(group, columns) : columns;
}

/** Instructions to decode a weight, in those of a product of a tile; and of a product of a pixel alone, by bits. */
const decodeMacs = 2;
const aloneMacs: { [bits: number]: number } = { 1: 0.7, 2: 1.2, 4: 2 };
const ownTableMacs = (bits: number): number => (bits === 3 ? 1.65 : 2);

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const raw = integerLayer(node, graph, rounding, 'stored');
  const weights = inputOf(node, graph, 1);
  if (raw?.groups !== 1 || !weights.stored) return undefined;
  const matrix = weightMatrix(node.op, weights);
  const found = tapCodes(matrix, weights.stored.encoding);
  const finishing = thumbFinishing(raw, matrix);
  if (!found || !finishing || found.table.bits === 8) return undefined;
  const { layer } = finishing;
  const { rows, columns, values, groupScales } = matrix;
  const { bits, perChannel, values: table } = found.table;
  const codes = packBits(found.codes, rows, columns, bits);
  const groups = found.group ? Math.ceil(columns / found.group) : 1;
  const pixels = layer.outH * layer.outW;
  const tile = tileOf(pixels, columns);
  const chunk = chunkOf(found);
  const words = pixels > 1 ? tile : rows + (chunk ? productWords : 0);
  const sumOf = (c: number): number => values.subarray(c * columns, (c + 1) * columns).reduce((a, w) => a + w, 0);
  const bias = Int32Array.from(finishing.bias, (b, c) => b - 128 * sumOf(c));
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['codes', constant('codes', 'uint8', codes, [rows, codes.length / rows])],
    ['code_bytes', codes.length / rows],
    ['bits', bits],
    ['table', constant('table', 'int8', table, [table.length])],
    ['table_step', perChannel ? 2 ** bits : 0],
    ['scales', groupScales ? constant('scales', 'uint8', Uint8Array.from(groupScales), [rows, groups]) : null],
    ['group', found.group || columns],
    ['groups', groups],
    ['columns', columns],
    ['tile', tile],
    ['chunk', chunk],
    ['words', words],
    ['bias', constant('bias', 'int32', bias, [rows])],
    ...finishing.fields.slice(0, 1),
    ['outside', layer.inputZeroPoint + 128],
    ...finishing.fields.slice(1),
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    // A tile's windows are in the scratch before any of its outputs is written.
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: tile }, 1) },
    scratchBytes: 4 * words + tile * columns + columns,
  };
  const work = workOf(layer);
  const tiles = Math.ceil(pixels / tile);
  const macs =
    tile === 1
      ? (chunk ? aloneMacs[bits] : ownTableMacs(bits)) * work.macs
      : work.macs + tiles * decodeMacs * values.length;
  return { call, work: { ...work, macs } };
}

export const packedTableVariants: readonly Variant[] = ['conv2d', 'fullyConnected'].map((op) => ({
  kernel,
  op,
  isa: 'scalar',
  lower,
}));
