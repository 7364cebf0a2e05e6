// SPDX-License-Identifier: Apache-2.0
// A depthwise layer's image, axis by axis, for kernels whose lines may run along either.
import type { Window } from '../window.js';

/** One axis of the image. */
export interface ImageAxis {
  size: number;
  outputs: number;
  kernel: number;
  stride: number;
  dilation: number;
  pad: number;
  /** Elements from index to index, of the input and the output. */
  inStep: number;
  outStep: number;
  /** Taps in a filter from index to index. */
  tapStep: number;
}

export function imageAxes(l: Window & { outC: number }): [vertical: ImageAxis, horizontal: ImageAxis] {
  return [
    {
      size: l.inH,
      outputs: l.outH,
      kernel: l.kernelH,
      stride: l.strideH,
      dilation: l.dilationH,
      pad: l.padTop,
      inStep: l.inW * l.inC,
      outStep: l.outW * l.outC,
      tapStep: l.kernelW,
    },
    {
      size: l.inW,
      outputs: l.outW,
      kernel: l.kernelW,
      stride: l.strideW,
      dilation: l.dilationW,
      pad: l.padLeft,
      inStep: l.inC,
      outStep: l.outC,
      tapStep: 1,
    },
  ];
}

/** Places that a window covers, holes of dilation included. */
export const spanOf = ({ kernel, dilation }: ImageAxis): number => (kernel - 1) * dilation + 1;

export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;
