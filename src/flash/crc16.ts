// SPDX-License-Identifier: Apache-2.0
// CRC-16/XMODEM: polynomial 1021, start 0, no reflection. XMODEM, SAM-BA and MCUboot's console frames use it.

const polynomial = 0x1021;

export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ polynomial) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
