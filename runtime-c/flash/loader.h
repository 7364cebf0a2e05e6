// SPDX-License-Identifier: Apache-2.0
// The RAM loader by which mote flashes an ESP32-C3, an ESP32-C6 or a K210. The boot ROM of an ESP32 erases as soon as it
// has decoded FLASH_BEGIN, and no check sum protects that command; that of a K210 cannot write the flash at all. Here every
// command is a frame with a CRC-32. The loader comes in two parts, so that what the ROM starts (with a bare address, which
// a line can damage) has no code that could touch the flash:
//   core       loaded by the ROM (loaderCore.c): frames, and taking the extension
//   extension  comes in frames, is started when its CRC-32 is right (espFlash.c, k210Flash.c): reads, erases and writes
//
// A frame is SLIP (RFC 1055) around: kind 'M', operation, sequence number (16 bits), first, second (32 bits each), up to
// 4096 bytes of data, CRC-32 of all that. An answer: kind 'm', operation, sequence number, status, three zeros, data,
// CRC-32. All numbers are little-endian. Whatever is damaged is passed over in silence.
#ifndef MOTE_LOADER_H
#define MOTE_LOADER_H

#include <stdint.h>

#define MOTE_REQUEST 0x4Du // not 0, with which requests to the ROM begin
#define MOTE_ANSWER 0x6Du
#define MOTE_HEADER_BYTES 12u
#define MOTE_CRC_BYTES 4u
#define MOTE_SECTOR_BYTES 4096u
#define MOTE_MOST_READ_BYTES 1024u
#define MOTE_FRAME_BYTES (MOTE_HEADER_BYTES + MOTE_SECTOR_BYTES + MOTE_CRC_BYTES)

typedef enum {
  MOTE_HELLO = 1,   // closes everything; answers the CRC-32 of the core
  MOTE_PUT = 2,     // data at offset `first` of the extension's place
  MOTE_OPEN = 3,    // starts the extension: `first` bytes with the CRC-32 `second`; answers the flash chip's JEDEC id
  MOTE_SIZE = 4,    // the flash chip has `first` bytes
  MOTE_WINDOW = 5,  // only sectors in [first, second) may change; data: ~first, ~second
  MOTE_SECTOR = 6,  // the sector at `first` becomes data (4096 bytes)
  MOTE_DIGEST = 7,  // of `second` bytes at `first`: MD5 (ESP32), CRC-32 (K210)
  MOTE_READ = 8,    // `second` bytes at `first`
  MOTE_RESTART = 9, // system reset after the answer
  MOTE_SPEED = 10,  // `first` baud after the answer (K210)
} mote_operation;

typedef enum {
  MOTE_OK = 0,
  MOTE_WRONG_SEQUENCE = 1,
  MOTE_WRONG_LENGTH = 2,
  MOTE_CLOSED = 3,
  MOTE_OUTSIDE = 4,
  MOTE_DAMAGED = 5,
  MOTE_FLASH_FAILED = 6,
  MOTE_UNKNOWN = 7,
  MOTE_PROTECTED = 8, // bits of the flash chip's status register lock its sectors
} mote_status;

typedef struct mote_loader mote_loader;
typedef uint32_t (*mote_extension)(mote_loader *loader);

struct mote_loader {
  uint32_t crcTable[16];
  mote_extension extension; // 0: not opened
  uint32_t lastSequence;    // of the request that was acted upon last
  uint32_t lastStatus;
  uint32_t onUsb;           // the last byte came over the chip's own USB port
  // The request at hand: what its header says, and its data in `frame`.
  uint32_t operation, first, second, dataBytes;
  const uint8_t *answer;
  uint32_t answerBytes;
  // The extension's: the window (and its complement), and whether the flash's protection was lifted.
  uint32_t from, to, notFrom, notTo;
  uint32_t unlocked;
  uint32_t small[8];
  uint32_t frame[(MOTE_FRAME_BYTES + 3u) / 4u];
  uint32_t sector[MOTE_SECTOR_BYTES / 4u];
  uint32_t byteTable[256]; // CRC-32 by bytes, where the digest is one
};

#define MOTE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#endif
