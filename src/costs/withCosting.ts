// SPDX-License-Identifier: Apache-2.0
// A run record with what was predicted before the run beside what was counted, and with what cost tables learn from.
import type { PackManifest } from '../generated/pack.js';
import type { RunRecord } from '../generated/run.js';
import type { Predicted, Prediction } from './predict.js';
import { callOf } from './sampleRun.js';

const part = (
  p: Predicted | undefined,
  energy: { joules: number } | undefined,
): { predicted?: NonNullable<RunRecord['predicted']> } =>
  p
    ? {
        predicted: {
          count: Math.round(p.count),
          errorPercent: p.errorPercent,
          from: p.from,
          ...(energy && { joules: energy.joules }),
        },
      }
    : {};

/** `prediction`: in the record's unit, of all layers of the pack. */
export function withCosting(
  record: RunRecord,
  { layers }: Pick<PackManifest, 'layers'>,
  prediction: Prediction | undefined,
): RunRecord {
  const usable = prediction?.unit === record.counter.unit ? prediction : undefined;
  return {
    ...record,
    layers: record.layers.map((l) => {
      const call = callOf(layers[l.index]);
      return { ...l, ...part(usable?.layers[l.index], usable?.layers[l.index]?.energy), ...(call ? { call } : {}) };
    }),
    ...(usable?.missing === 0 ? part(usable.whole, usable.energy) : {}),
  };
}
