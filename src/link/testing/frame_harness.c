// SPDX-License-Identifier: Apache-2.0
// Test only: the firmware's frame decoder behind a WebAssembly export, for comparison with src/link/frame.ts.
#include "frame.h"

#define EXPORT(name) __attribute__((used, export_name(#name)))

#define CAPACITY 1040u

static uint8_t buffer[CAPACITY];
static uint8_t scratch[4096];
static mote_frame_decoder decoder;

uint8_t *harness_buffer(void);
uint8_t *harness_scratch(void);
void harness_begin(void);
uint32_t harness_take(uint32_t byte);
uint32_t harness_crc32(uint32_t count);

EXPORT(harness_buffer) uint8_t *harness_buffer(void) { return buffer; }
EXPORT(harness_scratch) uint8_t *harness_scratch(void) { return scratch; }
EXPORT(harness_begin) void harness_begin(void) { mote_frame_begin(&decoder, buffer, CAPACITY); }
EXPORT(harness_take) uint32_t harness_take(uint32_t byte) { return mote_frame_take(&decoder, (uint8_t)byte); }
/// CRC of the first bytes of the scratch area, in two parts.
EXPORT(harness_crc32) uint32_t harness_crc32(uint32_t count) {
  return mote_crc32(mote_crc32(0, scratch, count / 2u), scratch + count / 2u, count - count / 2u);
}
