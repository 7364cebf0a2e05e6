// SPDX-License-Identifier: Apache-2.0
// Gates of integer recurrent layers: twin of runtime-c/include/mote/cellgate.h.
import { clampTo } from './requantize.js';
import { interpolate } from './sigmoid16.js';

export const saturate16 = (x: number): number => clampTo(x, -32768, 32767);

/** logistic, of steps of 1/12288 to Q0.15. */
export function gateSigmoid(x: number): number {
  const value = interpolate(Math.abs(x), 9, 0x7fff * 1024);
  return Math.floor((x >= 0 ? value + 512 : 2 ** 25 - value + 511) / 1024);
}

/** tanh, of steps of 1/12288 to Q0.15. */
export function gateTanh(x: number): number {
  const value = interpolate(Math.abs(x), 8, 0xffff * 256);
  return Math.floor((x >= 0 ? value - 2 ** 23 + 128 : -value + 2 ** 23 + 127) / 256);
}

/** From a scale that is a power of two to the tables' steps: (x * factor + half) >> shift, as TensorFlow Lite Micro has it. */
export function tanhScaling(scale: number): { factor: number; shift: number } {
  const left = 12 + Math.round(Math.log2(scale));
  return left < 0 ? { factor: 3, shift: -left } : { factor: 3 * 2 ** left, shift: 0 };
}
