// SPDX-License-Identifier: Apache-2.0
// MLPerf Tiny's three modes over the firmware's text commands, as its public runner drives them (mlcommons/tiny,
// benchmark/runner/script.py): bytes by `db`, windows by `infer N W`, five windows, the median of them.
import { argmax } from '../argmax.js';
import { fail } from '../cli/errors.js';
import type { AgentText } from '../device/agentText.js';
import type { EnergyReport } from './energy.js';
import { quantile } from './statistics.js';

export interface MlperfSample {
  name: string;
  bytes: Uint8Array;
  /** Class; of ad01 1 is an anomaly. */
  label: number;
}

export interface MlperfWindow {
  inferences: number;
  seconds: number;
  results: number[];
}

/** The runner sends no longer commands: 31 bytes, in energy mode 26 (device_under_test.py). */
const bytesPerCommand = { performance: 31, energy: 26 } as const;
const shortMs = 10_000;
/** The rules: the median of exactly five. */
export const windowCount = 5;

export interface MlperfTarget {
  text: AgentText;
  board: string;
  mode: 'performance' | 'energy';
  /** Longest that one window may take. */
  windowMs: number;
}

export async function loadSample({ text, board, mode }: MlperfTarget, bytes: Uint8Array): Promise<void> {
  const step = bytesPerCommand[mode];
  const say = (answer: string[]) => fail('device.protocol', { board, reason: `to 'db' it said '${answer.join(' ')}'` });
  const announced = await text.command(`db load ${bytes.length}`, shortMs);
  if (!announced.includes(`m-[Expecting ${bytes.length} bytes]`)) say(announced);
  for (let at = 0; at < bytes.length; at += step) {
    const answer = await text.command(`db ${Buffer.from(bytes.subarray(at, at + step)).toString('hex')}`, shortMs);
    const done = at + step >= bytes.length;
    if (done !== answer.includes('m-load-done') || answer.some((line) => line.startsWith('e-'))) say(answer);
  }
}

export async function inferWindow(
  { text, board, mode, windowMs }: MlperfTarget,
  inferences: number,
  warmups: number,
): Promise<MlperfWindow> {
  const lines = await text.command(`infer ${inferences} ${warmups}`, windowMs);
  const error = lines.find((line) => line.startsWith('e-'));
  if (error) fail('device.protocol', { board, reason: `to 'infer' it said '${error}'` });
  const laps = lines.flatMap((line) => /^m-lap-us-([0-9]+)$/.exec(line)?.[1] ?? []).map(Number);
  const values = lines.map((line) => /^m-results-\[([^\]]+)\]$/.exec(line)?.[1]).find((v) => v !== undefined);
  if (values === undefined || (mode === 'performance' && laps.length !== 2))
    return fail('device.protocol', {
      board,
      reason: `'infer' gave ${laps.length} timestamps and ${values ?? 'no'} results`,
    });
  const seconds = laps.length === 2 ? (laps[1] - laps[0]) / 1e6 : Number.NaN;
  return { inferences, seconds, results: values.split(',').map(Number) };
}

/** As many inferences as a window of this length takes, at least 10 (MLPerf Tiny rules). */
export async function inferencesFor(target: MlperfTarget, seconds: number): Promise<number> {
  const probe = await inferWindow(target, 10, 1);
  return Math.max(leastInferences, Math.ceil((1.02 * seconds * 10) / probe.seconds));
}

/** The rules' window: at least 10 inferences and so many seconds. */
const leastInferences = 10;

const requirementLine = (
  { seconds, inferences }: Pick<MlperfWindow, 'seconds' | 'inferences'>,
  leastSeconds: number,
) =>
  seconds >= leastSeconds && inferences >= leastInferences
    ? 'Runtime requirements have been met.'
    : 'Runtime requirements have NOT been met: this is not valid for submission.';

/** `00012.345 ulp-mlperf: ` before each line: seconds since the start, as the logs of record have it. */
export function resultLines(windows: readonly MlperfWindow[], leastSeconds: number): string[] {
  const lines = windows.flatMap((w, i) => [
    `Performance results for window ${i + 1}:`,
    `  # Inferences : ${String(w.inferences).padStart(13)}`,
    `  Runtime      : ${w.seconds.toFixed(3).padStart(13)} sec.`,
    `  Throughput   : ${(w.inferences / w.seconds).toFixed(3).padStart(13)} inf./sec.`,
    requirementLine(w, leastSeconds),
  ]);
  if (windows.length !== windowCount) return [...lines, `${windows.length} of ${windowCount} windows: no median.`];
  const rule = '-'.repeat(57);
  return [...lines, rule, `Median throughput is ${medianThroughput(windows).toFixed(3)} inf./sec.`, rule];
}

/** The energy log's form: what each window took, whether it was long enough, and the median of them. */
export function energyLines(report: EnergyReport, starts: readonly number[], leastSeconds: number): string[] {
  const micro = (joules: number) => (joules * 1e6).toFixed(3).padStart(13);
  const lines = report.windows.flatMap((w, i) => [
    `Energy data for window ${i + 1} at time ${starts[i].toFixed(2)} for ${w.seconds.toFixed(2)} sec.:`,
    `  Energy       : ${micro(w.joules)} uJ`,
    `  Power        : ${micro(w.joules / w.seconds)} uW`,
    `  Energy/Inf.  : ${micro(w.joules / report.inferencesPerWindow)} uJ/inf.`,
    requirementLine({ seconds: w.seconds, inferences: report.inferencesPerWindow }, leastSeconds),
  ]);
  if (report.windows.length !== windowCount)
    return [...lines, `${report.windows.length} of ${windowCount} windows: no median.`];
  const rule = '-'.repeat(57);
  return [...lines, rule, `Median energy cost is ${(report.perInference.median * 1e6).toFixed(3)} uJ/inf.`, rule];
}

export const medianThroughput = (windows: readonly MlperfWindow[]): number =>
  quantile(Float64Array.from(windows, (w) => w.inferences / w.seconds).sort(), 0.5);

export interface Accuracy {
  count: number;
  correct: number;
  /** Null for anomaly scores, which have no class of their own. */
  top1: number | null;
  auc: number;
}

/** Top-1 of class scores, and the area under the ROC averaged over the classes that both occur and do not. */
export function accuracyOf(results: readonly number[][], labels: readonly number[]): Accuracy {
  const scores = results[0].length === 1;
  const correct = scores ? 0 : results.filter((r, i) => argmax(r) === labels[i]).length;
  const classes = scores ? [1] : [...new Set(labels)].sort((a, b) => a - b);
  const areas = classes.map((c) =>
    areaUnderRoc(
      results.map((r) => (scores ? r[0] : r[c])),
      labels.map((l) => l === c),
    ),
  );
  const known = areas.filter((a) => !Number.isNaN(a));
  return {
    count: labels.length,
    correct,
    top1: scores ? null : correct / labels.length,
    auc: known.reduce((a, b) => a + b, 0) / known.length,
  };
}

/** The Mann-Whitney statistic: how often a positive has the higher score, equal ones counted half. */
export function areaUnderRoc(scores: readonly number[], positive: readonly boolean[]): number {
  const order = scores.map((score, i) => ({ score, positive: positive[i] })).sort((a, b) => a.score - b.score);
  const positives = order.filter((o) => o.positive).length;
  const negatives = order.length - positives;
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && order[to].score === order[from].score) to++;
    const meanRank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (order[i].positive) rankSum += meanRank;
    from = to;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
