// SPDX-License-Identifier: Apache-2.0
// How Ethos-U scales accumulators: a multiplier of 32 bits unsigned, a shift of 6 bits, and a rounding mode.
// `tfl` is TensorFlow Lite's MultiplyByQuantizedMultiplier (gemmlowp, two roundings); Arm states that it equals it.

export const roundings = ['tfl', 'truncate', 'natural'] as const;
export type NpuRounding = (typeof roundings)[number];

export interface Scale {
  multiplier: number;
  shift: number;
}

export interface ChannelScale extends Scale {
  /** 40 bits signed. */
  bias: number;
}

export const scaleBytes = 10;

/** Bias 40, multiplier 32, shift 6 bits, little-endian, ten bytes a channel. */
export function readChannelScale(bytes: Uint8Array, channel: number): ChannelScale {
  const view = new DataView(bytes.buffer, bytes.byteOffset + channel * scaleBytes, scaleBytes);
  return {
    bias: view.getInt8(4) * 2 ** 32 + view.getUint32(0, true),
    multiplier: view.getUint32(5, true),
    shift: view.getUint8(9) & 0x3f,
  };
}

/** Rounded product / 2^shift of one rounding. */
function divide(product: bigint, shift: number, rounding: NpuRounding): bigint {
  if (shift === 0) return product;
  const bits = BigInt(shift);
  const half = 1n << (bits - 1n);
  if (rounding === 'natural') return (product + half) >> bits;
  if (rounding === 'truncate') return product < 0n ? -(-product >> bits) : product >> bits;
  return product < 0n ? -((-product + half) >> bits) : (product + half) >> bits;
}

/** gemmlowp's SaturatingRoundingDoublingHighMul: (a * b) / 2^31, ties toward +infinity below zero as C's division has it. */
function highMultiply(product: bigint): bigint {
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  return (product + nudge) / (1n << 31n);
}

/** value * multiplier / 2^shift. */
export function applyScale(value: number, { multiplier, shift }: Scale, rounding: NpuRounding): number {
  if (rounding !== 'tfl') return Number(divide(BigInt(value) * BigInt(multiplier), shift, rounding));
  if (multiplier === 1 && shift === 0) return value;
  if (shift <= 31) return Number(highMultiply((BigInt(value) << BigInt(31 - shift)) * BigInt(multiplier)));
  return Number(divide(highMultiply(BigInt(value) * BigInt(multiplier)), shift - 31, 'tfl'));
}

/** A product of two int32 / 2^shift, saturated to int32. */
export function shiftProduct(product: bigint, shift: number, rounding: NpuRounding): number {
  const rounded = rounding === 'tfl' && shift === 31 ? highMultiply(product) : divide(product, shift, rounding);
  return Number(rounded > 0x7fffffffn ? 0x7fffffffn : rounded < -0x80000000n ? -0x80000000n : rounded);
}
