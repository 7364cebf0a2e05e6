// SPDX-License-Identifier: Apache-2.0
// averagePool2d: mean of each window; the quotient of integers is rounded to nearest, ties away from zero.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { withOverlap } from './overlap.js';
import { boundFields, inferPool, poolBounds, poolHead, poolObstacle, poolType, poolWindow } from './pooling.js';
import { clampTo } from './requantize.js';
import { tapRanges } from './window.js';

function countsPadding(node: Node): boolean {
  const value = node.attrs.countIncludePad ?? false;
  if (typeof value !== 'boolean') badShape(node, "'countIncludePad' must be true or false");
  return value;
}

function evaluate(node: Node, graph: Graph, inputs: readonly (TensorData | undefined)[]): TensorData[] {
  const w = poolWindow(node, graph, false);
  const x = given(node, inputs, 0);
  const { min, max, zeroPoint } = poolBounds(node, graph);
  const float = x instanceof Float32Array;
  const wholeWindow = countsPadding(node);
  const rows = tapRanges(w.outH, w.strideH, w.padTop, 1, w.kernelH, w.inH);
  const columns = tapRanges(w.outW, w.strideW, w.padLeft, 1, w.kernelW, w.inW);
  const out = makeData(inputOf(node, graph, 0).dtype, elementCount([w.outH, w.outW, w.inC])) as Float32Array;
  const mean = float
    ? (s: number, n: number) => Math.fround(s / n)
    : (s: number, n: number) => Math.trunc((s + (s > 0 ? 1 : -1) * Math.floor(n / 2)) / n);
  let at = 0;
  for (let y = 0; y < w.outH; y++) {
    for (let xo = 0; xo < w.outW; xo++) {
      const inside = (rows[y].end - rows[y].begin) * (columns[xo].end - columns[xo].begin);
      const divisor = wholeWindow ? w.kernelH * w.kernelW : inside;
      for (let c = 0; c < w.inC; c++) {
        let sum = (divisor - inside) * zeroPoint;
        for (let ky = rows[y].begin; ky < rows[y].end; ky++) {
          const row = (y * w.strideH - w.padTop + ky) * w.inW + xo * w.strideW - w.padLeft;
          for (let kx = columns[xo].begin; kx < columns[xo].end; kx++) {
            sum += x[(row + kx) * w.inC + c];
            if (float) sum = Math.fround(sum);
          }
        }
        out[at++] = clampTo(mean(sum, divisor), min, max);
      }
    }
  }
  return [out];
}

export const averagePool2d: OpSpec = {
  op: 'averagePool2d',
  infer: inferPool(false),
  macs: () => 0,
  unsupported: (node, graph) => poolObstacle(node, graph, poolWindow(node, graph, false)),
  lower(node, { graph }) {
    const w = poolWindow(node, graph, false);
    const type = poolType(inputOf(node, graph, 0)) as KernelType;
    const bounds = poolBounds(node, graph);
    const call = kernelCall(
      'averagePool2d',
      [type],
      [
        ...poolHead(w),
        ['pad_top', w.padTop],
        ['pad_left', w.padLeft],
        ['count_include_pad', countsPadding(node) ? 1 : 0],
        ...(type === 'f32' ? [] : ([['zero_point', bounds.zeroPoint]] satisfies ReturnType<typeof poolHead>)),
        ...boundFields(bounds, type),
      ],
    );
    return withOverlap(call, w, w.inC, 'channel', inputOf(node, graph, 0).dtype);
  },
  evaluate: (node, inputs, { graph }) => evaluate(node, graph, inputs),
};
