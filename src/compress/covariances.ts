// SPDX-License-Identifier: Apache-2.0
// Means and covariances of what the weights of a layer meet in two models, and the plain way to compute them;
// src/build/productsModule.ts has a faster one.
import { products } from './products.js';

/** Where the windows of a layer lie in its inputs. */
export interface Gather {
  /** A window of one group's weights is so many runs of so many inputs. */
  taps: number;
  depth: number;
  /** Groups of output channels that see the same inputs; the next one's begin `depth` further. */
  groups: number;
  /** Windows of each sample. */
  perSample: number;
  /** Where a run of the first group begins, [tap][window of all samples]; negative outside of the image. */
  starts: Int32Array;
}

/** Of one group; columns of a window are [tap][input of the run]. */
export interface GroupCovariances {
  meanX: Float64Array;
  meanY: Float64Array;
  /** cov(y, y), and cov(x - y, y). */
  yy: Float64Array;
  dy: Float64Array;
}

/** x and y are the layer's inputs, sample by sample; the same arrays where the models are the same. */
export type Covariances = (
  gather: Gather,
  x: readonly Float32Array[],
  y: readonly Float32Array[],
) => GroupCovariances[];

export const isSame = (x: readonly Float32Array[], y: readonly Float32Array[]): boolean =>
  x.every((v, s) => v === y[s]);

/** Rows end with zeros where this is more than the windows. */
export const strideOf = (windows: number): number => Math.ceil(windows / 4) * 4;

/** [column][window] of one group. */
function gathered({ taps, depth, perSample, starts }: Gather, inputs: readonly Float32Array[], group: number) {
  const count = perSample * inputs.length;
  const stride = strideOf(count);
  const rows = new Float32Array(taps * depth * stride);
  for (let tap = 0; tap < taps; tap++)
    for (let k = 0; k < count; k++) {
      const start = starts[tap * count + k];
      if (start < 0) continue;
      const x = inputs[Math.floor(k / perSample)];
      for (let i = 0; i < depth; i++) rows[(tap * depth + i) * stride + k] = x[start + group * depth + i];
    }
  return rows;
}

/** Takes the mean off each row; gives the means. */
function centre(rows: Float32Array, n: number, count: number): Float64Array {
  const stride = rows.length / n;
  return Float64Array.from({ length: n }, (_, c) => {
    const row = rows.subarray(c * stride, c * stride + count);
    const mean = row.reduce((sum, v) => sum + v, 0) / count;
    for (let k = 0; k < count; k++) row[k] -= mean;
    return mean;
  });
}

export const covariances: Covariances = (gather, x, y) => {
  const n = gather.taps * gather.depth;
  const windows = gather.perSample * y.length;
  return Array.from({ length: gather.groups }, (_, group) => {
    const [own, other] = [gathered(gather, y, group), gathered(gather, x, group)];
    const [meanY, meanX] = [centre(own, n, windows), centre(other, n, windows)];
    const [yy, dy] = [new Float64Array(n * n), new Float64Array(n * n)];
    products(own, own, n, strideOf(windows), yy);
    products(
      other.map((v, i) => v - own[i]),
      own,
      n,
      strideOf(windows),
      dy,
    );
    return { meanX, meanY, yy: yy.map((v) => v / windows), dy: dy.map((v) => v / windows) };
  });
};
