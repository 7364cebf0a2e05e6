// SPDX-License-Identifier: Apache-2.0
// Which token follows, from the logits.
import { argmax } from '../argmax.js';
import { xorshift32 } from '../xorshift.js';

export type Sampler = (logits: Float32Array) => number;

/** The most probable one, or at a temperature above 0 one by chance, the same for the same seed. */
export function makeSampler(temperature: number, seed: number): Sampler {
  if (temperature === 0) return (logits) => argmax(logits);
  // Of the seeds 0 to 2^32 - 1 none gives the state 0, in which xorshift stays for ever.
  const next = xorshift32((seed ^ 0x9e3779b9) >>> 0 || 1);
  return (logits) => {
    const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const weights = Float64Array.from(logits, (v) => Math.exp((v - most) / temperature));
    let rest = (next() / 2 ** 32) * weights.reduce((a, b) => a + b, 0);
    const chosen = weights.findIndex((w) => {
      rest -= w;
      return rest < 0;
    });
    return chosen < 0 ? argmax(logits) : chosen;
  };
}
