// SPDX-License-Identifier: Apache-2.0
// Convolution with the weights that are not zero, on Armv6-M and RV32IM: runtime-c/include/mote/packedlist.h says how.

import type { WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { grownLayer, missingBits } from './grownLayer.js';
import { integerLayer, workOf } from './integerLayer.js';
import { gatherMacs, maxRunSum, noOutliers, rv32Finishing, thumbFinishing, tile } from './packedPairs.js';
import { isPadded } from './rv32Conv.js';
import type { Lowered, Variant } from './variant.js';

/** Entries of a run, and taps that an entry can leave out. */
const maxRun = 8;
const maxSkip = 15;

interface Entry {
  skip: number;
  value: number;
}

/** A channel's weights that are not zero, and zeros where the way between two of them is too long. */
export function entriesOf(row: Int8Array): Entry[] {
  const entries: Entry[] = [];
  let skip = 0;
  for (const value of row) {
    if (value === 0 && skip < maxSkip) skip++;
    else {
      entries.push({ skip, value });
      skip = 0;
    }
  }
  while (entries.at(-1)?.value === 0) entries.pop();
  return entries;
}

/** The longest runs, in order. */
export function runsOf(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = [];
  let sum = maxRunSum + 1;
  for (const entry of entries) {
    sum += Math.abs(entry.value);
    if (sum > maxRunSum || runs[runs.length - 1].length === maxRun) {
      runs.push([]);
      sum = Math.abs(entry.value);
    }
    runs[runs.length - 1].push(entry);
  }
  return runs;
}

/** Two entries to a byte, the last one in its upper half. */
function skipBytes(run: readonly Entry[]): number[] {
  const skips = run.length % 2 ? [0, ...run.map((e) => e.skip)] : run.map((e) => e.skip);
  return Array.from({ length: skips.length / 2 }, (_, i) => skips[2 * i] | (skips[2 * i + 1] << 4));
}

function listFields({ rows, columns, values }: WeightMatrix, bias: readonly number[]): CStruct['fields'] {
  const channels = Array.from({ length: rows }, (_, c) =>
    runsOf(entriesOf(values.subarray(c * columns, (c + 1) * columns))),
  );
  const counts = channels.flatMap((runs) => [...runs.map((run) => run.length), 0]);
  const weights = channels.flat(2).map((e) => e.value);
  const skips = channels.flat().flatMap(skipBytes);
  const biases = channels.flatMap((runs, c) => [bias[c], bias[c] - runs.length * 2 ** 15]);
  return [
    ['codes', null],
    ['runs', constant('runs', 'uint8', Uint8Array.from(counts), [counts.length])],
    ['values', weights.length ? constant('values', 'int8', Int8Array.from(weights), [weights.length]) : null],
    ['skips', skips.length ? constant('skips', 'uint8', Uint8Array.from(skips), [skips.length]) : null],
    ...noOutliers,
    ['bias', constant('bias', 'int32', Int32Array.from(biases), [rows, 2])],
  ];
}

function lower(kernel: string, isa: string, type: string, node: Node, context: LowerContext): Lowered | undefined {
  const read = integerLayer(node, context.graph, context.rounding, 'stored');
  const raw = read && grownLayer(read, missingBits(read));
  const weights = inputOf(node, context.graph, 1);
  if (raw?.groups !== 1 || !weights.stored || weights.stored.encoding.kind !== type) return undefined;
  const finishing =
    isa === 'thumb'
      ? thumbFinishing(raw, weightMatrix(node.op, { ...weights, data: raw.weights }))
      : rv32Finishing(raw);
  if (!finishing) return undefined;
  const { layer } = finishing;
  const matrix = weightMatrix(node.op, { ...weights, data: layer.weights });
  const padded = isPadded(layer);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    ['padded', padded ? 1 : 0],
    ['input_zero_point', layer.inputZeroPoint],
    ['segment', matrix.columns],
    ['blocks', 1],
    ['offset', 0],
    ['unit_shift', 0],
    ...listFields(matrix, finishing.bias),
    ...finishing.fields,
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    // A tile's windows are in the scratch before any of its outputs is written.
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, { blockPixels: tile }, 1) },
    scratchBytes: 16 * (matrix.columns + 1) + (padded ? layer.inC : 0),
  };
  const work = workOf(layer);
  const tiles = Math.ceil(work.pixels / tile) * tile;
  const kept = matrix.values.reduce((n, w) => n + (w ? 1 : 0), 0);
  return { call, work: { ...work, macs: tiles * (kept + (gatherMacs / 2) * matrix.columns) } };
}

export const packedListVariants = (isa: 'thumb' | 'rv32'): Variant[] =>
  (['sparse', 'block'] as const).flatMap((type) => {
    const kernel = `mote_packedlist_s8${type}__${isa}`;
    return ['conv2d', 'fullyConnected'].map((op) => ({
      kernel,
      op,
      isa,
      lower: (node: Node, context: LowerContext) => lower(kernel, isa, type, node, context),
    }));
  });
