// SPDX-License-Identifier: Apache-2.0
// How the inputs that a layer of the packed model gets go with each other, and with those of the float model: means, and
// covariances around them, from windows of both models' inputs on the same samples.
import type { Graph, Node } from '../model/graph.js';
import { xorshift32 } from '../xorshift.js';
import { layerWindows, type Moments } from './moments.js';
import type { Products } from './products.js';

/** Of one layer: moments of the packed model's inputs, and how the float model's go with them. */
export interface JointMoments extends Moments {
  /** E[x], and cov(x, y) - cov(y, y), of each matrix. */
  cleanMeans: Float64Array[];
  differences: Float64Array[];
}

/** Inputs of one layer, sample by sample. */
export interface SeenInputs {
  clean: readonly Float32Array[];
  packed: readonly Float32Array[];
}

/** Windows that are summed in one go: bounds memory and what float sums lose. */
const blockWindows = 1024;

/** Where to look: [sample, position] of every window. Few positions of few samples are all taken. */
function placesOf(samples: number, positions: number, windows: number): [number, number][] {
  const count = Math.min(positions, Math.ceil(windows / samples));
  const next = xorshift32(0x73657175);
  return Array.from({ length: samples }, (_, s) =>
    Array.from({ length: count }, (_, i): [number, number] => [s, count === positions ? i : next() % positions]),
  ).flat();
}

/** Columns of windows, each around its mean. */
interface Columns {
  /** [column][window] */
  x: Float32Array;
  y: Float32Array;
  meanX: Float64Array;
  meanY: Float64Array;
}

/** Takes the mean off each row; gives the means. */
function centre(rows: Float32Array, n: number, stride: number, count: number): Float64Array {
  const means = new Float64Array(n);
  for (let c = 0; c < n; c++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += rows[c * stride + k];
    const mean = sum / count;
    means[c] = mean;
    for (let k = 0; k < count; k++) rows[c * stride + k] -= mean;
  }
  return means;
}

type Read = (x: Float32Array, position: number, out: Float32Array) => void;

function columnsOf(
  seen: SeenInputs,
  places: readonly [number, number][],
  n: number,
  stride: number,
  read: Read,
): Columns {
  const [x, y] = [new Float32Array(n * stride), new Float32Array(n * stride)];
  const [px, py] = [new Float32Array(n), new Float32Array(n)];
  places.forEach(([sample, position], k) => {
    read(seen.clean[sample], position, px);
    read(seen.packed[sample], position, py);
    for (let c = 0; c < n; c++) {
      x[c * stride + k] = px[c];
      y[c * stride + k] = py[c];
    }
  });
  return { x, y, meanX: centre(x, n, stride, places.length), meanY: centre(y, n, stride, places.length) };
}

/** Windows [from, from + count) of every column, side by side. */
function blockOf(rows: Float32Array, n: number, stride: number, from: number, count: number): Float32Array {
  if (count === stride) return rows;
  const block = new Float32Array(n * count);
  for (let c = 0; c < n; c++) block.set(rows.subarray(c * stride + from, c * stride + from + count), c * count);
  return block;
}

interface Covariances {
  yy: Float64Array;
  /** x - y with y. */
  dy: Float64Array;
}

function covariances({ x, y }: Columns, n: number, stride: number, windows: number, products: Products): Covariances {
  const [yy, dy] = [new Float64Array(n * n), new Float64Array(n * n)];
  const d = x;
  let same = true;
  for (let i = 0; i < d.length; i++) {
    d[i] -= y[i];
    same &&= d[i] === 0;
  }
  for (let from = 0; from < stride; from += blockWindows) {
    const count = Math.min(blockWindows, stride - from);
    const block = blockOf(y, n, stride, from, count);
    products(block, block, n, count, yy);
    if (!same) products(blockOf(d, n, stride, from, count), block, n, count, dy);
  }
  const mean = (v: Float64Array): Float64Array => v.map((s) => s / windows);
  return { yy: mean(yy), dy: mean(dy) };
}

export function jointMoments(
  graph: Graph,
  node: Node,
  seen: SeenInputs,
  windows: number,
  products: Products,
): JointMoments {
  const { rows, columns: n, groups, positions, read } = layerWindows(graph, node);
  const places = placesOf(seen.clean.length, positions, windows);
  const stride = Math.ceil(places.length / 4) * 4;
  const all = Array.from({ length: groups }, (_, g) => {
    const columns = columnsOf(seen, places, n, stride, (x, position, out) => read(x, position, g, out));
    return { ...covariances(columns, n, stride, places.length, products), x: columns.meanX, y: columns.meanY };
  });
  return {
    columns: n,
    windows: places.length,
    rowsPerMatrix: rows / groups,
    means: all.map((a) => a.y),
    cleanMeans: all.map((a) => a.x),
    matrices: all.map((a) => a.yy),
    differences: all.map((a) => a.dy),
  };
}
