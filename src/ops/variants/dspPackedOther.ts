// SPDX-License-Identifier: Apache-2.0
// Convolutions with palettes, blocks or lists of weights for DSP instructions: runtime-c/include/mote/packedtile.h.

import type { DenseEncoding, Encoding } from '../../compress/formats/encoding.js';
import { packWeights, partOf, type WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { inputOf, type LowerContext } from '../op.js';
import { weightMatrix } from '../weightMatrix.js';
import { type LivelyLayer, livelyLayer, type TapPair } from './dspBlock.js';
import { fitsTimes16 } from './dspCodes.js';
import { listBytes } from './dspList.js';
import { headWords, streamWords, type TileWeights, tileCall } from './dspTile.js';
import { integerLayer } from './integerLayer.js';
import type { Variant } from './variant.js';

type Of<K extends DenseEncoding['kind']> = Extract<DenseEncoding, { kind: K }>;

interface Source {
  layer: LivelyLayer;
  matrix: WeightMatrix;
  pairs: readonly TapPair[];
}

/** Bytes in whole words. */
export function wordsOf(bytes: ArrayLike<number>): number[] {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(Uint8Array.from(bytes));
  return [...new Int32Array(padded.buffer)];
}

const fourFrom = (first: number): number[] => [first, first + 1, first + 2, first + 3];

const alive = (layer: LivelyLayer, c: number): boolean => c < layer.outC && layer.constantOutputs[c] === undefined;

/** Fields of `bits`, `each` to a word. */
function fieldWords(fields: readonly number[], bits: number, each: number): number[] {
  return Array.from({ length: Math.ceil(fields.length / each) }, (_, w) =>
    fields.slice(w * each, (w + 1) * each).reduce((word, field, i) => word | (field << (bits * i)), 0),
  );
}

function paletteWeights({ layer, matrix, pairs }: Source, e: Of<'palette'>): TileWeights {
  const { bits } = e;
  const entries = 2 ** bits;
  const all = partOf(packWeights(matrix, e), 'table') as Int8Array;
  const own = e.per === 'channel';
  const tableOf = (c: number): Int8Array => (own ? all.subarray(c * entries, (c + 1) * entries) : all);
  const code = (c: number, column: number): number =>
    alive(layer, c) && column >= 0 ? tableOf(c).indexOf(matrix.values[c * matrix.columns + column]) : 0;
  const channel = (c: number): number[] => {
    const codes = pairs.map(([a, b]) => code(c, a) | (code(c, b) << bits));
    return fieldWords(codes, 2 * bits, Math.floor(16 / bits));
  };
  const table = wordsOf(all);
  const ownTable = (c: number): number[] => wordsOf(c < layer.outC ? tableOf(c) : new Int8Array(entries));
  const block = (first: number): number[] =>
    fourFrom(first).flatMap((c) => [...(own ? ownTable(c) : []), ...channel(c)]);
  const blockWords = Array.from({ length: Math.ceil(layer.outC / 4) }, (_, i) => streamWords + block(4 * i).length);
  const at = headWords + blockWords.reduce((a, b) => a + b, 0);
  // A palette may lack the 0 for the places where there is no tap.
  const tail = pairs.filter(([a]) => a < 0).length;
  return {
    head: [bits, own ? 0 : at, 2 * tail, 0],
    block,
    end: own ? [] : table,
    decoding: bits < 3 ? 4 : 5.5,
  };
}

/** Blocks begin at whole steps only where rows of the window do. */
export const blocksFit = (layer: LivelyLayer): boolean => layer.kernelH === 1 || (layer.kernelW * layer.inC) % 4 === 0;

/** Scales and codes of a channel. */
export function blockChannel({ layer, matrix, pairs }: Source, { width, values }: Of<'block'>, c: number): number[] {
  const steps = width / 2;
  const perRow = Math.ceil(matrix.columns / width);
  const offset = 2 ** (values.bits - 1);
  const scales: number[] = [];
  const fields: number[] = [];
  for (let b = 0; b * steps < pairs.length; b++) {
    const scale = matrix.groupScales?.[c * perRow + b] ?? 1;
    const own = pairs.slice(b * steps, (b + 1) * steps);
    const code = (column: number): number => (column >= 0 ? matrix.values[c * matrix.columns + column] / scale : 0);
    const kept = alive(layer, c) && own.some((pair) => pair.some((column) => code(column) !== 0));
    scales.push(kept ? scale : 0);
    if (kept) fields.push(...own.map((pair) => (code(pair[0]) + offset) | ((code(pair[1]) + offset) << 16)));
  }
  return [...wordsOf(scales), ...fieldWords(fields, values.bits, Math.floor(16 / values.bits))];
}

function blockWeights(source: Source, e: Of<'block'>): TileWeights | undefined {
  if (!blocksFit(source.layer)) return undefined;
  const block = (first: number): number[] => fourFrom(first).flatMap((c) => blockChannel(source, e, c));
  return { head: [e.values.bits, e.width / 2, 0, 0], block, decoding: 7 };
}

function sparseWeights({ layer, matrix, pairs }: Source): TileWeights {
  const list = (c: number): number[] =>
    listBytes(
      pairs.flat().map((column) => (alive(layer, c) && column >= 0 ? matrix.values[c * matrix.columns + column] : 0)),
    );
  return { head: [0, 0, 0, 0], block: (first) => wordsOf(fourFrom(first).flatMap(list)), decoding: 6 };
}

const weightsOf: { [K in 'palette' | 'block' | 'sparse']: (s: Source, e: Of<K>) => TileWeights | undefined } = {
  palette: paletteWeights,
  block: blockWeights,
  sparse: sparseWeights,
};

/** The layer and its matrix where the weights are of this kind. */
export function layerOf(
  node: Node,
  { graph, rounding }: LowerContext,
  kind: string,
): { layer: LivelyLayer; matrix: WeightMatrix; encoding: Encoding } | undefined {
  const integer = integerLayer(node, graph, rounding, 'stored');
  const weights = inputOf(node, graph, 1);
  const encoding = weights.stored?.encoding;
  if (encoding?.kind !== kind || integer?.groups !== 1) return undefined;
  const layer = livelyLayer(integer);
  return fitsTimes16(layer) ? { layer, matrix: weightMatrix(node.op, weights), encoding } : undefined;
}

export const dspPackedOtherVariants: readonly Variant[] = (['palette', 'sparse', 'block'] as const).flatMap((kind) => {
  const kernel = `mote_packedtile_s8${kind}__dsp_2x4`;
  return ['conv2d', 'fullyConnected'].map(
    (op): Variant => ({
      kernel,
      op,
      isa: 'dsp',
      lower(node, context) {
        const found = layerOf(node, context, kind);
        if (!found) return undefined;
        const { layer, matrix, encoding } = found;
        const make = weightsOf[kind] as (s: Source, e: Encoding) => TileWeights | undefined;
        if (!make({ layer, matrix, pairs: [] }, encoding)) return undefined;
        return tileCall(kernel, layer, (pairs) => make({ layer, matrix, pairs }, encoding) as TileWeights);
      },
    }),
  );
});
