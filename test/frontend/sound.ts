// SPDX-License-Identifier: Apache-2.0
// A sound that is the same everywhere: tones that glide, noise, silence, and a loud end that clips.
import { xorshift32 } from '../../src/xorshift.js';

export const soundRate = 16_000;

/** One second. */
export function testSound(): Int16Array {
  const next = xorshift32(20_260_101);
  return Int16Array.from({ length: soundRate }, (_, i) => {
    const t = i / soundRate;
    const noise = (next() >>> 16) - 32_768;
    // Digital silence from 0.5 to 0.6 s; quiet before it, louder and louder behind it.
    if (t >= 0.5 && t < 0.6) return 0;
    const loudness = t < 0.5 ? 0.02 + 0.1 * t : 0.3 + 1.6 * (t - 0.6);
    const glide = Math.sin(2 * Math.PI * (200 * t + 1500 * t * t)) + 0.5 * Math.sin(2 * Math.PI * 3100 * t);
    const value = Math.round(loudness * (20_000 * glide + 0.2 * noise));
    return Math.max(-32_768, Math.min(32_767, value));
  });
}
