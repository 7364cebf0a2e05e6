// SPDX-License-Identifier: Apache-2.0
// The integers of a layer's weights in the encoding that a recipe wants, by the method that it names.
import type { Node, TensorId } from '../model/graph.js';
import { matrixIndex, weightData, weightRows } from '../ops/weightMatrix.js';
import type { RoundedWeights, RoundWeights } from '../passes/integerWeights.js';
import { encodingName, misfit, type WeightMatrix } from './formats/index.js';
import type { LayerRecipe, RecipeOf } from './layerRecipe.js';
import { importanceOf, type Moments } from './moments.js';
import { descendFrom } from './round/descend.js';
import type { Grid, GridRequest } from './round/grid.js';
import { gridOf } from './round/grids.js';
import { nearest } from './round/nearest.js';
import { type MomentOf, startsOf } from './round/secondOrder.js';
import { roundCoded } from './roundCoded.js';

const isPlain = ({ encoding: e, method, rate }: LayerRecipe): boolean =>
  rate === undefined && e.kind === 'int' && e.bits === 8 && !e.group && method === 'nearest';

const scaleRounds = 3;

/** Second-order rounding, then descent and scale fitting in turn. */
const roundForOutput = (request: GridRequest, grid: Grid, momentOf: MomentOf): Int8Array =>
  descendFrom(startsOf(request, grid, momentOf), request, grid, momentOf, scaleRounds);

/** Rounds real weights, given as a matrix, on the loss that the moments describe. */
export function roundLayer(
  node: Node,
  weights: Float64Array,
  shape: readonly number[],
  leastScales: Float64Array,
  recipe: LayerRecipe,
  own: Moments | undefined,
  mostScale?: number,
): RoundedWeights {
  if (recipe.rate !== undefined) return roundCoded(node, { weights, shape, leastScales, mostScale, recipe, own });
  const rows = weightRows(node.op, shape);
  const base: GridRequest = { ...recipe, rows, columns: weights.length / rows, weights, leastScales };
  const aware = own && recipe.method === 'output';
  const momentOf = (row: number): Float64Array =>
    (own as Moments).matrices[Math.floor(row / (own as Moments).rowsPerMatrix)];
  const request = aware ? { ...base, importance: importanceOf(own), momentOf } : base;
  const grid = gridOf(request);
  const matrix: WeightMatrix = aware
    ? {
        ...nearest(request, grid),
        values: roundForOutput(request, grid, momentOf),
      }
    : nearest(request, grid);
  const bad = misfit(matrix, recipe.encoding);
  if (bad) throw new Error(`${node.name}: rounding to ${encodingName(recipe.encoding)} failed: ${bad.reason}`);
  const { encoding } = recipe;
  const plain = encoding.kind === 'int' && encoding.bits === 8 && !encoding.group;
  return {
    data: weightData(node.op, shape, matrix),
    scales: grid.scales,
    ...(plain ? {} : { stored: { encoding, ...(grid.groupScales ? { groupScales: grid.groupScales } : {}) } }),
  };
}

/** Rounds the weights of every layer that `recipeOf` has a recipe for. */
export function roundWeights(moments: ReadonlyMap<TensorId, Moments>, recipeOf: RecipeOf): RoundWeights {
  return (node, real, shape, leastScales, mostScale) => {
    const recipe = recipeOf(node, shape);
    if (!recipe || isPlain(recipe)) return undefined;
    const at = matrixIndex(node.op, shape);
    const weights = new Float64Array(real.length);
    real.forEach((v, i) => {
      weights[at(i)] = v;
    });
    return roundLayer(node, weights, shape, leastScales, recipe, moments.get(node.outputs[0]), mostScale);
  };
}
