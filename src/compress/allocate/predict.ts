// SPDX-License-Identifier: Apache-2.0
// The loss of any plan: that of plain int8, and what each layer's level adds, measured by probes (probes.ts). Errors of
// layers are added up as if they were independent: sequential rounding takes back what goes with the layers' inputs. Not
// every level is probed: what a layer adds goes with the squared error of its own output, to half a decibel.
import { lossOf } from './quality.js';
import type { LevelPlan, Workbench } from './workbench.js';

export interface Prediction {
  /** Loss of plain int8, measured. */
  base: number;
  /** What each level of each layer adds: [layer][level]; infinite where it was not worth measuring. */
  added: number[][];
  /** Predicted loss of a plan. */
  lossOf(plan: LevelPlan): number;
}

export type Progress = (done: number, all: number) => void;

/** Levels to be probed: the one that loses most, and one that loses least of those that lose enough to be measured well. */
function probed(losses: readonly number[], offered: readonly boolean[]): number[] {
  const order = losses.map((_, k) => k).filter((k) => k > 0 && offered[k] && losses[k] > 0);
  order.sort((a, b) => losses[b] - losses[a]);
  const fine = order.findLast((k) => losses[k] > leastShare * losses[order[0]]);
  return order.length > 0 ? [...new Set([order[0], fine ?? order[0]])] : [];
}

/** Of the largest loss: finer levels are extrapolated. */
const leastShare = 0.03;

/** Straight lines through logarithms; beyond the ends, and where there is but one point, in proportion. */
function interpolated(own: number, known: readonly { own: number; added: number }[]): number {
  const [high, low = high] = known;
  if (!high || !(own > 0)) return 0;
  const inside = own < high.own && own > low.own && low.added > 0 && high.added > 0;
  if (!inside) return own >= high.own ? (high.added * own) / high.own : (low.added * own) / low.own;
  const share = Math.log(own / low.own) / Math.log(high.own / low.own);
  return Math.exp(Math.log(low.added) * (1 - share) + Math.log(high.added) * share);
}

export async function predict(bench: Workbench, onProgress: Progress = () => {}): Promise<Prediction> {
  const { clean, layers, offered, ownLosses } = bench;
  const base = (await bench.verify(layers.map(() => 0))).loss;
  const wanted = offered.map((levels, layer) => probed(ownLosses[layer], levels));
  let done = 0;
  const added: number[][] = [];
  for (const [layer, levels] of wanted.entries()) {
    const known = levels.map((level) => {
      onProgress(done++, wanted.flat().length);
      return { own: ownLosses[layer][level], added: lossOf(clean, bench.probe(layer, level)) };
    });
    const of = (level: number): number => (level === 0 ? 0 : interpolated(ownLosses[layer][level], known));
    added.push(offered[layer].map((is, level) => (is ? of(level) : Number.POSITIVE_INFINITY)));
    // Others of the machine get a turn.
    await Promise.resolve();
  }
  return { base, added, lossOf: (plan) => plan.reduce((sum, level, layer) => sum + added[layer][level], base) };
}
