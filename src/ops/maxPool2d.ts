// SPDX-License-Identifier: Apache-2.0
// maxPool2d: the largest element of each window.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { given } from './attributes.js';
import { type KernelType, kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { withOverlap } from './overlap.js';
import { boundFields, inferPool, poolBounds, poolHead, poolObstacle, poolType, poolWindow } from './pooling.js';
import { clampTo } from './requantize.js';
import { tapRanges } from './window.js';

function evaluate(node: Node, graph: Graph, inputs: readonly (TensorData | undefined)[]): TensorData[] {
  const w = poolWindow(node, graph, true);
  const x = given(node, inputs, 0);
  const { min, max } = poolBounds(node, graph);
  const rows = tapRanges(w.outH, w.strideH, w.padTop, w.dilationH, w.kernelH, w.inH);
  const columns = tapRanges(w.outW, w.strideW, w.padLeft, w.dilationW, w.kernelW, w.inW);
  const out = makeData(inputOf(node, graph, 0).dtype, elementCount([w.outH, w.outW, w.inC])) as Float32Array;
  let at = 0;
  for (let y = 0; y < w.outH; y++) {
    for (let xo = 0; xo < w.outW; xo++) {
      const left = xo * w.strideW - w.padLeft;
      for (let c = 0; c < w.inC; c++) {
        const first =
          (y * w.strideH - w.padTop + rows[y].begin * w.dilationH) * w.inW + left + columns[xo].begin * w.dilationW;
        let largest = x[first * w.inC + c];
        for (let ky = rows[y].begin; ky < rows[y].end; ky++) {
          const row = (y * w.strideH - w.padTop + ky * w.dilationH) * w.inW + left;
          for (let kx = columns[xo].begin; kx < columns[xo].end; kx++) {
            const value = x[(row + kx * w.dilationW) * w.inC + c];
            if (value > largest) largest = value;
          }
        }
        out[at++] = clampTo(largest, min, max);
      }
    }
  }
  return [out];
}

export const maxPool2d: OpSpec = {
  op: 'maxPool2d',
  infer: inferPool(true),
  macs: () => 0,
  unsupported: (node, graph) => poolObstacle(node, graph, poolWindow(node, graph, true)),
  lower(node, { graph }) {
    const w = poolWindow(node, graph, true);
    const type = poolType(inputOf(node, graph, 0)) as KernelType;
    const call = kernelCall(
      'maxPool2d',
      [type],
      [
        ...poolHead(w),
        ['dilation_h', w.dilationH],
        ['dilation_w', w.dilationW],
        ['pad_top', w.padTop],
        ['pad_left', w.padLeft],
        ...boundFields(poolBounds(node, graph), type),
      ],
    );
    return withOverlap(call, w, w.inC, 'channel', inputOf(node, graph, 0).dtype);
  },
  evaluate: (node, inputs, { graph }) => evaluate(node, graph, inputs),
};
