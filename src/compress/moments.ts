// SPDX-License-Identifier: Apache-2.0
// Second moments E[x x^T] of what the weights of each layer meet, from the float model over the calibration samples: the
// curvature of the layer's output error. Large images are sampled: a few thousand windows settle a matrix of this size.
import type { Graph, Node, TensorData, TensorId } from '../model/graph.js';
import { inputOf } from '../ops/op.js';
import { weightRows } from '../ops/weightMatrix.js';
import { type Window, windowOf } from '../ops/window.js';
import { isWeighted } from '../passes/affine.js';
import { xorshift32 } from '../xorshift.js';
import type { FloatRunner } from './runner.js';

export interface Moments {
  columns: number;
  /** columns x columns, for each group of output channels that sees the same inputs. */
  matrices: Float64Array[];
  /** E[x] of each matrix. */
  means: Float64Array[];
  rowsPerMatrix: number;
  windows: number;
}

/** Windows taken of one layer, over all samples; more than the widest layer here has columns. */
export const windowsPerLayer = 4096;

interface Layer {
  node: Node;
  moments: Moments;
  windowsPerSample: number;
  /** Adds the window at an output position to every matrix. */
  add(x: Float32Array, position: number): void;
  positions: number;
}

function addOuter(matrix: Float64Array, v: Float32Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const a = v[i];
    if (a === 0) continue;
    const row = i * n;
    for (let j = i; j < n; j++) matrix[row + j] += a * v[j];
  }
}

function mirror(matrix: Float64Array, n: number, share: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      matrix[i * n + j] *= share;
      matrix[j * n + i] = matrix[i * n + j];
    }
  }
}

/** Copies channels [from, from + depth) of the window at (y0, x0) into `out`, zeros outside the image. */
function gather(
  w: Window,
  x: Float32Array,
  y0: number,
  x0: number,
  from: number,
  depth: number,
  out: Float32Array,
): void {
  let at = 0;
  for (let ky = 0; ky < w.kernelH; ky++) {
    const y = y0 + ky * w.dilationH;
    for (let kx = 0; kx < w.kernelW; kx++, at += depth) {
      const column = x0 + kx * w.dilationW;
      if (y < 0 || y >= w.inH || column < 0 || column >= w.inW) out.fill(0, at, at + depth);
      else {
        const base = (y * w.inW + column) * w.inC + from;
        for (let c = 0; c < depth; c++) out[at + c] = x[base + c];
      }
    }
  }
}

/** Adds to the image what `gather` would read there. */
function scatter(w: Window, x: Float32Array, y0: number, x0: number, from: number, depth: number, add: Float32Array) {
  let at = 0;
  for (let ky = 0; ky < w.kernelH; ky++) {
    const y = y0 + ky * w.dilationH;
    for (let kx = 0; kx < w.kernelW; kx++, at += depth) {
      const column = x0 + kx * w.dilationW;
      if (y < 0 || y >= w.inH || column < 0 || column >= w.inW) continue;
      const base = (y * w.inW + column) * w.inC + from;
      for (let c = 0; c < depth; c++) x[base + c] += add[at + c];
    }
  }
}

/** Where a layer's weights meet its input. */
export interface LayerWindows {
  rows: number;
  columns: number;
  /** Groups of output channels that see the same inputs. */
  groups: number;
  /** Places of the output. */
  positions: number;
  /** The inputs that a group's weights meet at an output position. */
  read(x: Float32Array, position: number, group: number, out: Float32Array): void;
  /** The same inputs as runs of `depth` that lie side by side: `taps` of them. */
  depth: number;
  taps: number;
  /** Where a run of the first group begins in x; negative outside of the image. The next group's lie `depth` further. */
  tapAt(position: number, tap: number): number;
  /** Adds to each of these inputs. */
  spread(x: Float32Array, position: number, group: number, add: Float32Array): void;
}

export function layerWindows(graph: Graph, node: Node): LayerWindows {
  const shape = inputOf(node, graph, 1).shape;
  const rows = weightRows(node.op, shape);
  const columns = shape.reduce((a, b) => a * b, 1) / rows;
  if (node.op === 'fullyConnected') {
    const positions = inputOf(node, graph, 0).shape.reduce((a, b) => a * b, 1) / columns;
    const read: LayerWindows['read'] = (x, position, _, out) =>
      out.set(x.subarray(position * columns, (position + 1) * columns));
    const spread: LayerWindows['spread'] = (x, position, _, add) => {
      for (let c = 0; c < columns; c++) x[position * columns + c] += add[c];
    };
    const tapAt: LayerWindows['tapAt'] = (position) => position * columns;
    return { rows, columns, groups: 1, positions, read, spread, depth: columns, taps: 1, tapAt };
  }
  const window = windowOf(node, graph, shape.slice(1, 3), true);
  const depth = node.op === 'depthwiseConv2d' ? 1 : shape[3];
  const yOf = (position: number): number => Math.floor(position / window.outW) * window.strideH - window.padTop;
  const xOf = (position: number): number => (position % window.outW) * window.strideW - window.padLeft;
  const read: LayerWindows['read'] = (x, at, group, out) =>
    gather(window, x, yOf(at), xOf(at), group * depth, depth, out);
  const spread: LayerWindows['spread'] = (x, at, group, add) =>
    scatter(window, x, yOf(at), xOf(at), group * depth, depth, add);
  const tapAt: LayerWindows['tapAt'] = (at, tap) => {
    const y = yOf(at) + Math.floor(tap / window.kernelW) * window.dilationH;
    const column = xOf(at) + (tap % window.kernelW) * window.dilationW;
    const outside = y < 0 || y >= window.inH || column < 0 || column >= window.inW;
    return outside ? -1 : (y * window.inW + column) * window.inC;
  };
  const taps = window.kernelH * window.kernelW;
  const positions = window.outH * window.outW;
  return { rows, columns, groups: window.inC / depth, positions, read, spread, depth, taps, tapAt };
}

function layerOf(graph: Graph, node: Node, samples: number): Layer {
  const { rows, columns, groups, positions, read } = layerWindows(graph, node);
  const matrices = Array.from({ length: groups }, () => new Float64Array(columns * columns));
  const means = matrices.map(() => new Float64Array(columns));
  const patch = new Float32Array(columns);
  const moments: Moments = { columns, matrices, means, rowsPerMatrix: rows / groups, windows: 0 };
  const add = (x: Float32Array, position: number): void => {
    matrices.forEach((matrix, g) => {
      read(x, position, g, patch);
      addOuter(matrix, patch, columns);
      addTo(means[g], patch);
    });
    moments.windows++;
  };
  return { node, moments, positions, add, windowsPerSample: Math.ceil(windowsPerLayer / samples) };
}

function addTo(sums: Float64Array, v: Float32Array): void {
  for (let i = 0; i < v.length; i++) sums[i] += v[i];
}

/** By the tensor id of each layer's output. */
export function collectMoments(
  graph: Graph,
  samples: readonly TensorData[][],
  runner: FloatRunner,
): Map<TensorId, Moments> {
  const layers = graph.nodes
    .filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined)
    .map((n) => layerOf(graph, n, samples.length));
  const readers = groupByInput(layers);
  const next = xorshift32(0x6d6f6d65);
  for (const sample of samples) {
    const inputs = sample.map((d) => (d instanceof Float32Array ? d : Float32Array.from(d as ArrayLike<number>)));
    const see = (id: TensorId, x: Float32Array): void => {
      for (const layer of readers.get(id) ?? []) {
        const all = layer.positions <= layer.windowsPerSample;
        const count = all ? layer.positions : layer.windowsPerSample;
        for (let i = 0; i < count; i++) layer.add(x, all ? i : next() % layer.positions);
      }
    };
    graph.inputs.forEach((id, i) => {
      see(id, inputs[i]);
    });
    const given = new Set(graph.inputs);
    runner.run(inputs, (id, data) => {
      if (!given.has(id)) see(id, data);
    });
  }
  for (const { moments } of layers) {
    const share = 1 / Math.max(1, moments.windows);
    for (const matrix of moments.matrices) mirror(matrix, moments.columns, share);
    moments.means = moments.means.map((sums) => sums.map((v) => v * share));
  }
  return new Map(layers.map((l) => [l.node.outputs[0], l.moments]));
}

function groupByInput(layers: readonly Layer[]): Map<TensorId, Layer[]> {
  const readers = new Map<TensorId, Layer[]>();
  for (const layer of layers) {
    const id = layer.node.inputs[0];
    readers.set(id, [...(readers.get(id) ?? []), layer]);
  }
  return readers;
}

/** Mean square of the input at each column, over all groups. */
export function importanceOf({ columns, matrices }: Moments): Float64Array {
  return Float64Array.from({ length: columns }, (_, c) => matrices.reduce((sum, m) => sum + m[c * columns + c], 0));
}

/** Covariances in place of second moments: what counts where the bias takes the mean error back. */
export const centred = (m: Moments): Moments => ({
  ...m,
  matrices: m.matrices.map((matrix, g) => minusOuter(matrix, m.means[g], m.means[g])),
});

/** matrix - a b^T. */
export function minusOuter(matrix: Float64Array, a: Float64Array, b: Float64Array): Float64Array {
  const n = a.length;
  const result = matrix.slice();
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) result[i * n + j] -= a[i] * b[j];
  // Rounding must not leave a constant input with less than no variance.
  for (let i = 0; i < n; i++) if (a === b && result[i * n + i] < 1e-12 * matrix[i * n + i]) result[i * n + i] = 0;
  return result;
}
