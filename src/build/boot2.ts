// SPDX-License-Identifier: Apache-2.0
// The RP2040's second stage: 252 bytes and their checksum, or the boot ROM will not run it (RP2040 datasheet,
// 2.8.1.3.1).

export const boot2Bytes = 256;

/** CRC-32 with polynomial 04C11DB7, start FFFFFFFF, no reflection, no final inversion (datasheet as above). */
export function boot2Crc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** Writes the checksum into the last four of the 256 bytes. */
export function sealBoot2(section: Uint8Array): void {
  if (section.length !== boot2Bytes) throw new Error(`the second stage is ${section.length} bytes, not ${boot2Bytes}`);
  new DataView(section.buffer, section.byteOffset).setUint32(252, boot2Crc(section.subarray(0, 252)), true);
}
