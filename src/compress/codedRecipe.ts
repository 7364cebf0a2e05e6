// SPDX-License-Identifier: Apache-2.0
// Weights that are to be stored entropy-coded: how the bits of layers with a common rate are shared out among their rows.
import type { Graph, Node, TensorData, TensorId } from '../model/graph.js';
import { isWeighted } from '../passes/affine.js';
import type { RoundWeights } from '../passes/integerWeights.js';
import { collectMoments, type Moments } from './moments.js';
import type { RecipeOf } from './recipe.js';
import { entropyBits } from './round/rate.js';
import { roundWeights } from './roundWeights.js';
import { rowCosts } from './rowCosts.js';
import type { FloatRunner, MakeRunner } from './runner.js';

export interface CodedInput {
  graph: Graph;
  samples: readonly TensorData[][];
  runner: FloatRunner;
  makeRunner: MakeRunner;
  recipeOf: RecipeOf;
  /** Quantizes the graph; what the rounding is asked is what it will be asked in the end. */
  quantize(round: RoundWeights): Graph;
}

const recipesOf = ({ graph, recipeOf }: CodedInput) =>
  graph.nodes
    .filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined)
    .map((node) => recipeOf(node, graph.tensors[node.inputs[1]].shape));

type Costs = ReadonlyMap<TensorId, Float64Array>;

/** Shared rates become one noise for all rows; a layer's own rate stays. */
const withNoise =
  (recipeOf: RecipeOf, noise: number, costs: Costs): RecipeOf =>
  (node: Node, shape) => {
    const recipe = recipeOf(node, shape);
    if (recipe?.rate === undefined) return recipe;
    const rowCost = costs.get(node.outputs[0]);
    return { ...recipe, ...(rowCost ? { rowCost } : {}), ...(recipe.shared ? { noise } : {}) };
  };

/** Bits a weight of the layers whose rate is shared. */
function rateAt(input: CodedInput, moments: ReadonlyMap<TensorId, Moments>, costs: Costs, noise: number): number {
  let [bits, weights] = [0, 0];
  const round = roundWeights(moments, withNoise(input.recipeOf, noise, costs));
  input.quantize((node, real, shape, ...limits) => {
    if (!input.recipeOf(node, shape)?.shared) return undefined;
    const made = round(node, real, shape, ...limits);
    if (made) {
      bits += entropyBits(made.data) * made.data.length;
      weights += made.data.length;
    }
    return made;
  });
  return bits / Math.max(1, weights);
}

const searchSteps = 12;

/** The noise at which the shared layers together come out at their rate. */
function noiseFor(rate: number, bitsAt: (noise: number) => number): number {
  let [fine, coarse] = [-40, 40];
  let at = -8;
  for (let i = 0; i < searchSteps; i++) {
    const over = bitsAt(2 ** at) - rate;
    if (Math.abs(over) < 0.01) break;
    if (over > 0) fine = at;
    else coarse = at;
    // A bit less for each octave, where most weights are not 0 yet.
    const next = at + (Math.abs(over) < 3 ? over : Math.sign(over) * 8);
    at = next > fine && next < coarse ? next : (fine + coarse) / 2;
  }
  return 2 ** at;
}

/** The recipe with what an error costs in each row and, where rates are shared, the noise that they come to. */
export async function codedRecipe(input: CodedInput): Promise<RecipeOf> {
  const recipes = recipesOf(input);
  if (!recipes.some((r) => r?.rate !== undefined)) return input.recipeOf;
  const moments = collectMoments(input.graph, input.samples, input.runner);
  const costs = await rowCosts(input.graph, input.samples, moments, input.makeRunner);
  const shared = recipes.find((r) => r?.shared)?.rate;
  const noise = shared === undefined ? 1 : noiseFor(shared, (n) => rateAt(input, moments, costs, n));
  return withNoise(input.recipeOf, noise, costs);
}
