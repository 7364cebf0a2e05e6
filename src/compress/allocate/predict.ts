// SPDX-License-Identifier: Apache-2.0
// The loss of any plan: that of plain int8, and what each layer's level adds, measured by probes (probes.ts). Errors of
// layers are added up as if they were independent: sequential rounding takes back what goes with the layers' inputs. Not
// every level is probed: what a layer adds goes with the squared error of its own output, to half a decibel.

import type { LevelPlan } from './levelPlan.js';
import { familyOf } from './levels.js';
import { lossOf } from './quality.js';
import type { Workbench } from './workbench.js';

export interface Prediction {
  /** Loss of plain int8, measured. */
  base: number;
  /** What each level of each layer adds: [layer][level]; infinite where no plan could be better with it. */
  added: number[][];
  /** Predicted loss of a plan. */
  lossOf(plan: LevelPlan): number;
}

export type Progress = (done: number, all: number) => void;

/** Levels to be probed: the one that loses most, and one that loses least of those that lose enough to be measured well. */
function probed(losses: readonly number[], family: readonly number[]): number[] {
  const order = family.filter((k) => k > 0 && losses[k] > 0);
  order.sort((a, b) => losses[b] - losses[a]);
  const fine = order.findLast((k) => losses[k] > leastShare * losses[order[0]]);
  return order.length > 0 ? [...new Set([order[0], fine ?? order[0]])] : [];
}

/** Of the largest loss: finer levels are extrapolated. */
const leastShare = 0.03;

/** Straight lines through logarithms; beyond the ends, and where there is but one point, in proportion. Without any, no plan
 *  could be better with such a level. */
function interpolated(own: number, known: readonly { own: number; added: number }[]): number {
  const [high, low = high] = known;
  if (!(own > 0)) return 0;
  if (!high) return Number.POSITIVE_INFINITY;
  const inside = own < high.own && own > low.own && low.added > 0 && high.added > 0;
  if (!inside) return own >= high.own ? (high.added * own) / high.own : (low.added * own) / low.own;
  const share = Math.log(own / low.own) / Math.log(high.own / low.own);
  return Math.exp(Math.log(low.added) * (1 - share) + Math.log(high.added) * share);
}

export async function predict(bench: Workbench, onProgress: Progress = () => {}): Promise<Prediction> {
  const { clean, layers, levels, offered, open, ownLosses } = bench;
  const base = (await bench.verify(layers.map(() => 0))).loss;
  const families = new Map<string, number[]>();
  levels.forEach((level, k) => void families.set(familyOf(level), [...(families.get(familyOf(level)) ?? []), k]));
  const wanted = offered.map((is, layer) =>
    [...families.values()].map((family) => {
      const members = family.filter((k) => open[layer][k]);
      const probes = probed(
        ownLosses[layer],
        family.filter((k) => is[k]),
      );
      return { members, probes };
    }),
  );
  const count = wanted.flat().reduce((sum, w) => sum + w.probes.length, 0);
  let done = 0;
  const known = wanted.map((groups, layer) => {
    const losses = levels.map(() => Number.POSITIVE_INFINITY);
    for (const { members, probes } of groups) {
      const points = probes.map((level) => {
        onProgress(done++, count);
        return { own: ownLosses[layer][level], added: lossOf(clean, bench.probe(layer, level)) };
      });
      for (const k of members) losses[k] = k === 0 ? 0 : interpolated(ownLosses[layer][k], points);
    }
    return losses;
  });
  const added = known.map((losses, layer) => losses.map((v, k) => (offered[layer][k] ? v : Number.POSITIVE_INFINITY)));
  return { base, added, lossOf: (plan) => plan.reduce((sum, level, layer) => sum + known[layer][level], base) };
}
