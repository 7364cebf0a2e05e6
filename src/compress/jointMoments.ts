// SPDX-License-Identifier: Apache-2.0
// How the inputs that a layer of the packed model gets go with each other, and with those of the float model: means, and
// covariances around them, from windows of both models' inputs on the same samples.
import type { Graph, Node } from '../model/graph.js';
import { xorshift32 } from '../xorshift.js';
import { type LayerWindows, layerWindows, type Moments } from './moments.js';
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

/** What a layer's windows are made of: where each run of inputs begins, [tap][place]. */
interface Gather {
  windows: LayerWindows;
  /** Places of each sample. */
  perSample: number;
  starts: Int32Array;
}

function gatherOf(windows: LayerWindows, places: readonly [number, number][], samples: number): Gather {
  const count = places.length;
  const starts = new Int32Array(windows.taps * count);
  places.forEach(([, position], k) => {
    for (let tap = 0; tap < windows.taps; tap++) starts[tap * count + k] = windows.tapAt(position, tap);
  });
  return { windows, perSample: count / samples, starts };
}

/** Places whose inputs stay in the cache while all columns are read, and inputs that are read of each. */
const placesAtOnce = 64;
const inputsAtOnce = 16;

/** The inputs of some groups' weights: [group][column][window]. */
function gathered(
  { windows, perSample, starts }: Gather,
  inputs: readonly Float32Array[],
  [first, end]: readonly [number, number],
  stride: number,
): Float32Array {
  const { depth, taps, columns } = windows;
  const rows = new Float32Array((end - first) * columns * stride);
  const count = perSample * inputs.length;
  inputs.forEach((x, s) => {
    for (let from = s * perSample; from < (s + 1) * perSample; from += placesAtOnce) {
      const last = Math.min(from + placesAtOnce, (s + 1) * perSample);
      for (let tap = 0; tap < taps; tap++)
        for (let i = 0; i < (end - first) * depth; i++) {
          const row = (Math.floor(i / depth) * columns + tap * depth + (i % depth)) * stride;
          gatherRow(rows, row, x, starts, tap * count, first * depth + i, from, last);
        }
    }
  });
  return rows;
}

function gatherRow(
  rows: Float32Array,
  row: number,
  x: Float32Array,
  starts: Int32Array,
  at: number,
  shift: number,
  from: number,
  last: number,
): void {
  for (let k = from; k < last; k++) {
    const start = starts[at + k];
    if (start >= 0) rows[row + k] = x[start + shift];
  }
}

/** The columns of each group of output channels, one after another. */
function* columnsOf(gather: Gather, seen: SeenInputs, count: number, stride: number): Generator<Columns> {
  const { columns: n, depth, groups } = gather.windows;
  const same = seen.clean.every((x, s) => x === seen.packed[s]);
  const atOnce = Math.max(1, Math.floor(inputsAtOnce / depth));
  for (let first = 0; first < groups; first += atOnce) {
    const span = [first, Math.min(first + atOnce, groups)] as const;
    const packed = gathered(gather, seen.packed, span, stride);
    const clean = same ? packed : gathered(gather, seen.clean, span, stride);
    for (let g = 0; g < span[1] - first; g++) {
      const part = [g * n * stride, (g + 1) * n * stride] as const;
      const y = packed.subarray(...part);
      const meanY = centre(y, n, stride, count);
      const x = same ? y : clean.subarray(...part);
      yield { x, y, meanX: same ? meanY : centre(x, n, stride, count), meanY };
    }
  }
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
  if (x !== y)
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
  return { yy: mean(yy), dy: same ? dy : mean(dy) };
}

export function jointMoments(
  graph: Graph,
  node: Node,
  seen: SeenInputs,
  windows: number,
  products: Products,
): JointMoments {
  const layer = layerWindows(graph, node);
  const { rows, columns: n, groups, positions } = layer;
  const places = placesOf(seen.clean.length, positions, windows);
  const gather = gatherOf(layer, places, seen.clean.length);
  const stride = Math.ceil(places.length / 4) * 4;
  const all = Array.from(columnsOf(gather, seen, places.length, stride), (columns) => ({
    ...covariances(columns, n, stride, places.length, products),
    x: columns.meanX,
    y: columns.meanY,
  }));
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
