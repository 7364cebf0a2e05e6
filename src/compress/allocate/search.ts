// SPDX-License-Identifier: Apache-2.0
// From budgets to a plan: the plan of least predicted loss, exactly, or a uniform one that measures better; then evolution,
// in which every plan is rounded and measured as pack will round it. What measures best wins.
import { type Budget, choosePlan, leastPlan, solvePlan, tightened } from './choosePlan.js';
import type { LevelPlan } from './levelPlan.js';
import { fits, type Judge, type Judged, keyOf, openJudge, polish } from './polish.js';
import type { Prediction } from './predict.js';
import type { Solver } from './solve.js';
import { uniformPlans } from './uniformPlans.js';
import type { Workbench } from './workbench.js';

export interface SearchOptions {
  seed: number;
  /** Plans that the evolution measures. */
  evaluations: number;
  /** Budgets of the front, of which the middle ones' plans are measured too. */
  frontLimits: readonly number[];
  onProgress?: (what: string, done: number, all: number) => void;
  /** What plans have been measured with so far; all fit unless given. */
  judging?: ReturnType<typeof openJudge>;
}

export interface FrontPoint {
  plan: LevelPlan;
  /** Corrected. */
  predicted: number;
  /** Of some. */
  measured?: number;
}

/** Measured loss over predicted loss of plans elsewhere on the front: what predictions are multiplied with. */
export interface Correction {
  factor: number;
  plans: number;
}

export interface Found extends Judged {
  /** Corrected by plans other than this one. */
  predicted: number;
  /** As the probes alone say. */
  probed: number;
  correction: Correction;
  /** Plans that were measured end to end. */
  tried: number;
  front: FrontPoint[];
}

/** Share of the front, from its smallest, whose plans are measured: the ends tell least about what lies between. */
const measuredAt = [0.15, 0.4, 0.7];

/** Plans between the smallest and the largest of the first budget, the others kept; each predicted better than all before. */
function frontPlans(
  solve: Solver,
  prediction: Prediction,
  budgets: readonly Budget[],
  limits: readonly number[],
): LevelPlan[] {
  const plans = new Map<string, LevelPlan>();
  for (const limit of limits) {
    const plan = choosePlan(solve, prediction, [{ ...budgets[0], limit }, ...budgets.slice(1)]);
    if (plan) plans.set(keyOf(plan), plan);
  }
  let least = Number.POSITIVE_INFINITY;
  return [...plans.values()].filter((plan) => {
    const loss = prediction.lossOf(plan);
    if (loss >= least) return false;
    least = loss;
    return true;
  });
}

async function measuredPlans(plans: readonly LevelPlan[], judge: Judge): Promise<Map<LevelPlan, Judged>> {
  const chosen = new Set(measuredAt.map((share) => plans[Math.round(share * (plans.length - 1))]));
  const measured = new Map<LevelPlan, Judged>();
  for (const plan of chosen) if (plan) measured.set(plan, await judge(plan));
  return measured;
}

/** Geometric mean. A plan does not correct its own prediction. */
function correctionOf(prediction: Prediction, measured: Iterable<Judged>, without: LevelPlan): Correction {
  const logs = [...measured]
    .filter((m) => keyOf(m.plan) !== keyOf(without) && m.loss > 0)
    .map((m) => Math.log(m.loss / prediction.lossOf(m.plan)))
    .filter(Number.isFinite);
  const mean = logs.reduce((a, b) => a + b, 0) / Math.max(1, logs.length);
  return { factor: Math.exp(mean), plans: logs.length };
}

/** Solutions tried before the smallest plans: each must fit once it is rounded, which the probes cannot promise. */
const attempts = 6;

export async function firstThatFits(
  bench: Workbench,
  solve: Solver,
  losses: Pick<Prediction, 'added'>,
  budgets: readonly Budget[],
  judge: Judge,
): Promise<Judged | undefined> {
  let room = budgets;
  for (let i = 0; i < attempts; i++) {
    const plan = solvePlan(solve, losses.added, room);
    if (!plan) break;
    const judged = await judge(plan);
    if (fits(judged)) return judged;
    room = tightened(room, plan, judged.excess);
  }
  for (let which = 0; which < budgets.length; which++) {
    const plan = leastPlan(solve, budgets, which, bench.offered);
    const judged = plan && (await judge(plan));
    if (judged && fits(judged)) return judged;
  }
  return undefined;
}

/** The better of a plan and the uniform ones that fit. */
async function orUniform(bench: Workbench, budgets: readonly Budget[], judge: Judge, start: Judged): Promise<Judged> {
  let best = start;
  for (const plan of uniformPlans(bench, budgets)) {
    const judged = await judge(plan);
    if (fits(judged) && judged.loss < best.loss) best = judged;
  }
  return best;
}

export async function search(
  bench: Workbench,
  solve: Solver,
  prediction: Prediction,
  budgets: readonly Budget[],
  { seed, evaluations, frontLimits, onProgress, judging }: SearchOptions,
): Promise<Found | undefined> {
  const { judge, known } = judging ?? openJudge(bench);
  const first = await firstThatFits(bench, solve, prediction, budgets, judge);
  if (!first) return undefined;
  const start = await orUniform(bench, budgets, judge, first);
  const plans = frontPlans(solve, prediction, budgets, frontLimits);
  onProgress?.('rounding plans of the front', 0, measuredAt.length);
  const measured = await measuredPlans(plans, judge);
  const best = await polish(bench, prediction, start, budgets, judge, {
    seed,
    evaluations,
    onProgress: (done, all) => onProgress?.('polishing', done, all),
  });
  const corrected = (of: LevelPlan): number =>
    prediction.lossOf(of) * correctionOf(prediction, measured.values(), of).factor;
  return {
    ...best,
    probed: prediction.lossOf(best.plan),
    predicted: corrected(best.plan),
    correction: correctionOf(prediction, measured.values(), best.plan),
    tried: known.size,
    front: plans.map((p) => ({ plan: p, predicted: corrected(p), measured: measured.get(p)?.loss })),
  };
}
