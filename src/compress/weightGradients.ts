// SPDX-License-Identifier: Apache-2.0
// Derivatives of a weighted layer: of its input and of its weights, both in the graph's own layouts.
import type { Graph, Node } from '../model/graph.js';
import { inputOf } from '../ops/op.js';
import { weightRows } from '../ops/weightMatrix.js';
import { type Window, windowOf } from '../ops/window.js';

export interface LayerGeometry {
  window: Window;
  /** Output channels. */
  rows: number;
  depthwise: boolean;
}

/** Each adds to its result. src/build/gradientsModule.ts has a fast one. */
export interface WeightGradients {
  input(layer: LayerGeometry, weights: Float32Array, gradient: Float32Array, result: Float32Array): void;
  weights(layer: LayerGeometry, input: Float32Array, gradient: Float32Array, result: Float32Array): void;
}

export function geometryOf(graph: Graph, node: Node): LayerGeometry {
  const shape = inputOf(node, graph, 1).shape;
  const rows = weightRows(node.op, shape);
  if (node.op !== 'fullyConnected')
    return { window: windowOf(node, graph, shape.slice(1, 3), true), rows, depthwise: node.op === 'depthwiseConv2d' };
  const inC = shape.reduce((a, b) => a * b, 1) / rows;
  const places = inputOf(node, graph, 0).shape.reduce((a, b) => a * b, 1) / inC;
  const one = { kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1, padTop: 0, padLeft: 0 };
  return { window: { ...one, inH: 1, inW: places, inC, outH: 1, outW: places }, rows, depthwise: false };
}

/** Shows every tap of every output place that lies inside the image: place, tap and pixel. */
function eachTap({ window: w }: LayerGeometry, visit: (place: number, tap: number, pixel: number) => void): void {
  for (let place = 0; place < w.outH * w.outW; place++)
    for (let tap = 0; tap < w.kernelH * w.kernelW; tap++) {
      const y = Math.floor(place / w.outW) * w.strideH - w.padTop + Math.floor(tap / w.kernelW) * w.dilationH;
      const x = (place % w.outW) * w.strideW - w.padLeft + (tap % w.kernelW) * w.dilationW;
      if (y >= 0 && y < w.inH && x >= 0 && x < w.inW) visit(place, tap, y * w.inW + x);
    }
}

/** Of a tap, how far apart weights of output channels are, and which input channels each sees. */
function strides({ window: w, rows, depthwise }: LayerGeometry) {
  const taps = w.kernelH * w.kernelW;
  const inputOf = depthwise ? Int32Array.from({ length: rows }, (_, r) => Math.floor((r * w.inC) / rows)) : undefined;
  return { tap: depthwise ? rows : w.inC, row: depthwise ? 1 : taps * w.inC, depth: depthwise ? 1 : w.inC, inputOf };
}

export const plainWeightGradients: WeightGradients = {
  input(layer, weights, gradient, result) {
    const { tap: tapStride, row, depth, inputOf } = strides(layer);
    eachTap(layer, (place, tap, pixel) => {
      for (let r = 0; r < layer.rows; r++) {
        const g = gradient[place * layer.rows + r];
        const at = pixel * layer.window.inC + (inputOf?.[r] ?? 0);
        const k = tap * tapStride + r * row;
        if (g !== 0) for (let c = 0; c < depth; c++) result[at + c] += g * weights[k + c];
      }
    });
  },
  weights(layer, input, gradient, result) {
    const { tap: tapStride, row, depth, inputOf } = strides(layer);
    eachTap(layer, (place, tap, pixel) => {
      for (let r = 0; r < layer.rows; r++) {
        const g = gradient[place * layer.rows + r];
        const at = pixel * layer.window.inC + (inputOf?.[r] ?? 0);
        const k = tap * tapStride + r * row;
        if (g !== 0) for (let c = 0; c < depth; c++) result[k + c] += g * input[at + c];
      }
    });
  },
};
