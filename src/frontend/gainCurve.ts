// SPDX-License-Identifier: Apache-2.0
// The gain of pcan over its noise: (noise + offset)^-strength in float32, and a parabola between powers of two, as
// tflite-micro's PcanGainLookupFunction and WideDynamicFunction have it.
import { curveLength } from '../ops/pcan.js';

export const gainBits = 21;
const [strength, offset] = [0.95, 80];
const f = Math.fround;

/** inputBits: behind the point of the noise. */
function gainOf(noise: number, inputBits: number): number {
  const real = f(f(noise) / 2 ** inputBits);
  const gain = f(2 ** gainBits * f(f(real + offset) ** -f(strength)));
  return gain > 32767 ? 32767 : Math.trunc(f(gain + 0.5));
}

export function gainCurve(inputBits: number): Int16Array {
  const curve = new Int16Array(curveLength + 1);
  curve[0] = gainOf(0, inputBits);
  curve[1] = gainOf(1, inputBits);
  for (let bits = 2; bits <= 32; bits++) {
    const low = 2 ** (bits - 1);
    const high = bits === 32 ? 2 ** 32 - 1 : 2 * low;
    const [first, middle, last] = [low, low + low / 2, high].map((x) => gainOf(x, inputBits));
    const slope = 4 * (middle - first) - (last - first);
    curve.set([first, slope, last - first - slope], 4 * bits - 6);
  }
  return curve.slice(0, curveLength);
}
