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
  rowsPerMatrix: number;
  windows: number;
}

/** Windows taken of one layer, over all samples; more than the widest layer here has columns. */
const windowsPerLayer = 4096;

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

function layerOf(graph: Graph, node: Node, samples: number): Layer {
  const shape = inputOf(node, graph, 1).shape;
  const rows = weightRows(node.op, shape);
  const columns = shape.reduce((a, b) => a * b, 1) / rows;
  const dense = node.op === 'fullyConnected';
  const window = dense ? undefined : windowOf(node, graph, shape.slice(1, 3), true);
  const depth = dense ? columns : node.op === 'depthwiseConv2d' ? 1 : shape[3];
  const groups = window ? window.inC / depth : 1;
  const matrices = Array.from({ length: groups }, () => new Float64Array(columns * columns));
  const patch = new Float32Array(columns);
  const positions = window
    ? window.outH * window.outW
    : inputOf(node, graph, 0).shape.reduce((a, b) => a * b, 1) / columns;
  const moments = { columns, matrices, rowsPerMatrix: rows / groups, windows: 0 };
  const add = (x: Float32Array, position: number): void => {
    matrices.forEach((matrix, g) => {
      if (window) {
        const [y, column] = [Math.floor(position / window.outW), position % window.outW];
        const [y0, x0] = [y * window.strideH - window.padTop, column * window.strideW - window.padLeft];
        gather(window, x, y0, x0, g * depth, depth, patch);
      } else patch.set(x.subarray(position * columns, (position + 1) * columns));
      addOuter(matrix, patch, columns);
    });
    moments.windows++;
  };
  return { node, moments, positions, add, windowsPerSample: Math.ceil(windowsPerLayer / samples) };
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
  for (const { moments } of layers)
    for (const matrix of moments.matrices) mirror(matrix, moments.columns, 1 / Math.max(1, moments.windows));
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
