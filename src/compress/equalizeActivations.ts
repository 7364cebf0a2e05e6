// SPDX-License-Identifier: Apache-2.0
// Equalization for per-channel weights: those do not mind how large an output channel is, but the activations between
// two layers share one scale, so channels of little range lose bits. Scaling each by its calibrated peak gives them
// back. A depthwise layer behind takes the scale for free (its weights have a scale per channel too); a full one pays
// in its own rounding, so the scale is split between both as in SmoothQuant (Xiao et al. 2022, arXiv:2211.10438,
// equation 4, with alpha = 1/2).
import type { Graph, TensorId } from '../model/graph.js';
import { applyScale, largestPer, type Pair, scalePairs } from './layerPairs.js';

/** A channel is enlarged at most this much: beyond its calibrated peak it clips. */
const largestGain = 32;

/** `peaks`: largest magnitude of each activation per channel. */
export function equalizeActivations(source: Graph, peaks: ReadonlyMap<TensorId, Float64Array>): Graph {
  return scalePairs(source, (pairs) => {
    for (const pair of pairs) {
      const seen = peaks.get(pair.first.node.outputs[0]);
      if (seen?.length === pair.first.weights.channels) applyScale(pair, scaleOf(pair, seen));
    }
  });
}

function scaleOf(pair: Pair, peaks: Float64Array): Float64Array {
  const weights = isDepthwise(pair) ? undefined : relativeColumns(pair);
  const wanted = peaks.map((peak, c) => (weights ? Math.sqrt(peak / weights[c]) : peak));
  const largest = wanted.reduce((a, s) => (Number.isFinite(s) ? Math.max(a, s) : a), 0);
  return wanted.map((s) => (Number.isFinite(s) && largest > 0 ? Math.max(s / largest, 1 / largestGain) : 1));
}

const isDepthwise = ({ second }: Pair): boolean => second.node.op === 'depthwiseConv2d';

/** Largest weight that meets each input channel, every output channel measured by its own largest weight. */
function relativeColumns({ first, second, inputOf }: Pair): Float64Array {
  const { values, channels } = second.weights;
  const rows = largestPer(values, second.outputOf, channels);
  const relative = values.map((w, i) => w / (rows[second.outputOf(i)] || 1));
  return largestPer(relative, inputOf, first.weights.channels);
}
