// SPDX-License-Identifier: Apache-2.0
// What each level of each layer costs, and the loss that it is predicted to add: measured with this layer alone at the level
// and all others at int8, so that nothing is assumed but that losses of different layers add up.
import type { Choice } from './solve.js';
import type { LevelPlan, Workbench } from './workbench.js';

export interface Prediction {
  /** Loss with every layer at level 0. */
  base: number;
  /** [layer][level] */
  choices: Choice[][];
}

export async function predict(
  bench: Workbench,
  onProgress: (done: number, all: number) => void = () => {},
): Promise<Prediction> {
  const start: LevelPlan = bench.layers.map(() => 0);
  const first = bench.graphOf(start);
  const base = await bench.lossOf(first);
  const bytes = bench.bytesOf(first);
  const choices: Choice[][] = bench.layers.map((_, i) => [{ loss: 0, costs: [bytes[i]] }]);
  const all = bench.layers.length * (bench.levels.length - 1);
  let done = 0;
  for (let layer = 0; layer < bench.layers.length; layer++) {
    for (let level = 1; level < bench.levels.length; level++) {
      const graph = bench.graphOf(start.map((_, i) => (i === layer ? level : 0)));
      const loss = Math.max(0, (await bench.lossOf(graph)) - base);
      choices[layer].push({ loss, costs: [bench.bytesOf(graph)[layer]] });
      onProgress(++done, all);
    }
  }
  return { base, choices };
}

export const predictedLoss = ({ base, choices }: Prediction, plan: LevelPlan): number =>
  plan.reduce((sum, level, layer) => sum + choices[layer][level].loss, base);

export const planCost = ({ choices }: Prediction, plan: LevelPlan, budget: number): number =>
  plan.reduce((sum, level, layer) => sum + choices[layer][level].costs[budget], 0);
