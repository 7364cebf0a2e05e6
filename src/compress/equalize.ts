// SPDX-License-Identifier: Apache-2.0
// Cross-layer equalization (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
// Correction", arXiv:1906.04721, section 4.1): scales channels between two layers so that both use their range. The
// function computed stays the same.
import type { Graph } from '../model/graph.js';
import { applyScale, largestPer, type Pair, scalePairs } from './layerPairs.js';

/** The scales settle in a few rounds along a chain; more change nothing that matters. */
const rounds = 20;
const settled = 1e-3;
/** Keeps a channel that is almost dead in one layer from taking the other out of float32's comfortable range. */
const largestScale = 1e4;

export function equalize(source: Graph): Graph {
  return scalePairs(source, (pairs) => {
    for (let round = 0; round < rounds; round++) {
      const change = pairs.reduce((largest, pair) => Math.max(largest, balance(pair)), 0);
      if (change < settled) break;
    }
  });
}

/** Scales one pair by s = sqrt(r1 * r2) / r2 per channel (equation 11) and returns the largest change of |log s|. */
function balance(pair: Pair): number {
  const { first, second, inputOf } = pair;
  const { channels } = first.weights;
  const r1 = largestPer(first.weights.values, first.outputOf, channels);
  const r2 = largestPer(second.weights.values, inputOf, channels);
  const scale = r1.map((r, c) => {
    const s = Math.sqrt(r / r2[c]);
    return Number.isFinite(s) && s > 0 ? Math.min(largestScale, Math.max(1 / largestScale, s)) : 1;
  });
  applyScale(pair, scale);
  return scale.reduce((largest, s) => Math.max(largest, Math.abs(Math.log(s))), 0);
}
