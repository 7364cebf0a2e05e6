// SPDX-License-Identifier: Apache-2.0
// Bits into bytes, the least significant first.

export class BitWriter {
  private bytes = new Uint8Array(1024);
  private at = 0;

  /** The low `count` bits (at most 31) of `value`. */
  put(value: number, count: number): void {
    if (this.at + count > 8 * this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    for (let left = count, rest = value; left > 0; ) {
      const room = 8 - (this.at & 7);
      const taken = Math.min(room, left);
      this.bytes[this.at >> 3] |= (rest & ((1 << taken) - 1)) << (this.at & 7);
      rest >>>= taken;
      left -= taken;
      this.at += taken;
    }
  }

  /** The bytes so far, filled up with ones to a multiple of `unitBytes`. */
  finish(unitBytes: number): Uint8Array {
    while (this.at % (8 * unitBytes)) this.put(1, 1);
    return this.bytes.slice(0, this.at >> 3);
  }
}
