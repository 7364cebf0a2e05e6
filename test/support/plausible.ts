// SPDX-License-Identifier: Apache-2.0
// Random but plausible inputs for models whose data set is not here.
import type { NpyArray } from '../../src/model/npy.js';

/** mulberry32: 2^32 states, uniform in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Images in 0…1 with the 1/f look of photographs: noise grids of 3 to 48 cells a side, interpolated, coarse ones stronger. */
export function smoothImages(seed: number, count: number, h: number, w: number, c: number): NpyArray {
  const random = uniform(seed);
  const data = new Float32Array(count * h * w * c);
  for (let k = 0; k < count; k++) {
    const image = data.subarray(k * h * w * c, (k + 1) * h * w * c);
    for (const cells of [3, 6, 12, 24, 48]) addGrid(image, h, w, c, cells, 1.2 / cells ** 0.8, random);
    const brightness = 0.3 + 0.4 * random();
    for (let i = 0; i < image.length; i++) image[i] = Math.min(1, Math.max(0, brightness + image[i]));
  }
  return { dtype: 'float32', shape: [count, h, w, c], data };
}

function addGrid(
  image: Float32Array,
  h: number,
  w: number,
  c: number,
  cells: number,
  strength: number,
  random: () => number,
): void {
  const side = cells + 2;
  const grey = Float32Array.from({ length: side * side }, () => random() - 0.5);
  const colour = Float32Array.from({ length: side * side * c }, () => 0.4 * (random() - 0.5));
  const at = (y: number, x: number, k: number): number =>
    strength * (grey[y * side + x] + colour[(y * side + x) * c + k]);
  for (let y = 0; y < h; y++) {
    const gy = (y / h) * cells;
    const y0 = Math.floor(gy);
    for (let x = 0; x < w; x++) {
      const gx = (x / w) * cells;
      const x0 = Math.floor(gx);
      for (let k = 0; k < c; k++) {
        const top = at(y0, x0, k) * (1 - (gx - x0)) + at(y0, x0 + 1, k) * (gx - x0);
        const bottom = at(y0 + 1, x0, k) * (1 - (gx - x0)) + at(y0 + 1, x0 + 1, k) * (gx - x0);
        image[(y * w + x) * c + k] += top * (1 - (gy - y0)) + bottom * (gy - y0);
      }
    }
  }
}

/** Five frames of 128 log-mel bands in dB, as the anomaly detector's input: a sloping spectrum, machine tones, noise. */
export function spectrograms(seed: number, count: number): NpyArray {
  const random = uniform(seed);
  const frames = 5;
  const bands = 128;
  const data = new Float32Array(count * frames * bands);
  for (let k = 0; k < count; k++) {
    const level = -8 - 10 * random();
    const slope = -0.1 - 0.15 * random();
    const tones = Array.from({ length: 6 }, () => ({ band: Math.floor(random() * bands), gain: 4 + 10 * random() }));
    for (let f = 0; f < frames; f++) {
      for (let b = 0; b < bands; b++) {
        const tone = tones.reduce((sum, t) => sum + t.gain * Math.exp(-((b - t.band) ** 2) / 8), 0);
        data[(k * frames + f) * bands + b] = level + slope * b + tone + 3 * (random() + random() - 1);
      }
    }
  }
  return { dtype: 'float32', shape: [count, frames * bands], data };
}
