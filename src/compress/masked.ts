// SPDX-License-Identifier: Apache-2.0
// Scores of an attention that a mask keeps from counting are no signal: infinite, or a number far below all others. For a
// calibration they lie just below the rest, where a softmax makes nothing of them; integers saturate there.
import type { Graph, TensorId } from '../model/graph.js';

/** Below this a score counts as masked: exporters write -10000, -1e9, the lowest float or minus infinity. */
const maskedBelow = -5000;
/** e^-7 of the largest share is less than half of the 1/256 that an int8 softmax has as its step. */
const distance = 7;

const passing = new Set(['reshape', 'transpose', 'where', 'add']);

/** Tensors that only a softmax looks at, by way of masks and moves. */
export function maskedScores(graph: Graph): ReadonlySet<TensorId> {
  const producers = new Map(graph.nodes.flatMap((n) => n.outputs.map((id) => [id, n] as const)));
  const found = new Set<TensorId>();
  const open = graph.nodes.filter((n) => n.op === 'softmax' || n.op === 'logSoftmax').map((n) => n.inputs[0]);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = producers.get(id);
    if (node === undefined || found.has(id) || !passing.has(node.op)) continue;
    found.add(id);
    open.push(...node.inputs.filter((input) => graph.tensors[input]?.dtype === 'float32'));
  }
  return found;
}

/** The scores with masked ones just below the others. */
export function withoutMasked(scores: Float32Array): Float32Array {
  if (!scores.some((v) => v < maskedBelow)) return scores;
  const least = scores.reduce((m, v) => (v >= maskedBelow && v < m ? v : m), Number.POSITIVE_INFINITY);
  const low = (Number.isFinite(least) ? least : 0) - distance;
  return scores.map((v) => (v < maskedBelow ? low : v));
}
