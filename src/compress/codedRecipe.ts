// SPDX-License-Identifier: Apache-2.0
// Weights that are to be stored entropy-coded: how the bits of layers with a common rate are shared out among their rows.
import type { Graph, Node, TensorData, TensorId } from '../model/graph.js';
import { matrixIndex } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import type { RoundWeights } from '../passes/integerWeights.js';
import type { StoredOrder } from '../plan/storedOrder.js';
import type { RecipeOf } from './layerRecipe.js';
import { collectMoments, type Moments } from './moments.js';
import { entropyBits } from './round/rate.js';
import { roundWeights } from './roundWeights.js';
import type { FloatRunner, MakeRunner } from './runner.js';
import { type Sensitivity, sensitivities } from './sensitivity.js';

export interface CodedInput {
  graph: Graph;
  samples: readonly TensorData[][];
  runner: FloatRunner;
  makeRunner: MakeRunner;
  recipeOf: RecipeOf;
  /** Quantizes the graph; what the rounding is asked is what it will be asked in the end. */
  quantize(round: RoundWeights): Graph;
  /** The order of weights where they will run; as the tensors have them where it is left out. */
  storedOrder?: StoredOrder;
}

const recipesOf = ({ graph, recipeOf }: Pick<CodedInput, 'graph' | 'recipeOf'>) =>
  graph.nodes
    .filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined)
    .map((node) => recipeOf(node, graph.tensors[node.inputs[1]].shape));

/** Whether the recipe has layers whose weights are to be stored entropy-coded. */
export const hasCodedLayers = (input: Pick<CodedInput, 'graph' | 'recipeOf'>): boolean =>
  recipesOf(input).some((r) => r?.rate !== undefined);

/** Gradients are taken of no more samples than that: they settle, and take most of the time. */
const gradientSamples = 256;

type Costs = ReadonlyMap<TensorId, Sensitivity>;

/** Shared rates become one noise for all rows; a layer's own rate stays. */
const withNoise =
  (recipeOf: RecipeOf, noise: number, costs: Costs): RecipeOf =>
  (node: Node, shape) => {
    const recipe = recipeOf(node, shape);
    if (recipe?.rate === undefined) return recipe;
    const sensitivity = costs.get(node.outputs[0]);
    return { ...recipe, ...(sensitivity ? { sensitivity } : {}), ...(recipe.shared ? { noise } : {}) };
  };

/** Bits a weight of the layers whose rate is shared. */
function rateAt(input: CodedInput, moments: ReadonlyMap<TensorId, Moments>, costs: Costs, noise: number): number {
  let [bits, weights] = [0, 0];
  const round = roundWeights(moments, withNoise(input.recipeOf, noise, costs));
  input.quantize((node, real, shape, ...limits) => {
    if (!input.recipeOf(node, shape)?.shared) return undefined;
    const made = round(node, real, shape, ...limits);
    if (made) {
      bits += (made.codedBits ?? entropyBits(made.data)) * made.data.length;
      weights += made.data.length;
    }
    return made;
  });
  return bits / Math.max(1, weights);
}

const searchSteps = 4;

/** What a weight's error costs after others have made up for it, as a share of what it costs alone: about 6 dB. */
const madeUpFor = 0.25;

/** The noise, as a logarithm, at which Gaussian weights would come to the rate: where the search begins. */
function likelyNoise({ graph, recipeOf }: CodedInput, costs: Costs, rate: number): number {
  /** Mean square of each row in units of its step at noise 1, and its weights. */
  const rows = graph.nodes.flatMap((node) => {
    const cost = costs.get(node.outputs[0]);
    const { data, shape } = graph.tensors[node.inputs[1]] ?? {};
    if (!cost || !(data instanceof Float32Array) || !recipeOf(node, shape ?? [])?.shared) return [];
    const count = Math.sqrt(cost.rows.length);
    const at = matrixIndex(node.op, shape ?? []);
    const columns = data.length / count;
    const squares = new Float64Array(count);
    data.forEach((w, i) => {
      squares[Math.floor(at(i) / columns)] += w * w;
    });
    return Array.from(squares, (s, r) => ({
      square: ((s / columns) * madeUpFor * cost.rows[r * (count + 1)]) / columns,
      columns,
    }));
  });
  const weights = rows.reduce((sum, r) => sum + r.columns, 0);
  const bitsAt = (log: number): number =>
    rows.reduce((sum, r) => sum + (r.columns / 2) * Math.log2(1 + (2 * Math.PI * Math.E * r.square) / 4 ** log), 0) /
    weights;
  let [fine, coarse] = [-60, 60];
  while (coarse - fine > 0.01) {
    const middle = (fine + coarse) / 2;
    if (bitsAt(middle) > rate) fine = middle;
    else coarse = middle;
  }
  return fine;
}

/** The noise at which the shared layers together come out at their rate. */
function noiseFor(rate: number, start: number, bitsAt: (noise: number) => number): number {
  let at = start;
  for (let i = 0; i < searchSteps; i++) {
    const over = bitsAt(2 ** at) - rate;
    if (Math.abs(over) < 0.01) break;
    // A bit less for each octave, where most weights are not 0 yet.
    at += Math.max(-2, Math.min(2, over));
  }
  return 2 ** at;
}

const evenly = <T>(list: readonly T[], count: number): T[] =>
  Array.from(
    { length: Math.min(count, list.length) },
    (_, i) => list[Math.floor((i * list.length) / Math.min(count, list.length))],
  );

type Calibrated = Pick<CodedInput, 'graph' | 'samples' | 'runner'>;

/** What errors of each layer's weights cost. */
export const layerSensitivities = (
  { graph, samples, runner }: Calibrated,
  moments: ReadonlyMap<TensorId, Moments>,
): Costs => sensitivities(graph, evenly(samples, gradientSamples), runner, moments);

/** A recipe whose coded layers each have their own rate, with what their errors cost. */
export const withSensitivities = (recipeOf: RecipeOf, costs: Costs): RecipeOf => withNoise(recipeOf, 1, costs);

/** Layers along the trellis know their order. It depends on the kernel, which depends on the scales: those of a first
 *  rounding. One whose order nobody can tell is coded without a trellis. */
function withOrder(input: CodedInput, moments: ReadonlyMap<TensorId, Moments>, costs: Costs): RecipeOf {
  const { recipeOf, storedOrder } = input;
  const recipes = recipesOf(input);
  if (!storedOrder || !recipes.some((r) => r?.trellis)) return recipeOf;
  const shared = recipes.find((r) => r?.shared)?.rate;
  const noise = shared === undefined ? 1 : 2 ** likelyNoise(input, costs, shared);
  const orders = storedOrder(input.quantize(roundWeights(moments, withNoise(recipeOf, noise, costs))));
  return (node, shape) => {
    const recipe = recipeOf(node, shape);
    if (!recipe?.trellis) return recipe;
    const sequences = orders.get(node.name);
    return { ...recipe, ...(sequences ? { sequences } : { trellis: false }) };
  };
}

/** The recipe with what an error costs in each row and, where rates are shared, the noise that they come to. */
export async function codedRecipe(input: CodedInput): Promise<RecipeOf> {
  if (!hasCodedLayers(input)) return input.recipeOf;
  const moments = collectMoments(input.graph, input.samples, input.runner);
  const costs = layerSensitivities(input, moments);
  const recipeOf = withOrder(input, moments, costs);
  const ordered = { ...input, recipeOf };
  const shared = recipesOf(input).find((r) => r?.shared)?.rate;
  const noise =
    shared === undefined
      ? 1
      : noiseFor(shared, likelyNoise(input, costs, shared), (n) => rateAt(ordered, moments, costs, n));
  return withNoise(recipeOf, noise, costs);
}
