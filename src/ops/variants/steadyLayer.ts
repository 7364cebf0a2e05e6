// SPDX-License-Identifier: Apache-2.0
// Channels whose output is the same whatever the input: pruned ones, say, with weights of next to nothing and a bias in
// their tiny steps. Such a bias leaves no room for the fast forms of rescaling, and one channel keeps the whole layer from
// them. Coarser steps give the same output with a bias that is as small as can be; weights stay as they are stored.
import type { Rounding } from '../op.js';
import { type Multiplier, requantize } from '../requantize.js';

/** Folded biases below this leave room for every form. */
const largeBias = 2 ** 22;
const limit = 2 ** 31;
/** Behind the point: factors of 1/4 and more are out of reach of some forms. */
const leastBits = 8;

/** What of a layer gives its outputs from its sums. */
interface Rescaled {
  outC: number;
  weights: Int8Array;
  bias: Int32Array;
  multipliers: Multiplier[];
  inputZeroPoint: number;
  rounding: Rounding;
}

/** Least and greatest sum of each channel without its bias, the input's zero point taken off. */
export interface Reach {
  least: Float64Array;
  greatest: Float64Array;
  /** inputZeroPoint * sum of the weights. */
  zero: Float64Array;
}

/** `channelAt` says whose weight i is. */
export function reachOfSums(
  { weights, outC, inputZeroPoint }: Pick<Rescaled, 'weights' | 'outC' | 'inputZeroPoint'>,
  channelAt: (i: number) => number,
): Reach {
  const reach = { least: new Float64Array(outC), greatest: new Float64Array(outC), zero: new Float64Array(outC) };
  const [low, high] = [-128 - inputZeroPoint, 127 - inputZeroPoint];
  weights.forEach((w, i) => {
    const c = channelAt(i);
    reach.least[c] += Math.min(w * low, w * high);
    reach.greatest[c] += Math.max(w * low, w * high);
    reach.zero[c] += w * inputZeroPoint;
  });
  return reach;
}

/** The layer with such channels in coarser steps: equal for every input. */
export function steadyLayer<Layer extends Rescaled>(layer: Layer, reach: Reach): Layer {
  const [bias, multipliers] = [layer.bias.slice(), [...layer.multipliers]];
  for (let c = 0; c < layer.outC; c++) {
    const [least, greatest] = [reach.least[c], reach.greatest[c]];
    const m = layer.multipliers[c];
    const ends = [bias[c] + least, bias[c] + greatest];
    // Where a shift to the left overflows there is no order to rely on.
    if (Math.abs(bias[c] - reach.zero[c]) < largeBias || m.shift > 0 || ends.some((e) => Math.abs(e) >= limit))
      continue;
    const [value, other] = ends.map((e) => requantize(e, m, layer.rounding));
    // Sums are within a quarter of an output's step around the middle.
    const bits = Math.max(leastBits, Math.ceil(Math.log2(greatest - least + 1)) + 1);
    const middle = value * 2 ** bits - Math.round((least + greatest) / 2);
    if (value !== other || bits > 30 || Math.abs(middle) + (greatest - least) >= Math.abs(bias[c])) continue;
    bias[c] = middle;
    multipliers[c] = { multiplier: 2 ** 30, shift: 1 - bits };
  }
  return { ...layer, bias, multipliers };
}
