// SPDX-License-Identifier: Apache-2.0
// Where the weights of each layer lie, before and after they became integers: what a format did to them at a glance.
import { fail } from '../cli/errors.js';
import type { Graph, Node, Tensor, TensorData } from '../model/graph.js';
import { isWeighted } from '../passes/affine.js';
import { realValues } from '../passes/constants.js';
import { encodingName } from './formats/encoding.js';

export interface LayerHistogram {
  name: string;
  format: string;
  /** Bins lie between -reach and reach, the largest magnitude of the float weights. */
  reach: number;
  before: number[];
  after: number[];
}

export interface WeightHistograms {
  layers: LayerHistogram[];
}

const bins = 32;

function countInto(values: Float64Array, reach: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const v of values) {
    const bin = reach > 0 ? Math.floor(((v + reach) / (2 * reach)) * bins) : bins >> 1;
    counts[Math.min(bins - 1, Math.max(0, bin))]++;
  }
  return counts;
}

const weightsOf = (graph: Graph, node: Node): (Tensor & { data: TensorData }) | undefined => {
  const tensor = graph.tensors[node.inputs[1]];
  return tensor?.data ? { ...tensor, data: tensor.data } : undefined;
};

/** Layers are matched by name. `float` is what was quantized, after any scaling of its channels. */
export function weightHistograms(float: Graph, packed: Graph): WeightHistograms {
  const after = new Map(packed.nodes.filter((n) => isWeighted(n)).map((n) => [n.name, weightsOf(packed, n)]));
  const layers = float.nodes
    .filter((n) => isWeighted(n))
    .flatMap((node): LayerHistogram[] => {
      const [before, now] = [weightsOf(float, node), after.get(node.name)];
      if (!before || !now) return [];
      const values = realValues(before);
      const reach = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      return [
        {
          name: node.name,
          format: now.stored ? encodingName(now.stored.encoding) : 'int8',
          reach,
          before: countInto(values, reach),
          after: countInto(realValues(now), reach),
        },
      ];
    });
  return { layers };
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length === bins && value.every((n) => Number.isInteger(n) && n >= 0);

function isLayer(value: unknown): value is LayerHistogram {
  const { name, format, reach, before, after } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof format === 'string' &&
    typeof reach === 'number' &&
    isCounts(before) &&
    isCounts(after)
  );
}

/** Reads what a pack carries; it may have been changed. */
export function parseHistograms(text: string, path: string): WeightHistograms {
  try {
    const value: unknown = JSON.parse(text);
    const { layers } = (value ?? {}) as Record<string, unknown>;
    if (Array.isArray(layers) && layers.every(isLayer)) return { layers };
  } catch {
    // Said below.
  }
  return fail('pack.broken', { path, reason: 'its weight histograms are damaged' });
}
