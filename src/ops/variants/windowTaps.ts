// SPDX-License-Identifier: Apache-2.0
// Where the taps of a depthwise window lie in the image, for kernels that find them by a table of offsets.
import type { Window } from '../window.js';

/** Elements from a window's first tap to each of its taps; an odd number repeats the last one. */
export function tapOffsets(l: Window): number[] {
  const offsets: number[] = [];
  for (let y = 0; y < l.kernelH; y++) {
    for (let x = 0; x < l.kernelW; x++) offsets.push((y * l.dilationH * l.inW + x * l.dilationW) * l.inC);
  }
  return offsets.length % 2 ? [...offsets, offsets[offsets.length - 1]] : offsets;
}

/** Whether some window leaves the image: its taps are then found by a table in the scratch. */
export function leavesImage(l: Window): boolean {
  const reach = (out: number, stride: number, kernel: number, dilation: number, pad: number): number =>
    (out - 1) * stride - pad + (kernel - 1) * dilation;
  return (
    l.padTop > 0 ||
    l.padLeft > 0 ||
    reach(l.outH, l.strideH, l.kernelH, l.dilationH, l.padTop) >= l.inH ||
    reach(l.outW, l.strideW, l.kernelW, l.dilationW, l.padLeft) >= l.inW
  );
}
