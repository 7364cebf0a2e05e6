// SPDX-License-Identifier: Apache-2.0
// An addition as a 1x1 convolution over both maps: the ratio of the two scales as a fraction of two weights.
import type { Scale } from '../../../ops/quantized.js';
import type { KpuLayer } from './kpuLayer.js';

/** Two weights up to 255 with a : b as close to the ratio as there is, largest first. */
function fraction(ratio: number): [a: number, b: number] {
  let best: [number, number] = [255, 1];
  let least = Number.POSITIVE_INFINITY;
  for (let b = 255; b >= 1; b--) {
    const a = Math.min(255, Math.max(1, Math.round(b * ratio)));
    const error = Math.abs(Math.log(a / b / ratio));
    if (error < least) [least, best] = [error, [a, b]];
  }
  return best;
}

/** Weights, factors and offsets of an addition. `begin`: channel at which the second map begins; 0: both are one map. */
export function addWeights(
  channels: number,
  begin: number,
  { a, b, y }: { a: Scale; b: Scale; y: Scale },
): Pick<KpuLayer, 'weights' | 'weightZero' | 'inputZero' | 'factors' | 'offsets'> {
  const [wa, wb] = begin === 0 ? [1, 1] : fraction(a.scale / b.scale);
  const inputs = begin + channels;
  const weights = new Uint8Array(channels * inputs);
  for (let c = 0; c < channels; c++) {
    weights[c * inputs + c] += wa;
    if (begin > 0) weights[c * inputs + begin + c] += wb;
  }
  // With one map, x + x: twice the scale.
  const perUnit = begin === 0 ? (2 * a.scale) / y.scale : (a.scale / wa + b.scale / wb) / 2 / y.scale;
  const zeros = begin === 0 ? a.zeroPoint : wa * a.zeroPoint + wb * b.zeroPoint;
  return {
    weights,
    weightZero: 0,
    inputZero: 0,
    factors: new Float64Array(channels).fill(perUnit),
    offsets: new Float64Array(channels).fill(-zeros * perUnit),
  };
}
