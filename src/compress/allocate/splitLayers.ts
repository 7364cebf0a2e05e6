// SPDX-License-Identifier: Apache-2.0
// A float graph with some layers as two (lowRank.ts), and for what lies between the two what the calibration would say of it.
import type { Graph, Node, TensorId } from '../../model/graph.js';
import type { Statistics } from '../calibrate.js';
import { factorLayers, lowName } from '../lowRank.js';
import { centred, type Moments } from '../moments.js';
import type { Range } from '../range.js';

/** Of a float graph; by tensor. */
export interface Measured {
  graph: Graph;
  /** Not around the mean; by each layer's output. */
  raw: ReadonlyMap<TensorId, Moments>;
  /** Around it. */
  moments: ReadonlyMap<TensorId, Moments>;
  means: Statistics['means'];
  ranges: ReadonlyMap<TensorId, Range>;
}

/** Of a channel's spread: what lies beyond is rare. */
const reach = 4;

/** What R x has for x of these moments: R C R^T around R E[x]. */
function passed(right: Float32Array, rank: number, { columns: n, matrices, means, windows }: Moments): Moments {
  const [c, mean] = [matrices[0], means[0]];
  const rc = new Float64Array(rank * n);
  for (let k = 0; k < rank; k++)
    for (let i = 0; i < n; i++) {
      const r = right[k * n + i];
      for (let j = 0; j < n; j++) rc[k * n + j] += r * c[i * n + j];
    }
  const matrix = new Float64Array(rank * rank);
  for (let a = 0; a < rank; a++)
    for (let b = 0; b < rank; b++) for (let j = 0; j < n; j++) matrix[a * rank + b] += rc[a * n + j] * right[b * n + j];
  const low = Float64Array.from({ length: rank }, (_, k) => mean.reduce((sum, v, j) => sum + v * right[k * n + j], 0));
  return { columns: rank, matrices: [matrix], means: [low], rowsPerMatrix: 0, windows };
}

function rangeOf({ columns: n, matrices, means }: Moments): Range {
  const spread = (k: number): number => reach * Math.sqrt(Math.max(0, matrices[0][k * n + k]));
  const channels = Array.from({ length: n }, (_, k) => k);
  return {
    min: Math.min(0, ...channels.map((k) => means[0][k] - spread(k))),
    max: Math.max(0, ...channels.map((k) => means[0][k] + spread(k))),
  };
}

export function splitLayers(
  given: Measured,
  rankOf: (node: Node, shape: readonly number[]) => number | undefined,
): Measured {
  const graph = factorLayers(given.graph, given.raw, rankOf);
  const [moments, means, ranges] = [new Map(given.moments), new Map(given.means), new Map(given.ranges)];
  const first = new Map(graph.nodes.map((n) => [n.name, n]));
  for (const node of graph.nodes) {
    const half = first.get(lowName(node.name));
    const whole = given.raw.get(node.outputs[0]);
    if (!half || !whole || node.inputs[0] !== half.outputs[0]) continue;
    const { data, shape } = graph.tensors[half.inputs[1]];
    const own = centred(whole);
    const middle = passed(data as Float32Array, shape[0], own);
    moments.set(half.outputs[0], { ...own, rowsPerMatrix: shape[0] });
    moments.set(node.outputs[0], { ...middle, rowsPerMatrix: whole.rowsPerMatrix });
    means.set(half.outputs[0], middle.means[0]);
    ranges.set(half.outputs[0], rangeOf(middle));
  }
  return { ...given, graph, moments, means, ranges };
}
