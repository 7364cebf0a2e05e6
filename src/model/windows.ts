// SPDX-License-Identifier: Apache-2.0
// Padding of sliding windows: what SAME and VALID mean as numbers.

/** How far a window of `kernel` taps reaches. */
export const windowReach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** Total padding of one axis so that the output has ceil(input / stride) positions (SAME of TensorFlow and ONNX). */
export function samePadding(input: number, kernel: number, stride: number, dilation: number): number {
  const output = Math.ceil(input / stride);
  return Math.max(0, (output - 1) * stride + windowReach(kernel, dilation) - input);
}
