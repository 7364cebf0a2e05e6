// SPDX-License-Identifier: Apache-2.0
// The guard: counts against the committed baseline (bench/baseline.json). Worse by more than 1 % is a failure.
import type { KernelRow } from './kernels.js';
import type { ModelRow } from './models.js';

export interface Baseline {
  /** `kws virtual-m4 tflite` -> figures. */
  models: Record<string, { instructions: number; arenaBytes: number; codeBytes: number }>;
  /** `1x1 conv 12x12 64->64 cortex-m4 tflite` -> instructions. */
  kernels: Record<string, number>;
}

const tolerance = 1.01;

const modelKey = (r: ModelRow): string =>
  `${r.model} ${r.board} ${r.rounding}${r.prefer === 'balance' ? '' : ` ${r.prefer}`}`;
const kernelKey = (r: KernelRow): string => `${r.shape} ${r.target} ${r.rounding}`;
const sorted = <T>(rows: readonly [string, T][]): Record<string, T> =>
  Object.fromEntries([...rows].sort(([a], [b]) => (a < b ? -1 : 1)));

export function baselineOf(models: readonly ModelRow[], kernels: readonly KernelRow[]): Baseline {
  return {
    models: sorted(
      models.map((r) => [
        modelKey(r),
        { instructions: r.instructions, arenaBytes: r.arenaBytes, codeBytes: r.codeBytes },
      ]),
    ),
    kernels: sorted(kernels.map((r) => [kernelKey(r), r.instructions])),
  };
}

/** The rows of both, those of `now` where both have one. */
export const merged = (before: Baseline, now: Baseline): Baseline => ({
  models: sorted(Object.entries({ ...before.models, ...now.models })),
  kernels: sorted(Object.entries({ ...before.kernels, ...now.kernels })),
});

/** One line for each figure that got worse by more than 1 %, and for each that has no baseline. */
export function regressions(now: Baseline, before: Baseline): string[] {
  const lines: string[] = [];
  const judge = (what: string, value: number, old: number | undefined): void => {
    if (old === undefined) lines.push(`${what}: ${value}, not in the baseline`);
    else if (value > old * tolerance)
      lines.push(`${what}: ${value}, was ${old} (+${((100 * value) / old - 100).toFixed(1)} %)`);
  };
  for (const [key, row] of Object.entries(now.models)) {
    const old = before.models[key];
    judge(`${key} count`, row.instructions, old?.instructions);
    judge(`${key} arena`, row.arenaBytes, old?.arenaBytes);
    judge(`${key} code`, row.codeBytes, old?.codeBytes);
  }
  for (const [key, count] of Object.entries(now.kernels)) judge(key, count, before.kernels[key]);
  return lines;
}
