// SPDX-License-Identifier: Apache-2.0
// npx tsx bench/learnedCosts.ts BOARD RUN.json…: how well runs predict each other. From every set of these records (each of
// another model) the board's costs are learnt, and every other model's count is predicted.
import { loadBoard, loadTarget } from '../src/build/boards.js';
import { readRun } from '../src/cli/runFiles.js';
import { learntTable } from '../src/costs/boardCosts.js';
import { codeNow } from '../src/costs/costFile.js';
import { emptyCosts, withRun } from '../src/costs/sampleRun.js';
import type { RunRecord } from '../src/generated/run.js';
import { predictInstructions } from '../src/ops/variants/choose.js';

interface Trial {
  models: number;
  percentOff: number;
  stated: number | null;
}

const subsets = <T>(list: readonly T[]): T[][] =>
  Array.from({ length: 2 ** list.length }, (_, set) => list.filter((_item, i) => set & (1 << i)));

const [boardId, ...paths] = process.argv.slice(2);
const board = loadBoard(boardId);
const target = loadTarget(board.target);
const runs = await Promise.all(paths.map(readRun));

function trial(learnt: readonly RunRecord[], run: RunRecord): Trial {
  const file = learnt.reduce(withRun, emptyCosts(run));
  const { rows } = learntTable(file, target, board.clockHz, codeNow);
  const known = run.layers.flatMap((l) => {
    const row = rows[l.kernel];
    return l.call && row ? [{ count: predictInstructions(row, l.call.work), error: row.errorPercent }] : [];
  });
  const count = known.reduce((sum, k) => sum + k.count, 0);
  const stated = known.some((k) => k.error === null)
    ? null
    : known.reduce((sum, k) => sum + k.count * (k.error ?? 0), 0) / count;
  return { models: learnt.length, percentOff: 100 * (count / run.whole.median - 1), stated };
}

const trials: Trial[] = [];
for (const set of subsets(runs).filter((s) => s.length > 0))
  for (const run of runs.filter((r) => !set.includes(r))) {
    const t = trial(set, run);
    trials.push(t);
    const stated = t.stated === null ? 'no error known' : `${t.stated.toFixed(1)} % stated`;
    process.stdout.write(
      `${set.map((r) => r.name).join(' ')} -> ${run.name}: ${t.percentOff.toFixed(1)} % off, ${stated}\n`,
    );
  }
for (const models of [...new Set(trials.map((t) => t.models))].sort()) {
  const of = trials.filter((t) => t.models === models);
  const mean = Math.sqrt(of.reduce((sum, t) => sum + t.percentOff ** 2, 0) / of.length);
  const worst = Math.max(...of.map((t) => Math.abs(t.percentOff)));
  const within = of.filter((t) => t.stated !== null && Math.abs(t.percentOff) <= t.stated).length;
  process.stdout.write(
    `from ${models}: ${mean.toFixed(1)} % off (root mean square), ${worst.toFixed(1)} % at worst, ${within} of ${of.length} within what was stated\n`,
  );
}
