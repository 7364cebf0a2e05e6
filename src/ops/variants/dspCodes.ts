// SPDX-License-Identifier: Apache-2.0
// Weights of few bits in words for DSP instructions, as runtime-c/include/mote/dsp_codes.h describes them.
import { groupsOf, scaleAt } from '../../compress/formats/groups.js';
import {
  type Encoding,
  groupOf,
  packWeights,
  parseEncoding,
  partOf,
  type WeightMatrix,
} from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { inputOf, type LowerContext } from '../op.js';
import { weightMatrix } from '../weightMatrix.js';
import { filterOf, highShift, type LivelyLayer, livelyLayer, modeOf, sumRange, type TapPair } from './dspBlock.js';
import { foldedLayerBias, type IntegerLayer, integerLayer } from './integerLayer.js';
import { type Coding, codingOf } from './packedPairs.js';

export const blockChannels = 4;

/** Widths of codes that there are kernels for, and the types of weights that each takes. */
export const codedTypes = [
  { type: 'binary', bits: 1, types: ['binary'] },
  { type: 'int', bits: 2, types: ['int', 'ternary', 'trits'] },
  { type: 'int', bits: 3, types: ['int'] },
  { type: 'int', bits: 4, types: ['int'] },
  { type: 'int', bits: 6, types: ['int'] },
] as const;

/** Lanes, and so the kernels' sums, come times 16. */
export const sumBits = 4;

/** Whether every sum of the layer comes out exact times 16. */
export function fitsTimes16(layer: LivelyLayer): boolean {
  const bias = foldedLayerBias(layer);
  const mode = modeOf(layer, sumBits);
  const limit = 2 ** (31 - sumBits);
  return layer.multipliers.every((m, c) => {
    const { min, max } = sumRange(filterOf(layer, c), bias[c]);
    if (min < -limit || max >= limit) return false;
    return layer.constantOutputs[c] !== undefined || highShift(m, mode, sumBits) !== undefined;
  });
}

/** Where a half of a word has bits of a code. */
interface Place {
  word: number;
  bit: number;
  bits: number;
}

/** Codes that words of `bits` share. */
export function placesOf(bits: number): { words: number; codes: Place[][] } {
  const each = Math.floor(16 / bits);
  const words = 16 % bits ? 3 : 1;
  const codes = Array.from({ length: words * each }, (_, i) => [
    { word: Math.floor(i / each), bit: bits * (i % each), bits },
  ]);
  if (bits === 3) codes.push([0, 1, 2].map((word) => ({ word, bit: 15, bits: 1 })));
  if (bits === 6) {
    const split = (low: number, bit: number): Place[] => [
      { word: low, bit: 12, bits: 4 },
      { word: 1, bit, bits: 2 },
    ];
    codes.push(split(0, 12), split(2, 14));
  }
  return { words, codes };
}

/** The words of pairs of codes; their number is a multiple of those that words share. */
export function codeWords(bits: number, pairs: readonly (readonly [number, number])[]): number[] {
  const { words, codes } = placesOf(bits);
  const made: number[] = [];
  for (let at = 0; at < pairs.length; at += codes.length) {
    const chunk = new Int32Array(words);
    codes.forEach((places, i) => {
      let [low, high] = pairs[at + i];
      for (const p of places) {
        const mask = 2 ** p.bits - 1;
        chunk[p.word] |= ((low & mask) << p.bit) | ((high & mask) << (16 + p.bit));
        low >>= p.bits;
        high >>= p.bits;
      }
    });
    made.push(...chunk);
  }
  return made;
}

/** A layer whose weights are codes, some plus an outlier. */
export interface CodedLayer {
  layer: LivelyLayer;
  coding: Coding;
  /** Columns that share a scale; 0: none. */
  group: number;
  matrix: WeightMatrix;
  /** By row: column and what is added. */
  outliers: Map<number, number>[];
}

/** Codes of the channel; those of dead channels and of channels beyond the last say 0 where they can. */
export function codeOf({ layer, coding, group, matrix, outliers }: CodedLayer, c: number, column: number): number {
  const alive = c < layer.outC && layer.constantOutputs[c] === undefined && column >= 0;
  const value = alive ? matrix.values[c * matrix.columns + column] - (outliers[c]?.get(column) ?? 0) : 0;
  const unit = alive ? scaleAt(matrix, group, c, column) : 1;
  return (value / unit + coding.offset) >> coding.unitShift;
}

/** Scales of four channels in a group, a byte each. */
export function scaleWord({ layer, group, matrix }: CodedLayer, first: number, at: number): number {
  const perRow = groupsOf(matrix.columns, group);
  return [0, 1, 2, 3].reduce((word, i) => {
    const c = first + i;
    const scale = c < layer.outC && at < perRow ? (matrix.groupScales?.[c * perRow + at] ?? 1) : 1;
    return word | (scale << (8 * i));
  }, 0);
}

function outliersOf(matrix: WeightMatrix, encoding: Encoding): Map<number, number>[] {
  if (encoding.kind !== 'outliers') return [];
  const parts = packWeights(matrix, encoding);
  const [starts, columns, amounts] = ['starts', 'columns', 'amounts'].map((n) => partOf(parts, `outlier_${n}`));
  return Array.from({ length: matrix.rows }, (_, row) => {
    const ofRow = new Map<number, number>();
    for (let k = starts[row]; k < starts[row + 1]; k++) ofRow.set(columns[k], amounts[k]);
    return ofRow;
  });
}

const intOf = (bits: number): Encoding | undefined => parseEncoding(`int${bits}`);

/** Groups and blocks begin at whole steps only where rows of the window do. */
const straddles = (encoding: Encoding, { kernelH, kernelW, inC }: IntegerLayer): boolean =>
  (groupOf(encoding) > 0 || encoding.kind === 'block') && kernelH > 1 && (kernelW * inC) % 4 !== 0;

/** The matrix without its groups, where all of its weights are integers of so many bits. */
function ungrouped({ groupScales: _, ...matrix }: WeightMatrix, bits: number): WeightMatrix | undefined {
  const half = 2 ** (bits - 1);
  return matrix.values.every((v) => v >= -half && v < half) ? matrix : undefined;
}

/** How the weights are stored, and which: as they are, or as plain integers where that cannot be. */
function storedFor(
  encoding: Encoding,
  matrix: WeightMatrix,
  layer: IntegerLayer,
  bits: number,
): { encoding: Encoding; matrix: WeightMatrix } | undefined {
  if (!straddles(encoding, layer)) return encoding.kind === 'block' ? undefined : { encoding, matrix };
  const plain = encoding.kind === 'outliers' ? undefined : ungrouped(matrix, bits);
  const int = intOf(bits);
  return plain && int && { encoding: int, matrix: plain };
}

/** The node as a layer of codes of these bits and types, or undefined. */
export function codedLayer(
  node: Node,
  { graph, rounding }: LowerContext,
  types: readonly string[],
  bits: number,
): CodedLayer | undefined {
  const integer = integerLayer(node, graph, rounding, 'stored');
  const weights = inputOf(node, graph, 1);
  const given = weights.stored?.encoding;
  if (!given || integer?.groups !== 1) return undefined;
  const stored = storedFor(given, weightMatrix(node.op, weights), integer, bits);
  if (!stored) return undefined;
  const { encoding, matrix } = stored;
  const base = encoding.kind === 'outliers' ? encoding.base : encoding;
  const coding = types.map((type) => codingOf(base, type, bits)).find((c) => c !== undefined);
  if (!coding) return undefined;
  const group = groupOf(encoding);
  const layer = livelyLayer(integer);
  if (!fitsTimes16(layer)) return undefined;
  return { layer, coding, group, matrix, outliers: outliersOf(matrix, encoding) };
}

/** The pairs of codes of a block, step by step. */
export const blockCodes = (coded: CodedLayer, first: number, pairs: readonly TapPair[]): [number, number][] =>
  pairs.flatMap(([a, b]) =>
    [0, 1, 2, 3].map((i): [number, number] => [codeOf(coded, first + i, a), codeOf(coded, first + i, b)]),
  );

/** The scales of a block: a word for each group of steps. */
export const blockScales = (coded: CodedLayer, first: number, steps: number): number[] =>
  coded.group
    ? Array.from({ length: Math.ceil((2 * steps) / coded.group) }, (_, at) => scaleWord(coded, first, at))
    : [];
