// SPDX-License-Identifier: Apache-2.0
// What re-estimating batch norm does where it has been folded: behind each rounded layer every output channel gets back the
// float model's mean (the bias) and variance (the row's scale), layer after layer on what the layers before then give.
import { chooseRanges, collectStatistics } from '../src/compress/calibrate.js';
import { covariances as plainCovariances } from '../src/compress/covariances.js';
import { openFrontier, startOf } from '../src/compress/frontier.js';
import { type JointMoments, jointMoments } from '../src/compress/jointMoments.js';
import type { RecipeOf } from '../src/compress/layerRecipe.js';
import { windowsPerLayer } from '../src/compress/moments.js';
import { quantizeGraph } from '../src/compress/quantize.js';
import { rowError } from '../src/compress/round/descend.js';
import type { MakeRunner } from '../src/compress/runner.js';
import { inputsOf, meanShift, roundSequentially, setLayer, withBiases } from '../src/compress/sequential.js';
import type { Graph, TensorData } from '../src/model/graph.js';
import { matrixIndex } from '../src/ops/weightMatrix.js';
import type { RoundedWeights, RoundWeights } from '../src/passes/integerWeights.js';

/** Of each row's output: the float model's variance over that of the rounded weights, as a factor for the scale. */
function gains(weights: Float64Array, rounded: Float64Array, clean: JointMoments, packed: JointMoments): Float64Array {
  const n = packed.columns;
  return Float64Array.from({ length: weights.length / n }, (_, row) => {
    const variance = (of: Float64Array, { matrices, rowsPerMatrix }: JointMoments): number =>
      rowError(matrices[Math.floor(row / rowsPerMatrix)], of.subarray(row * n, (row + 1) * n));
    const [was, is] = [variance(weights, clean), variance(rounded, packed)];
    return was > 0 && is > 0 ? Math.sqrt(was / is) : 1;
  });
}

/** Rounding that takes integers as they are `known`, and matches what they give. */
async function matching(
  source: Graph,
  samples: readonly TensorData[][],
  makeRunner: MakeRunner,
  known: ReadonlyMap<string, RoundedWeights>,
): Promise<RoundWeights> {
  const graph = withBiases(source);
  const [clean, packed] = [await makeRunner(graph), await makeRunner(graph)];
  const covariances = packed.covariances ?? plainCovariances;
  const at = startOf(
    graph,
    samples.map((s) => s.map((d) => Float32Array.from(d as ArrayLike<number>))),
  );
  const fronts = { clean: openFrontier(graph, clean, at), packed: openFrontier(graph, packed, at) };
  const nodeOf = new Map(graph.nodes.map((n) => [n.outputs[0], n]));
  return (node, real, shape) => {
    const [rounded, own] = [known.get(node.name), nodeOf.get(node.outputs[0])];
    if (!rounded || !own) return undefined;
    const seen = { clean: inputsOf(fronts.clean, own), packed: inputsOf(fronts.packed, own) };
    const moments = jointMoments(graph, own, seen, windowsPerLayer, covariances);
    const before = jointMoments(graph, own, { clean: seen.clean, packed: seen.clean }, windowsPerLayer, covariances);
    const place = matrixIndex(node.op, shape);
    const [weights, values] = [new Float64Array(real.length), new Float64Array(real.length)];
    const rowOf = (to: number): number => Math.floor(to / moments.columns);
    real.forEach((v, i) => {
      weights[place(i)] = v;
      values[place(i)] = rounded.data[i] * rounded.scales[rowOf(place(i))];
    });
    const gain = gains(weights, values, before, moments);
    const scales = rounded.scales.map((s, row) => Math.fround(s * gain[row]));
    const matched = values.map((v, i) => v * (scales[rowOf(i)] / rounded.scales[rowOf(i)]));
    const shift = meanShift(weights, matched, moments);
    setLayer(
      packed,
      graph,
      own,
      Float32Array.from(real, (_, i) => matched[place(i)]),
      shift,
    );
    return { ...rounded, scales, shift };
  };
}

/** The model rounded sequentially, and the same integers with variances matched. */
export async function matchVariances(
  graph: Graph,
  samples: TensorData[][],
  makeRunner: MakeRunner,
  recipeOf: RecipeOf,
): Promise<{ plain: Graph; matched: Graph }> {
  const runner = await makeRunner(graph);
  const { extremes, means } = await collectStatistics(graph, samples, runner);
  const ranges = await chooseRanges(graph, samples, runner, extremes, 'mse');
  const round = await roundSequentially({ graph, samples, makeRunner, recipeOf });
  const known = new Map<string, RoundedWeights>();
  const plain = quantizeGraph(graph, ranges, {
    biasCorrection: means,
    round: (node, ...rest) => {
      const rounded = round(node, ...rest);
      if (rounded) known.set(node.name, rounded);
      return rounded;
    },
  });
  const again = await matching(graph, samples, makeRunner, known);
  return { plain, matched: quantizeGraph(graph, ranges, { biasCorrection: means, round: again }) };
}
