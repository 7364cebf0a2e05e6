// SPDX-License-Identifier: Apache-2.0
// Convolution with blocks of weights on Helium that multiplies the kept ones only: runtime-c/include/mote/mve_kept.h.

import type { BlockEncoding } from '../../compress/formats/encoding.js';
import { codesOf } from '../../compress/formats/groups.js';
import type { WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type CStruct, type FieldValue, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { clampFields, constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { type CodeBits, codeRows } from './codeRows.js';
import { integerLayer, workOf } from './integerLayer.js';
import { absent, bytesField, factorField, joined, nibbles, type Order } from './mvePacked.js';
import { vectorBytes } from './mveStream.js';
import type { Lowered, Variant } from './variant.js';

const kernel = 'mote_packedstream_s8block_kept__mve';
/** Channels that are decoded together. */
const channels = 4;
const together = 8;
/** Gathered pixels of a tile. */
const patches = { bytes: 10240, most: 48 };

/** The kept blocks of a channel: which, and the codes of all of them. */
interface Kept {
  bits: Uint8Array;
  codes: number[];
  scales: number[];
}

function keptOf(
  matrix: WeightMatrix,
  codes: Int8Array,
  { width, values }: BlockEncoding,
  depth: number,
  row: number,
): Kept {
  const { columns, groupScales } = matrix;
  const piece = Math.min(width, vectorBytes);
  const pieces = depth / piece;
  const perRow = Math.ceil(columns / width);
  const kept: Kept = { bits: new Uint8Array(Math.ceil(pieces / 8)), codes: [], scales: [] };
  for (let i = 0; i < pieces; i++) {
    const first = i * piece;
    const own = Array.from({ length: piece }, (_, k) => (first + k < columns ? codes[row * columns + first + k] : 0));
    if (own.every((code) => code === 0)) continue;
    kept.bits[i >> 3] |= 1 << (i & 7);
    kept.codes.push(...own);
    if (values.group) kept.scales.push((groupScales?.[row * perRow + Math.floor(first / width)] ?? 1) - 1);
  }
  return kept;
}

interface Stored {
  fields: Record<string, FieldValue>;
  groupBytes: number;
}

function storedOf(matrix: WeightMatrix, encoding: BlockEncoding, depth: number): Stored {
  const codes = codesOf(matrix, encoding.values.group);
  const bits = encoding.values.bits as CodeBits;
  const rows = Array.from({ length: matrix.rows }, (_, row) => keptOf(matrix, codes, encoding, depth, row));
  const starts: number[] = [];
  const parts: { codes: Uint8Array[]; scales: Uint8Array[] } = { codes: [], scales: [] };
  let [codeAt, scaleAt] = [0, 0];
  for (let first = 0; first < matrix.rows; first += channels) {
    const group = rows.slice(first, first + channels);
    const own = group.flatMap((r) => r.codes);
    const units = Math.ceil(own.length / vectorBytes);
    const packed = codeRows(units, vectorBytes, bits, (u, lane) => own[u * vectorBytes + lane] ?? 0);
    const scales = nibbles(group.flatMap((r) => r.scales));
    starts.push(codeAt, own.length, scaleAt);
    parts.codes.push(packed);
    parts.scales.push(scales);
    codeAt += packed.length;
    scaleAt += scales.length;
  }
  const width = Math.min(encoding.width, vectorBytes);
  return {
    fields: {
      codes: codeAt ? bytesField('codes', joined(parts.codes)) : null,
      extra: bytesField('extra', joined(rows.map((r) => r.bits))),
      scales: scaleAt ? bytesField('scales', joined(parts.scales)) : null,
      starts: constant('starts', 'int32', Int32Array.from(starts), [starts.length / 3, 3]),
      bits: encoding.values.bits,
      width,
    },
    // Decoding writes whole rows of codes.
    groupBytes: channels * depth + 8 * vectorBytes,
  };
}

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  const pixels = layer ? layer.outH * layer.outW : 0;
  if (layer?.groups !== 1 || pixels < together / 2 || w.stored?.encoding.kind !== 'block') return undefined;
  const { encoding } = w.stored;
  const matrix = weightMatrix(node.op, w);
  const depth = roundUp(matrix.columns, vectorBytes);
  const order: Order = { matrix, channels, blocks: depth / vectorBytes, groups: Math.ceil(layer.outC / channels) };
  const factors = factorField(layer, order);
  if (!factors) return undefined;
  const { fields: stored, groupBytes } = storedOf(matrix, encoding, depth);
  const width = Math.min(encoding.width, vectorBytes);
  const most = Math.min(patches.most, Math.max(together, Math.floor(patches.bytes / depth)));
  const tile = Math.min(roundUp(pixels, together), Math.floor(most / together) * together);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ...Object.entries({ ...absent, ...stored, factors }),
    ['channels', channels],
    ['depth', depth],
    ['tile', tile],
    ['direct', 0],
    ['group_bytes', groupBytes],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_zero_point', layer.outputZeroPoint],
    ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
  ];
  const entries = (depth / width) * (width === 8 ? 2 : 1) + 4;
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: tile }, 1) },
    scratchBytes: groupBytes + 2 * depth + 16 + tile * depth + 4 * entries,
  };
  const work = workOf(layer);
  const keptShare = layer.weights.filter((v) => v !== 0).length / layer.weights.length;
  const whole = (Math.ceil(pixels / together) * together) / pixels;
  return { call, work: { ...work, macs: whole * keptShare * work.macs, outputs: whole * work.outputs } };
}

export const mveKeptVariants: readonly Variant[] = ['conv2d', 'fullyConnected'].map((op) => ({
  kernel,
  op,
  isa: 'mve',
  lower,
}));
