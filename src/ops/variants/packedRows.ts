// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with int4 weights on Armv6-M and RV32IM: runtime-c/include/mote/packedrows.h says how.
import { groupOf, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { grownLayer, missingBits } from './grownLayer.js';
import { integerLayer, workOf } from './integerLayer.js';
import { codingOf, rv32Finishing, thumbFinishing } from './packedPairs.js';
import type { Lowered, Variant } from './variant.js';

const run = 16;
const bits = 4;
const offset = 8;
/** Of a byte. */
const maxScale = 255;

interface Machine {
  isa: 'thumb' | 'rv32';
  kernel: string;
  /** Channels whose words alternate. */
  together: number;
}

const machines: readonly Machine[] = [
  { isa: 'thumb', kernel: 'mote_packedrows_s8int_b4__thumb', together: 2 },
  { isa: 'rv32', kernel: 'mote_packedrows_s8int_b4__rv32_1x8', together: 8 },
];

const up = (n: number, to: number): number => Math.ceil(n / to) * to;

interface Codes {
  words: Int32Array;
  scales: Uint8Array | undefined;
  segment: number;
}

/** In the order of packedrows.h, scales times `times`. */
export function rowCodes(
  { rows, columns, values, groupScales }: WeightMatrix,
  group: number,
  together: number,
  times: number,
): Codes {
  const width = up(columns, run);
  const segment = group || width;
  const segments = Math.ceil(width / segment);
  const scaleAt = (row: number, s: number): number =>
    groupScales && row < rows ? groupScales[row * Math.ceil(columns / group) + s] : 1;
  const codeAt = (row: number, i: number): number =>
    row < rows && i < columns ? values[row * columns + i] / scaleAt(row, Math.floor(i / segment)) + offset : 0;
  const words: number[] = [];
  const scales: number[] = [];
  for (let c = 0; c < rows; c += together) {
    for (let i = 0; i < width; i += 4)
      for (let row = c; row < c + together; row += 2) {
        let word = 0;
        for (let k = 0; k < 4; k++)
          word |= (codeAt(row, i + k) << (bits * k)) | (codeAt(row + 1, i + k) << (16 + bits * k));
        words.push(word);
      }
    for (let s = 0; s < segments; s++)
      for (let row = c; row < c + together; row++) scales.push(times * scaleAt(row, s));
  }
  const scaled = groupScales || times > 1;
  return { words: Int32Array.from(words), scales: scaled ? Uint8Array.from(scales) : undefined, segment };
}

function lower({ isa, kernel, together }: Machine, node: Node, context: LowerContext): Lowered | undefined {
  const read = integerLayer(node, context.graph, context.rounding, 'stored');
  const times = 2 ** (read ? missingBits(read) : 0);
  const raw = read && grownLayer(read, Math.log2(times));
  const weights = inputOf(node, context.graph, 1);
  if (!raw || !weights.stored || !codingOf(weights.stored.encoding, 'int', bits)) return undefined;
  const finishing =
    isa === 'thumb'
      ? thumbFinishing(raw, weightMatrix(node.op, { ...weights, data: raw.weights }))
      : rv32Finishing(raw);
  if (!finishing) return undefined;
  const { layer } = finishing;
  // The codes are those of the weights before they grew.
  const data = times > 1 ? layer.weights.map((w) => w / times) : layer.weights;
  const matrix = weightMatrix(node.op, { ...weights, data });
  if ((matrix.groupScales?.reduce((a, b) => Math.max(a, b), 1) ?? 1) * times > maxScale) return undefined;
  const { words, scales, segment } = rowCodes(matrix, groupOf(weights.stored.encoding), together, times);
  const width = up(layer.inC, run);
  const fields: CStruct['fields'] = [
    ['rows', layer.outW],
    ['in_c', layer.inC],
    ['out_c', layer.outC],
    ['segment', segment],
    ['codes', constant('codes', 'int32', words, [words.length])],
    ['scales', scales ? constant('scales', 'uint8', scales, [scales.length]) : null],
    ['bias', constant('bias', 'int32', Int32Array.from(finishing.bias), [layer.outC])],
    ...finishing.fields,
  ];
  const call = {
    kernel,
    params: { type: 'mote_packedrows_s8int_b4', fields },
    inputs: [0],
    outputs: [0],
    scratchBytes: 4 * (width + Math.ceil(width / segment)),
  };
  return { call, work: workOf(layer) };
}

export const packedRows = (isa: 'thumb' | 'rv32'): Variant[] =>
  machines
    .filter((machine) => machine.isa === isa)
    .map((machine) => ({
      kernel: machine.kernel,
      op: 'fullyConnected',
      isa,
      lower: (node, context) => lower(machine, node, context),
    }));
