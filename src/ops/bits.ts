// SPDX-License-Identifier: Apache-2.0
// Signs as bits: 1 for +1, 0 for -1. The last dimension of a tensor of bits counts words of 32 channels (int32), the first
// channel in the lowest bit; bits past the last channel are 0.

export const wordBits = 32;

export const wordsOf = (channels: number): number => Math.ceil(channels / wordBits);

/** Bits that mean a channel in word j of a pixel. */
export function channelMask(channels: number, j: number): number {
  const left = channels - wordBits * j;
  return left >= wordBits ? -1 : (1 << left) - 1;
}

/** Rows of `channels` values as rows of words. */
export function packBits(count: number, channels: number, isSet: (index: number) => boolean): Int32Array {
  const words = wordsOf(channels);
  const out = new Int32Array((count / channels) * words);
  for (let i = 0; i < count; i++) {
    const channel = i % channels;
    if (isSet(i)) out[((i - channel) / channels) * words + (channel >> 5)] |= 1 << channel;
  }
  return out;
}

export function popcount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
