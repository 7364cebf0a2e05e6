// SPDX-License-Identifier: Apache-2.0
// A channel's weights that are not zero, as runtime-c/include/mote/packedlist_dsp.h describes them.
import { entriesOf } from './packedList.js';

/** The list of a channel, taps in this order. */
export function listBytes(taps: ArrayLike<number>): number[] {
  const entries = entriesOf(Int8Array.from(taps));
  const pairs = Math.ceil(entries.length / 2);
  const bytes = [pairs & 0xff, pairs >> 8];
  for (let i = 0; i < entries.length; i += 2) {
    const [a, b = { skip: 0, value: 0 }] = entries.slice(i, i + 2);
    bytes.push(a.value & 0xff, b.value & 0xff, a.skip | (b.skip << 4));
  }
  return bytes;
}
