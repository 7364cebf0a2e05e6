// SPDX-License-Identifier: Apache-2.0
// Frames of PROTOCOL.md: COBS(payload ‖ crc32) 00. No device code in here, so the host's tests run the same source.
#ifndef MOTE_FIRMWARE_FRAME_H
#define MOTE_FIRMWARE_FRAME_H

#include <stdint.h>

#define MOTE_FRAME_CRC_BYTES 4u

/// What has arrived of one frame. `buffer` receives the decoded bytes, CRC included.
typedef struct {
  uint8_t *buffer;
  uint32_t capacity;
  uint32_t length;
  uint8_t left;      // bytes still to copy in the current COBS block
  uint8_t zero_next; // the block before stands for a zero as soon as another block follows
  uint8_t overflow;  // more came than fits: dropped at the next 00
} mote_frame_decoder;

/// CRC-32 of IEEE 802.3 over `count` bytes, continuing from `crc` (0 to begin).
uint32_t mote_crc32(uint32_t crc, const uint8_t *bytes, uint32_t count);

void mote_frame_begin(mote_frame_decoder *decoder, uint8_t *buffer, uint32_t capacity);

/// Takes one byte from the wire. Returns the payload's length when the byte closed a good frame, else 0.
uint32_t mote_frame_take(mote_frame_decoder *decoder, uint8_t byte);

/// Length of the COBS block that starts at `bytes`: its non-zero bytes, at most 254 and at most `count`.
uint32_t mote_cobs_block(const uint8_t *bytes, uint32_t count);

void mote_put32(uint8_t *bytes, uint32_t value);
uint32_t mote_get32(const uint8_t *bytes);

#endif
