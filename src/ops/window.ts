// SPDX-License-Identifier: Apache-2.0
// Geometry of convolution and pooling: sizes, strides, pads, and which taps of a window lie inside the image.
import type { Graph, Node } from '../model/graph.js';
import { badShape, image, intList, maxWindow } from './attributes.js';
import type { CStruct } from './op.js';

export interface Window {
  inH: number;
  inW: number;
  inC: number;
  outH: number;
  outW: number;
  kernelH: number;
  kernelW: number;
  strideH: number;
  strideW: number;
  dilationH: number;
  dilationW: number;
  padTop: number;
  padLeft: number;
}

const positive = { min: 1, max: maxWindow };

/** Checks everything that the kernels rely on. */
export function windowOf(node: Node, graph: Graph, kernel: readonly number[], dilated: boolean): Window {
  const [, inH, inW, inC] = image(node, graph).shape;
  const [strideH, strideW] = intList(node, 'strides', positive, 2);
  const [dilationH, dilationW] = dilated ? intList(node, 'dilations', positive, 2) : [1, 1];
  const [top, left, bottom, right] = intList(node, 'pads', { min: 0, max: maxWindow }, 4);
  const [kernelH, kernelW] = kernel;
  if (!kernel.every((k) => Number.isInteger(k) && k >= 1 && k <= maxWindow))
    badShape(node, `a window of ${kernel.join(' x ')} is not possible`);
  const out = (size: number, pads: number, k: number, dilation: number, stride: number): number =>
    Math.floor((size + pads - ((k - 1) * dilation + 1)) / stride) + 1;
  const outH = out(inH, top + bottom, kernelH, dilationH, strideH);
  const outW = out(inW, left + right, kernelW, dilationW, strideW);
  if (outH < 1 || outW < 1) badShape(node, `the window ${kernelH} x ${kernelW} is larger than the padded image`);
  return {
    inH,
    inW,
    inC,
    outH,
    outW,
    kernelH,
    kernelW,
    strideH,
    strideW,
    dilationH,
    dilationW,
    padTop: top,
    padLeft: left,
  };
}

export interface TapRange {
  begin: number;
  end: number;
}

/** Taps of a window that starts at `origin` which read inside [0, size). */
export function tapRange(origin: number, dilation: number, kernel: number, size: number): TapRange {
  const begin = Math.min(kernel, origin >= 0 ? 0 : Math.ceil(-origin / dilation));
  const end = Math.min(kernel, Math.max(begin, Math.ceil((size - origin) / dilation)));
  return { begin, end };
}

/** Tap ranges of every output row (or column). */
export function tapRanges(
  count: number,
  stride: number,
  pad: number,
  dilation: number,
  kernel: number,
  size: number,
): TapRange[] {
  return Array.from({ length: count }, (_, i) => tapRange(i * stride - pad, dilation, kernel, size));
}

/** Pooling over nothing has no value. */
export function requireFullWindows(node: Node, w: Window): void {
  const rows = tapRanges(w.outH, w.strideH, w.padTop, w.dilationH, w.kernelH, w.inH);
  const columns = tapRanges(w.outW, w.strideW, w.padLeft, w.dilationW, w.kernelW, w.inW);
  if ([...rows, ...columns].some((r) => r.begin >= r.end)) badShape(node, 'a window lies wholly in the padding');
}

/** The fields that all window kernels begin with; pooling has no separate output channels. */
export function windowFields(w: Window, outC: number): CStruct['fields'] {
  return [
    ['in_h', w.inH],
    ['in_w', w.inW],
    ['in_c', w.inC],
    ['out_h', w.outH],
    ['out_w', w.outW],
    ['out_c', outC],
    ['kernel_h', w.kernelH],
    ['kernel_w', w.kernelW],
    ['stride_h', w.strideH],
    ['stride_w', w.strideW],
    ['dilation_h', w.dilationH],
    ['dilation_w', w.dilationW],
    ['pad_top', w.padTop],
    ['pad_left', w.padLeft],
  ];
}
