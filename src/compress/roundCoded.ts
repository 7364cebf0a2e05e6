// SPDX-License-Identifier: Apache-2.0
// int8 weights of a layer that are to be stored entropy-coded: what errors of it cost, and the rounding at its noise or rate.
import type { Node } from '../model/graph.js';
import { matrixIndex, weightData, weightRows } from '../ops/weightMatrix.js';
import type { RoundedWeights } from '../passes/integerWeights.js';
import type { LayerRecipe } from './layerRecipe.js';
import type { Moments } from './moments.js';
import { roundForNoise, roundForRate } from './round/rate.js';
import type { MomentOf } from './round/secondOrder.js';
import type { Sensitivity } from './sensitivity.js';

/** Gradients of some hundred samples say which channels matter and which make up for each other only so well: of what
 *  channels share this much is believed, and of what columns cost the rest is the covariance of the inputs. From DS-CNN's
 *  output SNR; anything from a half to 0.9 is within its noise of half a decibel (bench/compression.md). */
const believedBetweenRows = 0.7;
const believedOfColumns = 0.7;

/** A bias may be off by so many of a weight's steps: about where a bit is worth as much in both. */
const biasNoise = 1.5;

const identityMatrix = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) ? 0 : 1));

function traceOf(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * (n + 1)];
  return sum;
}

function columnCosts(columns: number, seen: Float64Array | undefined, felt: Float64Array | undefined): Float64Array {
  if (!seen || !felt) return seen ?? felt ?? identityMatrix(columns);
  const share = (1 - believedOfColumns) / (traceOf(seen, columns) || 1);
  return seen.map((v, i) => share * v + believedOfColumns * felt[i]);
}

/** A channel that no gradient reached is worth next to nothing, but not nothing. */
const leastShare = 1e-3;

function rowCosts(rows: number, felt: Sensitivity | undefined): Float64Array {
  const mean = felt ? traceOf(felt.rows, rows) / rows : 0;
  if (!felt || !(mean > 0)) return identityMatrix(rows);
  return felt.rows.map((v, i) => (i % (rows + 1) ? believedBetweenRows * v : Math.max(v, leastShare * mean)));
}

function costsOf(rows: number, columns: number, own: Moments | undefined, felt: Sensitivity | undefined) {
  const between = rowCosts(rows, felt);
  const groups = felt?.columns.length ?? own?.matrices.length ?? 1;
  const matrices = Array.from({ length: groups }, (_, g) => columnCosts(columns, own?.matrices[g], felt?.columns[g]));
  const momentOf: MomentOf = (row) => matrices[Math.floor((row * groups) / rows)];
  return { between, momentOf };
}

/** Places in the matrix in stored order; as the tensor has them where nothing else is known. */
function placesOf({ op }: Node, shape: readonly number[], stored: LayerRecipe['sequences']) {
  const place = matrixIndex(op, shape);
  const natural = [Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)];
  return { sequences: (stored ?? natural).map((s) => s.map((i) => (i < 0 ? i : place(i)))) };
}

export interface CodedLayer {
  /** As a matrix. */
  weights: Float64Array;
  shape: readonly number[];
  leastScales: Float64Array;
  mostScale: number | undefined;
  recipe: LayerRecipe;
  own: Moments | undefined;
}

export function roundCoded(
  node: Node,
  { weights, shape, leastScales, mostScale, recipe, own }: CodedLayer,
): RoundedWeights {
  const rows = weightRows(node.op, shape);
  const columns = weights.length / rows;
  const { encoding, sensitivity, noise, rate = 0 } = recipe;
  const { between, momentOf } = costsOf(rows, columns, own, sensitivity);
  const sequences = recipe.trellis ? placesOf(node, shape, recipe.sequences) : undefined;
  const request = { encoding, rows, columns, weights, leastScales, mostScale, between, ...sequences };
  const rounded =
    noise === undefined ? roundForRate({ ...request, rate }, momentOf) : roundForNoise(request, momentOf, noise);
  const biasSteps = sensitivity?.biases.map(
    (b, r) => (biasNoise * rounded.noise) / Math.sqrt(Math.max(b, between[r * (rows + 1)])),
  );
  return {
    data: weightData(node.op, shape, { ...request, ...rounded }),
    scales: rounded.scales,
    codedBits: rounded.bitsPerWeight,
    ...(biasSteps ? { biasSteps } : {}),
  };
}
