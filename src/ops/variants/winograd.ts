// SPDX-License-Identifier: Apache-2.0
// Winograd's F(2x2, 3x3) (runtime-c/include/mote/winograd.h says how and why it is exact): which layers it fits, the
// transformed weights, and when the kernels read and write.
import type { IntegerLayer } from './integerLayer.js';

/** The order of positions (u, v) in the kernels' constants: column by column, `sign` folded into the weights. */
const rows = [
  { u: 1, sign: 1 },
  { u: 2, sign: 1 },
  { u: 0, sign: 1 },
  { u: 3, sign: -1 },
] as const;
const columns = [1, 0, 2, 3] as const;

export const positions = columns.flatMap((v) => rows.map(({ u, sign }) => ({ u, v, sign })));

/** Twice Winograd's G. */
const doubled = [
  [2, 0, 0],
  [1, 1, 1],
  [1, -1, 1],
  [0, 0, 2],
] as const;

export const fitsWinograd = (l: IntegerLayer): boolean =>
  l.groups === 1 &&
  [l.kernelH, l.kernelW, l.strideH, l.strideW, l.dilationH, l.dilationW].join() === '3,3,1,1,1,1' &&
  l.inC % 4 === 0;

/** Four times (G g G^T) at each of `positions` for one filter of one input channel, 3 x 3 weights at steps of `inC`. */
export function transformedWeights({ weights, inC }: IntegerLayer, out: number, channel: number): number[] {
  const g = (y: number, x: number): number => weights[((out * 3 + y) * 3 + x) * inC + channel];
  const at = (u: number, v: number): number => {
    let sum = 0;
    for (let y = 0; y < 3; y++) for (let x = 0; x < 3; x++) sum += doubled[u][y] * doubled[v][x] * g(y, x);
    return sum;
  };
  return positions.map(({ u, v, sign }) => sign * at(u, v));
}

/** Groups of tiles, row by row, `groupTiles` beside each other: all of a group is read before any of it is written. */
export function winogradLagBytes(l: IntegerLayer, groupTiles: number): number {
  const width = 2 * groupTiles;
  const needed = (y: number, x: number): number => {
    const row = Math.min(l.inH - 1, Math.max(0, y - l.padTop));
    return (row * l.inW + Math.min(l.inW - 1, Math.max(0, x - l.padLeft))) * l.inC;
  };
  let lag = 0;
  for (let y = 0; y < l.outH; y += 2) {
    for (let x = 0; x < l.outW; x += width) {
      const written = (Math.min(l.outH - 1, y + 1) * l.outW + Math.min(l.outW, x + width)) * l.outC;
      const inRow = x + width < l.outW ? needed(y, x + width) : Infinity;
      const below = y + 2 < l.outH ? needed(y + 2, 0) : Infinity;
      const next = Math.min(inRow, below);
      if (Number.isFinite(next)) lag = Math.max(lag, written - next);
    }
  }
  return lag;
}

/** Groups of tiles that a layer has. */
export const tileGroups = (l: IntegerLayer, groupTiles: number): number =>
  Math.ceil(l.outH / 2) * Math.ceil(l.outW / (2 * groupTiles));

/** [blocks of channels][positions][inC][channels of a block], missing channels 0. */
export function blockedWeights(layer: IntegerLayer, blockChannels: number): Int16Array {
  const { inC, outC } = layer;
  const blocks = Math.ceil(outC / blockChannels);
  const data = new Int16Array(blocks * positions.length * inC * blockChannels);
  for (let c = 0; c < outC; c++) {
    const block = Math.floor(c / blockChannels);
    for (let i = 0; i < inC; i++) {
      transformedWeights(layer, c, i).forEach((w, at) => {
        data[((block * positions.length + at) * inC + i) * blockChannels + (c % blockChannels)] = w;
      });
    }
  }
  return data;
}
