// SPDX-License-Identifier: Apache-2.0
// Microjoules of one kernel on some shapes -> a row of its own, fitted as its counts are (fitKernel.ts): it starts from the
// row of counts, which energy follows but for what the kernel does in them.
import type { CostSample } from '../generated/costs.js';
import type { Cost } from '../ops/variants/choose.js';
import { byShape, fitKernel, grouped, rootMeanSquare } from './fitKernel.js';

export interface KernelEnergy extends Cost {
  how: 'fit' | 'ratio';
  shapes: number;
  /** Root mean square on shapes that were left out; of a single shape the meter's uncertainty is no such error: null. */
  errorPercent: number | null;
  from: 'emulated' | 'measured';
}

/** Of each kernel that was metered; what silicon gave, where it gave something. `rows`: counts. */
export function kernelEnergies(
  samples: readonly CostSample[],
  rows: Readonly<Record<string, Cost>>,
): Record<string, KernelEnergy> {
  const metered = samples.flatMap(({ kernel, work, energy }) =>
    energy ? [{ kernel, work, count: energy.microjoules, source: energy.source }] : [],
  );
  const energies: Record<string, KernelEnergy> = {};
  for (const [kernel, all] of grouped(metered, (m) => m.kernel)) {
    const silicon = all.filter((m) => m.source === 'measured');
    const own = silicon.length > 0 ? silicon : all;
    const fitted = rows[kernel] && fitKernel(own, rows[kernel]);
    if (!fitted) continue;
    const { cost, how, errors } = fitted;
    energies[kernel] = {
      ...cost,
      how,
      shapes: byShape(own).length,
      errorPercent: errors.length > 0 ? Number((100 * rootMeanSquare(errors)).toPrecision(3)) : null,
      from: own[0].source,
    };
  }
  return energies;
}
