// SPDX-License-Identifier: Apache-2.0
// Convolution with weights of few bits on Armv6-M and RV32IM: runtime-c/include/mote/packedpairs.h says how.
import type { DenseEncoding, Encoding } from '../../compress/formats/encoding.js';
import { groupOf, type Part, packWeights, partOf, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { grownLayer, missingBits } from './grownLayer.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { isPadded, rowIndex, tapsOf } from './rv32Conv.js';
import { channelField, channelsOf, settle } from './rv32Layer.js';
import { thumbChannels, thumbFinishFields, thumbScales } from './thumbRequantize.js';
import type { Lowered, Variant } from './variant.js';

/** Pixels that the kernels compute at a time. */
export const tile = 8;
/** A run's |weights| add up to this at most. */
export const maxRunSum = 255;
const maxRunWords = 255;

/** A weight is (code << unitShift) - offset, in units of its group's scale. */
export interface Coding {
  bits: number;
  offset: number;
  unitShift: number;
}

/** How the kernel of this type and width has the codes of an encoding; undefined where it has no such weights. */
export function codingOf(e: Encoding, type: string, bits: number): Coding | undefined {
  const sameType: { [K in DenseEncoding['kind']]?: (e: Extract<DenseEncoding, { kind: K }>) => Coding | undefined } = {
    int: (i) => (type === 'int' && i.bits === bits ? { bits, offset: 2 ** (bits - 1), unitShift: 0 } : undefined),
    ternary: (t) =>
      type === (t.packing === 'planes' ? 'ternary' : 'trits') ? { bits, offset: 1, unitShift: 0 } : undefined,
    // With one bit to a weight the words of pixels are doubled; with two, the codes are 0 and 2.
    binary: () => (type === 'binary' ? { bits, offset: 1, unitShift: bits === 1 ? 1 : 0 } : undefined),
  };
  return (sameType[e.kind as DenseEncoding['kind']] as ((e: Encoding) => Coding | undefined) | undefined)?.(e);
}

/** Where the words of a channel begin and end: taps of each, none across the end of a segment. */
function blocksOf(taps: number, segment: number, codes: number): { from: number; to: number }[] {
  const blocks: { from: number; to: number }[] = [];
  for (let s = 0; s < taps; s += segment) {
    const end = Math.min(taps, s + segment);
    for (let from = s; from < end; from += codes) blocks.push({ from, to: Math.min(end, from + codes) });
  }
  return blocks;
}

/** Weights in units of their groups' scales, and those scales by block. */
interface Units {
  matrix: WeightMatrix;
  group: number;
  /** How much larger the matrix is than its scales say. */
  times: number;
}

const scaleAt = ({ matrix, group, times }: Units, row: number, column: number): number =>
  matrix.groupScales && row < matrix.rows
    ? // A group of zeros may have any scale: a byte holds it.
      Math.min(255, times * matrix.groupScales[row * Math.ceil(matrix.columns / group) + Math.floor(column / group)])
    : times;

const unitAt = (u: Units, row: number, column: number): number =>
  row < u.matrix.rows ? u.matrix.values[row * u.matrix.columns + column] / scaleAt(u, row, column) : 0;

interface Stream {
  codes: number[];
  runs: number[];
  /** Of each channel: the scales of its runs, together. */
  scaleSums: number[];
  blocks: number;
}

/** The words and runs of all channels, `together` at a time. */
function streamOf(units: Units, coding: Coding, together: number): Stream {
  const { rows, columns } = units.matrix;
  const perWord = Math.floor(32 / coding.bits);
  const segment = units.group || columns;
  const blocks = blocksOf(columns, segment, perWord);
  const stream: Stream = { codes: [], runs: [], scaleSums: [], blocks: blocks.length };
  for (let c = 0; c < rows; c += together) {
    const channels = Array.from({ length: together }, (_, k) => c + k);
    const scaleSums = channels.map(() => 0);
    let sums = channels.map(() => 0);
    let [words, from] = [0, 0];
    const close = (): void => {
      const scales = channels.map((row) => scaleAt(units, row, from));
      stream.runs.push(words, ...scales);
      scales.forEach((s, k) => {
        scaleSums[k] += s;
      });
    };
    for (const block of blocks) {
      const added = channels.map((row) => {
        let sum = 0;
        for (let i = block.from; i < block.to; i++) sum += Math.abs(unitAt(units, row, i));
        return sum;
      });
      const full = added.some((a, k) => sums[k] + a > maxRunSum) || words === maxRunWords;
      if (words > 0 && (full || block.from % segment === 0)) {
        close();
        [words, from, sums] = [0, block.from, channels.map(() => 0)];
      }
      words++;
      sums = sums.map((s, k) => s + added[k]);
      stream.codes.push(...channels.map((row) => wordOf(units, coding, row, block)));
    }
    close();
    stream.scaleSums.push(...scaleSums);
  }
  return stream;
}

function wordOf(units: Units, coding: Coding, row: number, block: { from: number; to: number }): number {
  let word = 0;
  for (let i = block.to - 1; i >= block.from; i--) {
    const code = (unitAt(units, row, i) + coding.offset) >> coding.unitShift;
    word = (word << coding.bits) | code;
  }
  return word | 0;
}

export const noOutliers: CStruct['fields'] = [
  ['outlier_starts', null],
  ['outlier_places', null],
  ['outlier_amounts', null],
];

/** Outliers have the place of their tap among the gathered words: before each block's taps there is one of another kind. */
function outlierFields(parts: readonly Part[], columns: number, segment: number, perWord: number): CStruct['fields'] {
  const places = new Uint16Array(columns);
  blocksOf(columns, segment, perWord).forEach(({ from, to }, block) => {
    for (let i = from; i < to; i++) places[i] = block * (perWord + 1) + 1 + i - from;
  });
  const starts = partOf(parts, 'outlier_starts') as Uint16Array;
  const at = Uint16Array.from(partOf(parts, 'outlier_columns') as Uint16Array, (column) => places[column]);
  const amounts = partOf(parts, 'outlier_amounts') as Int8Array;
  if (at.length === 0) return noOutliers;
  return [
    ['outlier_starts', constant('outlier_starts', 'uint16', starts, [starts.length])],
    ['outlier_places', constant('outlier_places', 'uint16', at, [at.length])],
    ['outlier_amounts', constant('outlier_amounts', 'int8', amounts, [amounts.length])],
  ];
}

/** The matrix without its outliers. */
function withoutOutliers(matrix: WeightMatrix, parts: readonly Part[]): WeightMatrix {
  const [starts, columns, amounts] = ['outlier_starts', 'outlier_columns', 'outlier_amounts'].map((n) =>
    partOf(parts, n),
  );
  const values = matrix.values.slice();
  for (let row = 0; row < matrix.rows; row++)
    for (let k = starts[row]; k < starts[row + 1]; k++) values[row * matrix.columns + columns[k]] -= amounts[k];
  return { ...matrix, values };
}

/** What the outputs of one instruction set are finished with. */
export interface Finishing {
  layer: IntegerLayer;
  bias: number[];
  fields: CStruct['fields'];
}

export function thumbFinishing(layer: IntegerLayer, matrix: WeightMatrix): Finishing | undefined {
  const sums = Array.from({ length: matrix.rows }, (_, c) =>
    matrix.values.subarray(c * matrix.columns, (c + 1) * matrix.columns).reduce((a, w) => a + Math.abs(w), 0),
  );
  const channels = thumbChannels(layer, sums);
  if (!channels) return undefined;
  const fields: CStruct['fields'] = [['scale', thumbScales(channels)], ...thumbFinishFields(layer)];
  return { layer, bias: channels.map((c) => c.bias), fields };
}

export function rv32Finishing(raw: IntegerLayer, coding?: Coding): Finishing | undefined {
  const taps = tapsOf(raw);
  const layer = settle(raw, taps, rowIndex(taps));
  // The weights of dead channels become 0, which not every coding has.
  if (coding?.bits === 2 && coding.offset === 1 && layer.weights.some((w, i) => w !== raw.weights[i])) return undefined;
  const channels = channelsOf(layer, taps, rowIndex(taps));
  if (!channels) return undefined;
  const fields: CStruct['fields'] = [
    ['scale', channelField(layer, channels, rv32Together)[1]],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['half', 0],
    ['signs', layer.rounding === 'tflite' ? 2 : 0],
  ];
  return { layer, bias: channels.map((c) => c.bias), fields };
}

const rv32Together = 4;

/** An instruction set's kernels. */
interface Machine {
  isa: 'thumb' | 'rv32';
  suffix: string;
  together: number;
}

const machines: readonly Machine[] = [
  { isa: 'thumb', suffix: 'thumb', together: 1 },
  { isa: 'rv32', suffix: 'rv32_4x8', together: rv32Together },
];

/** Instructions to gather a tap of a pixel, in those of a product. */
export const gatherMacs = 6;

function lower(kernel: string, machine: Machine, type: string, bits: number, node: Node, context: LowerContext) {
  const read = integerLayer(node, context.graph, context.rounding, 'stored');
  const weights = inputOf(node, context.graph, 1);
  const grown = read ? missingBits(read) : 0;
  const raw = read && grownLayer(read, grown);
  const encoding = weights.stored?.encoding;
  const base = encoding?.kind === 'outliers' ? encoding.base : encoding;
  const coding = base && codingOf(base, type, bits);
  if (raw?.groups !== 1 || !encoding || !coding || (grown && encoding.kind === 'outliers')) return undefined;
  const finishing =
    machine.isa === 'thumb'
      ? thumbFinishing(raw, weightMatrix(node.op, { ...weights, data: raw.weights }))
      : rv32Finishing(raw, coding);
  if (!finishing) return undefined;
  const { layer } = finishing;
  const matrix = weightMatrix(node.op, { ...weights, data: layer.weights });
  const parts = encoding.kind === 'outliers' ? packWeights(matrix, encoding) : undefined;
  const units: Units = {
    matrix: parts ? withoutOutliers(matrix, parts) : matrix,
    group: groupOf(encoding),
    times: 2 ** grown,
  };
  const stream = streamOf(units, coding, machine.together);
  const biases = stream.scaleSums.flatMap((sum, c) => {
    const bias = finishing.bias[c] ?? 0;
    return [bias, bias - sum * 2 ** 15];
  });
  const perWord = Math.floor(32 / bits);
  const segment = units.group || matrix.columns;
  const padded = isPadded(layer);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['padded', padded ? 1 : 0],
    ['input_zero_point', layer.inputZeroPoint],
    ['segment', segment],
    ['blocks', stream.blocks],
    ['offset', coding.offset],
    ['unit_shift', coding.unitShift],
    ['codes', constant('codes', 'int32', Int32Array.from(stream.codes), [stream.codes.length])],
    ['runs', constant('runs', 'uint8', Uint8Array.from(stream.runs), [stream.runs.length])],
    ['values', null],
    ['skips', null],
    ...(parts ? outlierFields(parts, matrix.columns, segment, perWord) : noOutliers),
    ['bias', constant('bias', 'int32', Int32Array.from(biases), [biases.length / 2, 2])],
    ...finishing.fields,
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    // A tile's windows are in the scratch before any of its outputs is written.
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: tile }, 1) },
    scratchBytes: 16 * stream.blocks * (perWord + 1) + (padded ? layer.inC : 0),
  };
  const work = workOf(layer);
  const tiles = Math.ceil(work.pixels / tile) * tile;
  return { call, work: { ...work, macs: tiles * matrix.columns * (layer.outC + gatherMacs) } } satisfies Lowered;
}

/** Types and widths that there are kernels for. */
const kinds = [
  ['int', 2],
  ['int', 3],
  ['int', 4],
  ['int', 6],
  ['ternary', 2],
  ['trits', 2],
] as const;

export const packedPairVariants = (isa: Machine['isa']): Variant[] =>
  machines
    .filter((machine) => machine.isa === isa)
    .flatMap((machine) =>
      [...kinds, ['binary', isa === 'thumb' ? 1 : 2] as const].flatMap(([type, bits]) => {
        const kernel = `mote_packedpairs_s8${type}_b${bits}__${machine.suffix}`;
        return ['conv2d', 'fullyConnected'].map((op) => ({
          kernel,
          op,
          isa,
          lower: (node: Node, context: LowerContext) => lower(kernel, machine, type, bits, node, context),
        }));
      }),
    );
