// SPDX-License-Identifier: Apache-2.0
// Average pooling over the whole image as the end of a streamed run: each band of rows is added to one sum per channel
// (mote/stream.h), so that its input never exists whole.
import type { Graph, Node } from '../model/graph.js';
import type { KernelCall } from '../ops/op.js';
import { poolBounds } from '../ops/pooling.js';
import type { Band } from './rows.js';

const kernel = 'mote_stream_mean_s8__ref';

/** Kernels that are functions of a header. */
export const isInline = (name: string): boolean => name === kernel;

/** Whether the node is the mean of each channel over all pixels. */
export function isRowMean(node: Node, graph: Graph): boolean {
  if (node.op !== 'averagePool2d') return false;
  const { shape, dtype } = graph.tensors[node.inputs[0]];
  const [pads, window] = [node.attrs.pads as number[], node.attrs.kernel as number[]];
  return dtype === 'int8' && pads.every((p) => p === 0) && window[0] === shape[1] && window[1] === shape[2];
}

const sumBytes = 4;

// Load, add and store of a sum; a division for each mean.
const perElement = 5;
const perMean = 40;

/** The call for a band of the input, and its predicted instructions. */
export function rowMeanCall(node: Node, graph: Graph, band: Band): { call: KernelCall; instructions: number } {
  const [, rows, columns, channels] = graph.tensors[node.inputs[0]].shape;
  const { min, max } = poolBounds(node, graph);
  const isLast = band.from + band.rows === rows;
  const call: KernelCall = {
    kernel,
    params: {
      type: kernel.replace(/__.*$/, ''),
      fields: [
        ['pixels', band.rows * columns],
        ['channels', channels],
        ['first', band.from === 0 ? 1 : 0],
        ['divisor', isLast ? rows * columns : 0],
        ['output_min', min],
        ['output_max', max],
      ],
    },
    inputs: [0],
    outputs: [0],
    scratchBytes: channels * sumBytes,
  };
  const instructions = perElement * band.rows * columns * channels + (isLast ? perMean * channels : 0);
  return { call, instructions };
}
