// SPDX-License-Identifier: Apache-2.0
// mote's int8 maps [1, H, W, C] as the KPU's uint8 planes [C, H, W], and back.

/** int8 activations are the KPU's uint8 with this added. */
export const signShift = 128;

export function planesOf(map: Int8Array, [, height, width, channels]: readonly number[]): Uint8Array {
  const pixels = height * width;
  return Uint8Array.from(map, (_, i) => map[(i % pixels) * channels + Math.floor(i / pixels)] + signShift);
}

export function mapOfPlanes(planes: Uint8Array, [, height, width, channels]: readonly number[]): Int8Array {
  const pixels = height * width;
  return Int8Array.from(planes, (_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)] - signShift);
}
