// SPDX-License-Identifier: Apache-2.0
// Every layer at every level, rounded by itself on the float model's inputs: what it takes on the target, what its weights
// then are, and by how much its own output is off.
import type { Graph, Node, TensorId } from '../../model/graph.js';
import { matrixIndex } from '../../ops/weightMatrix.js';
import type { RoundedWeights, RoundWeights } from '../../passes/integerWeights.js';
import { canFactor, lowName, wholeName } from '../lowRank.js';
import type { Moments } from '../moments.js';
import { quantizeGraph } from '../quantize.js';
import { levelRecipe } from '../recipe.js';
import { rowError } from '../round/descend.js';
import { roundWeights } from '../roundWeights.js';
import type { Sensitivity } from '../sensitivity.js';
import { type LayerCost, layerCosts, type TuneTarget } from './layerCosts.js';
import type { LevelPlan } from './levelPlan.js';
import { type Level, rankOf } from './levels.js';
import { type Measured, splitLayers } from './splitLayers.js';

export interface AloneInput {
  measured: Measured;
  /** Weighted layers, in order. */
  nodes: readonly Node[];
  levels: readonly Level[];
  target: TuneTarget;
  /** For coded levels; by each layer's output. */
  sensitivities: ReadonlyMap<TensorId, Sensitivity>;
}

export interface Alone {
  /** An integer graph with the layers as the plan wants them. */
  graphOf(plan: LevelPlan): Graph;
  /** [layer][level] */
  costs: readonly (readonly LayerCost[])[];
  /** Weights that a layer at a level works with, in the order of its tensor. */
  real(layer: number, level: number): Float32Array;
  /** Whether the layer can be so at all: a layer that cannot become two stays one. */
  can(layer: number, level: number): boolean;
}

/** Real weights of a rounding, as a matrix. */
function matrixOf({ data, scales }: RoundedWeights, node: Node, shape: readonly number[]): Float64Array {
  const at = matrixIndex(node.op, shape);
  const columns = data.length / scales.length;
  const matrix = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const to = at(i);
    matrix[to] = data[i] * scales[Math.floor(to / columns)];
  }
  return matrix;
}

/** left (rows x rank) times right (rank x columns). */
function product(left: Float64Array, right: Float64Array, rank: number): Float64Array {
  const [rows, n] = [left.length / rank, right.length / rank];
  const all = new Float64Array(rows * n);
  for (let r = 0; r < rows; r++)
    for (let k = 0; k < rank; k++) {
      const v = left[r * rank + k];
      for (let j = 0; j < n; j++) all[r * n + j] += v * right[k * n + j];
    }
  return all;
}

export function openAlone({ measured, nodes, levels, target, sensitivities }: AloneInput): Alone {
  const { graph } = measured;
  const known = new Map<string, RoundedWeights | undefined>();
  const shapes = new Map<string, readonly number[]>();
  const indexOf = new Map(nodes.map((n, i) => [n.name, i]));
  const shapeOf = (node: Node): readonly number[] => graph.tensors[node.inputs[1]].shape;
  const can = (layer: number, level: number): boolean => {
    const node = nodes[layer];
    return (
      levels[level].low === undefined ||
      (canFactor(node, graph) && rankOf(levels[level], node, shapeOf(node)) !== undefined)
    );
  };
  const levelOf = (plan: LevelPlan, { name }: Node): number => plan[indexOf.get(wholeName(name)) ?? 0] ?? 0;
  const roundingOf = (plan: LevelPlan, { moments }: Measured): RoundWeights => {
    const round = roundWeights(moments, (node, shape) => {
      const recipe = levelRecipe(levels[levelOf(plan, node)].weights, node, shape);
      const sensitivity = recipe.rate === undefined ? undefined : sensitivities.get(node.outputs[0]);
      return sensitivity ? { ...recipe, sensitivity } : recipe;
    });
    return (node, real, shape, ...limits) => {
      const key = `${node.name} ${levelOf(plan, node)}`;
      if (!known.has(key)) known.set(key, round(node, real, shape, ...limits));
      shapes.set(key, shape);
      return known.get(key);
    };
  };
  const graphOf = (plan: LevelPlan): Graph => {
    const isLow = plan.some((k) => levels[k].low !== undefined);
    const parts = isLow
      ? splitLayers(measured, (node, shape) => rankOf(levels[levelOf(plan, node)], node, shape))
      : measured;
    return quantizeGraph(parts.graph, parts.ranges, { biasCorrection: parts.means, round: roundingOf(plan, parts) });
  };
  const byLevel = levels.map(({ coded }, level) =>
    layerCosts(graphOf(nodes.map(() => level)), target, coded && (() => coded)),
  );
  return {
    graphOf,
    can,
    costs: nodes.map(({ name }) => byLevel.map((costs) => costs.get(name) as LayerCost)),
    real: (layer, level) => {
      const node = nodes[layer];
      const key = `${node.name} ${level}`;
      const half = `${lowName(node.name)} ${level}`;
      const own = matrixOf(known.get(key) as RoundedWeights, node, shapes.get(key) as readonly number[]);
      const right = known.get(half);
      const rank = shapes.get(half)?.[0] ?? 0;
      const at = matrixIndex(node.op, shapeOf(node));
      const whole = right ? product(own, Float64Array.from(matrixOf(right, node, shapes.get(half) ?? [])), rank) : own;
      return Float32Array.from(whole, (_, i) => whole[at(i)]);
    },
  };
}

/** What a layer's output loses by itself with these weights. */
export function ownLoss(graph: Graph, node: Node, real: Float32Array, moments: Moments): number {
  const { data, shape } = graph.tensors[node.inputs[1]];
  const at = matrixIndex(node.op, shape);
  const errors = new Float64Array(real.length);
  real.forEach((v, i) => {
    errors[at(i)] = v - Number((data as Float32Array)[i]);
  });
  let loss = 0;
  const n = moments.columns;
  for (let row = 0; row * n < errors.length; row++)
    loss += rowError(
      moments.matrices[Math.floor(row / moments.rowsPerMatrix)],
      errors.subarray(row * n, (row + 1) * n),
    );
  return loss;
}
