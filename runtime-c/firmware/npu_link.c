// SPDX-License-Identifier: Apache-2.0
// Calls of a virtual board's NPU: the host's functional model reads and writes this memory (PROTOCOL.md, NPU). What a call
// takes is kept out of the windows that are counted: an emulator says nothing about an NPU's time.
#include "mote_board.h"

#ifdef MOTE_NPU_LINK

#include "console.h"
#include "counter.h"
#include "frame.h"
#include "npu_link.h"
#include "uart.h"

#define HEAD_BYTES 3u // command, sequence, status
#define BUFFER_BYTES (MOTE_CHUNK_BYTES + 16u)
#define RANGE_BYTES 8u

enum { HELLO = 0x01, NPU_READ = 0x20, NPU_WRITE = 0x21, NPU_DONE = 0x22, NPU_CALL = 0xFE };
enum { DONE = 0, RANGE = 2 };

static uint8_t io[BUFFER_BYTES];
static mote_frame_decoder decoder;
static const mote_npu_range *ranges; // of the call that is open
static uint32_t range_count;
static uint64_t taken; // ticks spent in here since the last question

uint64_t mote_npu_ticks(void) {
  const uint64_t ticks = taken;
  taken = 0;
  return ticks;
}

static uint8_t *inside(uint32_t address, uint32_t count) {
  for (uint32_t i = 0; i < range_count; i++) {
    const mote_npu_range r = ranges[i];
    if (address >= r.address && count <= r.bytes && address - r.address <= r.bytes - count)
      return (uint8_t *)(uintptr_t)address;
  }
  return 0;
}

static void copy(uint8_t *to, const uint8_t *from, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) to[i] = from[i];
}

static void call(void) {
  io[0] = NPU_CALL;
  io[1] = 0;
  io[2] = DONE;
  uint32_t length = HEAD_BYTES;
  for (uint32_t i = 0; i < range_count; i++, length += RANGE_BYTES) {
    mote_put32(io + length, ranges[i].address);
    mote_put32(io + length + 4u, ranges[i].bytes);
  }
  mote_console_send(io, length);
}

// Body after command and sequence; the answer's length.
static uint32_t read(uint32_t length) {
  if (length != 2u + RANGE_BYTES) return 0;
  const uint32_t count = mote_get32(io + 6);
  const uint8_t *from = inside(mote_get32(io + 2), count);
  if (from == 0 || count > MOTE_CHUNK_BYTES) return 0;
  copy(io + HEAD_BYTES, from, count);
  return HEAD_BYTES + count;
}

static uint32_t write(uint32_t length) {
  if (length < 6u) return 0;
  uint8_t *to = inside(mote_get32(io + 2), length - 6u);
  if (to == 0) return 0;
  copy(to, io + 6, length - 6u);
  return HEAD_BYTES;
}

static void answer(uint32_t length) {
  io[0] |= 0x80u;
  io[2] = length == 0 ? RANGE : DONE;
  mote_console_send(io, length == 0 ? HEAD_BYTES : length);
}

static int serve(void) {
  mote_frame_begin(&decoder, io, BUFFER_BYTES);
  for (;;) {
    const uint32_t length = mote_frame_take(&decoder, mote_uart_get());
    if (length < 2u) continue;
    switch (io[0]) {
      case NPU_READ: answer(read(length)); break;
      case NPU_WRITE: answer(write(length)); break;
      case NPU_DONE: {
        const int failed = length != 3u || io[2] != 0;
        answer(HEAD_BYTES);
        return failed;
      }
      case HELLO: return 1; // another host, which knows nothing of this call
      default: break;       // a request repeated by a host that waits
    }
  }
}

int mote_npu_call(const mote_npu_range *named, uint32_t count) {
  if (count > MOTE_NPU_RANGES) return 1;
  const uint64_t start = mote_counter_now();
  ranges = named;
  range_count = count;
  call();
  const int failed = serve();
  range_count = 0;
  taken += mote_counter_span(start, mote_counter_now());
  return failed;
}

#else
typedef int mote_npu_link_unused;
#endif
