// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with packed weights on Helium, a row of inputs at a time: runtime-c/include/mote/planefc.h has
// the layout of the constants.

import type { Encoding } from '../../compress/formats/encoding.js';
import { groupOf, packWeights, unpackWeights, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type CStruct, type FieldValue, inputOf, type LowerContext } from '../op.js';
import { kernelType } from '../packedConv.js';
import { clampFields, constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { type CodeBits, codeRows, denseCodes } from './codeRows.js';
import { shiftedLayer } from './grownLayer.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { mveFactors, mveMissingBits, vectorBytes } from './mveStream.js';
import { outlierLists } from './outlierLists.js';
import type { Lowered, Variant } from './variant.js';

/** Channels of a group. */
const channels = 8;
const tritColumns = 5 * vectorBytes;

/** The code of a channel of the group at a column, 0 where there is none. */
type CodeAt = (channel: number, column: number) => number;

/** A field of a byte: which channel, its lowest bit and width, and whether it holds code + half its range. */
interface Field {
  channel: number;
  from: number;
  bits: number;
  raised: boolean;
}

const nibbleRows: Field[][] = [0, 1, 2, 3].map((k) => [
  { channel: k, from: 4, bits: 4, raised: false },
  { channel: k + 4, from: 0, bits: 4, raised: true },
]);
const crumbRows: Field[][] = [0, 1].map((j) =>
  [j, j + 4, j + 2, j + 6].map((channel, i) => ({ channel, from: 6 - 2 * i, bits: 2, raised: i > 0 })),
);
const bitRows: Field[][] = [
  Array.from({ length: channels }, (_, k) => ({ channel: k, from: 7 - k, bits: 1, raised: false })),
];

/** Rows of a plane over some columns, a multiple of 16. */
function planeBytes(rows: Field[][], from: number, to: number, codeAt: CodeAt): number[] {
  const bytes: number[] = [];
  for (let block = from; block < to; block += vectorBytes)
    for (const fields of rows)
      for (let column = block; column < block + vectorBytes; column++)
        bytes.push(
          fields.reduce((byte, f) => {
            const code = codeAt(f.channel, column) + (f.raised ? 1 << (f.bits - 1) : 0);
            return byte | ((code & ((1 << f.bits) - 1)) << f.from);
          }, 0),
        );
  return bytes;
}

const low2 = (code: number): number => (code & 3) - 2;

/** Of each width, its planes and the part of a code that is in them. */
const planes: { [bits: number]: [rows: Field[][], codeOf: (code: number) => number][] } = {
  1: [[bitRows, (code) => code]],
  2: [[crumbRows, (code) => code]],
  3: [
    [crumbRows, low2],
    [bitRows, (code) => (code < 0 ? 1 : 0)],
  ],
  4: [[nibbleRows, (code) => code]],
  6: [
    [nibbleRows, (code) => code >> 2],
    [crumbRows, low2],
  ],
};

function tritBytes(from: number, to: number, codeAt: CodeAt): number[] {
  const bytes: number[] = [];
  for (let first = from; first < to; first += tritColumns)
    for (let channel = 0; channel < channels; channel++)
      bytes.push(
        ...codeRows(5, vectorBytes, 'trits', (unit, lane) => codeAt(channel, first + unit * vectorBytes + lane)),
      );
  return bytes;
}

interface Shape {
  bits: CodeBits;
  depth: number;
  /** Columns of a part. */
  part: number;
}

function codeBytes({ bits, depth, part }: Shape, rows: number, columns: number, codes: ArrayLike<number>): number[] {
  const bytes: number[] = [];
  for (let first = 0; first < rows; first += channels) {
    const codeAt: CodeAt = (channel, column) =>
      first + channel < rows && column < columns ? codes[(first + channel) * columns + column] : 0;
    for (let from = 0; from < depth; from += part) {
      const to = Math.min(depth, from + part);
      if (bits === 'trits') bytes.push(...tritBytes(from, to, codeAt));
      else
        for (const [fields, codeOf] of planes[bits])
          bytes.push(...planeBytes(fields, from, to, (channel, column) => codeOf(codeAt(channel, column))));
    }
  }
  return bytes;
}

/** Of each group of channels and part, a byte for two channels. */
function scaleBytes({ depth, part }: Shape, { rows, columns, groupScales }: WeightMatrix, group: number): number[] {
  const perRow = Math.ceil(columns / group);
  const codeAt = (row: number, at: number): number =>
    row < rows && at < perRow ? (groupScales?.[row * perRow + at] ?? 1) - 1 : 0;
  const bytes: number[] = [];
  for (let first = 0; first < rows; first += channels)
    for (let at = 0; at < Math.ceil(depth / part); at++)
      for (let k = 0; k < 4; k++) bytes.push(codeAt(first + k, at) | (codeAt(first + k + 4, at) << 4));
  return bytes;
}

/** Bias, multiplier and shift of each group. */
export function factorField(layer: IntegerLayer): FieldValue | undefined {
  const factors = mveFactors(layer);
  if (!factors) return undefined;
  const bias = foldedLayerBias(layer);
  const words: number[] = [];
  for (let first = 0; first < layer.outC; first += channels) {
    const lanes = Array.from({ length: channels }, (_, i) => first + i);
    words.push(...lanes.map((c) => bias[c] ?? 0));
    words.push(...lanes.map((c) => factors[c]?.multiplier ?? 0));
    words.push(...lanes.map((c) => factors[c]?.shift ?? -1));
  }
  return constant('factors', 'int32', Int32Array.from(words), [words.length]);
}

function shapeOf(encoding: Encoding, bits: CodeBits, columns: number): Shape | undefined {
  if (bits === 8) return undefined;
  const group = groupOf(encoding);
  const block = bits === 'trits' ? tritColumns : vectorBytes;
  // Groups of trits end within blocks of them.
  if (bits === 'trits' && group) return undefined;
  const depth = roundUp(columns, block);
  return { bits, depth, part: group || depth };
}

function lower(kernel: string, type: string, node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  const left = read && rounding === 'single' ? mveMissingBits(read) : 0;
  const layer = read && shiftedLayer(read, left);
  if (!layer || !w.stored || kernelType(w.stored.encoding) !== type) return undefined;
  const { encoding } = w.stored;
  const matrix = weightMatrix(node.op, w);
  const { rows, columns } = matrix;
  const outliers = encoding.kind === 'outliers';
  const base = outliers ? unpackWeights(packWeights(matrix, encoding), rows, columns, encoding.base) : matrix;
  const found = denseCodes(base, encoding);
  const shape = found && shapeOf(encoding, found.bits, columns);
  const factors = factorField(layer);
  if (!shape || !factors) return undefined;
  const bytes = (name: string, data: number[]): FieldValue =>
    constant(name, 'uint8', Uint8Array.from(data), [data.length]);
  const group = groupOf(encoding);
  const fields: CStruct['fields'] = [
    ['rows', layer.outW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['codes', bytes('codes', codeBytes(shape, rows, columns, found.codes))],
    ['scales', group ? bytes('scales', scaleBytes(shape, base, group)) : null],
    ['factors', factors],
    ...outlierLists(matrix, encoding),
    ['bits', found.bits === 'trits' ? 0 : found.bits],
    ['depth', shape.depth],
    ['part', shape.part],
    ['left', left],
    ['output_zero_point', layer.outputZeroPoint],
    ...clampFields({ min: layer.outputMin, max: layer.outputMax }, rounding),
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    scratchBytes: shape.depth + 4 * Math.ceil(shape.depth / shape.part),
  };
  const work = workOf(layer);
  const planeCount = found.bits === 'trits' ? 1 : planes[found.bits].length;
  const parts = Math.ceil(shape.depth / shape.part);
  // The sums of a part take half of what an output does.
  return { call, work: { ...work, macs: planeCount * work.macs, outputs: (work.outputs * (1 + parts)) / 2 } };
}

const types = ['int', 'ternary', 'trits', 'binary'] as const;

export const mveFcVariants: readonly Variant[] = types.map((type) => {
  const kernel = `mote_planefc_s8${type}__mve`;
  return { kernel, op: 'fullyConnected', isa: 'mve', lower: (node, context) => lower(kernel, type, node, context) };
});
