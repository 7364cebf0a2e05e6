// SPDX-License-Identifier: Apache-2.0
// What a pack will take on a board, layer by layer and as a whole, and what was counted of it already.
import type { PackManifest } from '../generated/pack.js';
import { predictInstructions } from '../ops/variants/choose.js';
import type { Work } from '../ops/variants/variant.js';
import type { CostTable, How, KernelCost, Word } from './boardCosts.js';
import { callOf, shapeKey } from './sampleRun.js';

export interface Predicted {
  /** Estimated, in the table's unit. */
  count: number;
  errorPercent: number | null;
  /** What the estimate was learnt from. */
  from: Word;
}

export interface LayerPrediction extends Predicted {
  how: How;
  /** Shapes of the kernel that were counted. */
  shapes: number;
  /** What the same kernel took for the same shape. */
  counted?: { count: number; source: Word; from: string };
  /** Estimated: by the kernel's own row where a meter measured it alone, else by counts. */
  energy?: { joules: number; errorPercent: number | null; from: Word; by: 'kernel' | 'counts' };
}

export interface Prediction {
  unit: CostTable['unit'];
  /** By layer; undefined where the table has no row for the kernel. */
  layers: (LayerPrediction | undefined)[];
  /** Of all layers that have one; undefined where none has. */
  whole: Predicted | undefined;
  /** Layers without a prediction. */
  missing: number;
  /** Layers whose shape was counted, and what they took together. */
  counted: { layers: number; count: number };
  /** The same pack was profiled: the whole. */
  wholeCounted?: { count: number; source: Word };
  /** Estimated, of one inference; `kernels`: layers whose kernel was metered alone. */
  energy?: { joules: number; errorPercent: number | null; from: Word; models: number; kernels: number };
}

type Layer = PackManifest['layers'][number];

/** Errors of layers are taken to go one way: their sum is off by as much as they are on average. */
function together(parts: readonly Predicted[]): Predicted | undefined {
  if (parts.length === 0) return undefined;
  const count = parts.reduce((sum, p) => sum + p.count, 0);
  const off = parts.reduce((sum, p) => sum + p.count * (p.errorPercent ?? 0), 0);
  return {
    count,
    errorPercent: parts.some((p) => p.errorPercent === null) || count === 0 ? null : off / count,
    from: parts.every((p) => p.from === 'measured') ? 'measured' : 'emulated',
  };
}

const rowPrediction = (row: KernelCost, work: Work): LayerPrediction => ({
  count: predictInstructions(row, work),
  errorPercent: row.errorPercent,
  from: row.from,
  how: row.how,
  shapes: row.shapes,
});

/** A run of layers in bands: its kernels, and what lies between them by the board's ratio. */
function streamPrediction(
  { streamed = [], otherInstructions = 0 }: Layer,
  table: CostTable,
): LayerPrediction | undefined {
  const parts = streamed.flatMap(({ kernel, work }) => {
    const row = work && table.rows[kernel];
    return row ? [rowPrediction(row, work)] : [];
  });
  const sum = together(parts);
  if (!sum || parts.length < streamed.filter((s) => s.work).length) return undefined;
  const how = parts.some((p) => p.how === 'target') ? 'target' : 'board';
  return {
    ...sum,
    count: sum.count + otherInstructions * table.ratio,
    how,
    shapes: Math.min(...parts.map((p) => p.shapes)),
  };
}

function layerPrediction(layer: Layer, table: CostTable): LayerPrediction | undefined {
  if (layer.streamed) return streamPrediction(layer, table);
  const call = callOf(layer);
  const row = call && table.rows[layer.kernel];
  if (!call || !row) return undefined;
  const sample = table.counted.get(shapeKey(layer.kernel, call));
  return {
    ...rowPrediction(row, call.work),
    ...(sample ? { counted: { count: sample.count, source: sample.source, from: sample.from } } : {}),
  };
}

/** By the kernel's row where it has one, else what a count takes on this board. */
function layerEnergy(
  layer: Layer,
  { count, errorPercent }: LayerPrediction,
  { energy, energies }: CostTable,
): LayerPrediction['energy'] {
  const call = layer.streamed ? undefined : callOf(layer);
  const row = call && energies[layer.kernel];
  if (call && row) {
    const joules = predictInstructions(row, call.work) / 1e6;
    // A kernel metered on one shape: its energy is taken to be off like its count.
    return { joules, errorPercent: row.errorPercent ?? errorPercent, from: row.from, by: 'kernel' };
  }
  if (!energy) return undefined;
  return {
    joules: energy.joulesPerCount * count,
    errorPercent: withinPercent(errorPercent, energy.errorPercent),
    from: energy.from,
    by: 'counts',
  };
}

/** Of all layers, whose errors are taken to go one way. */
function wholeEnergy(layers: readonly LayerPrediction[], models: number): Prediction['energy'] {
  const parts = layers.flatMap(({ energy }) => energy ?? []);
  if (parts.length === 0 || parts.length < layers.length) return undefined;
  const sum = together(parts.map((p) => ({ ...p, count: p.joules })));
  if (!sum) return undefined;
  const kernels = parts.filter((p) => p.by === 'kernel').length;
  return { joules: sum.count, errorPercent: sum.errorPercent, from: sum.from, models, kernels };
}

const withinPercent = (a: number | null, b: number): number | null => (a === null ? null : Math.hypot(a, b));

export function predictPack(
  { layers: list, hash }: Pick<PackManifest, 'layers' | 'hash'>,
  table: CostTable,
): Prediction {
  const layers = list.map((l) => {
    const p = layerPrediction(l, table);
    const energy = p && layerEnergy(l, p, table);
    return energy ? { ...p, energy } : p;
  });
  const known = layers.filter((l) => l !== undefined);
  const whole = together(known);
  const counted = known.flatMap((l) => (l.counted ? [l.counted.count] : []));
  const session = table.sessions.findLast((s) => hash.startsWith(s.hash));
  const missing = layers.length - known.length;
  const energy = wholeEnergy(known, table.energy?.models ?? 0);
  return {
    unit: table.unit,
    layers,
    whole,
    missing,
    counted: { layers: counted.length, count: counted.reduce((sum, c) => sum + c, 0) },
    ...(session ? { wholeCounted: { count: session.count, source: session.source } } : {}),
    ...(energy ? { energy } : {}),
  };
}
