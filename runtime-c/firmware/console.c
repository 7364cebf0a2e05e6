// SPDX-License-Identifier: Apache-2.0
// The protocol of PROTOCOL.md: take a frame, do what it says, answer in the same buffer.
#include "console.h"

#include "mote_board.h"
#include "mote_model.h"

#include "counter.h"
#include "frame.h"
#include "uart.h"
#ifdef MOTE_AGENT
#include "agent.h"
#endif

#define PROTOCOL_VERSION 1u
#define HEADER_BYTES 2u // command, sequence
#define STATUS_BYTES 1u
#define BUFFER_BYTES (MOTE_CHUNK_BYTES + 16u)
#define WINDOW_BYTES 13u // i32, u64, u8

enum { HELLO = 0x01, WRITE = 0x02, READ = 0x03, RUN = 0x04, STEP = 0x05, STATUS = 0x06, BATCH = 0x07, RESET = 0x08, FAULT = 0xFF };
enum { DONE = 0, UNKNOWN = 1, RANGE = 2, MODEL_ERROR = 3, NO_SESSION = 4, LEFT_OUT = 5 };

/// An answer in the making: `bytes` begins with the two header bytes and the status.
typedef struct {
  uint8_t bytes[BUFFER_BYTES];
  uint32_t length;
} packet;

static packet io;
static mote_frame_decoder decoder; // of what arrives in `io`

// What RUN, STEP and BATCH answered last, for a host that did not hear it. The other commands may be done twice.
static struct {
  uint8_t command;
  uint8_t sequence;
  uint8_t status;
  uint8_t body[WINDOW_BYTES];
} last;

// A host that greeted and then meets this at 0 knows that the board was reset in between.
static uint8_t greeted;

static const uint8_t model_hash[8] = MOTE_MODEL_HASH_BYTES;
static const char model_name[] = MOTE_MODEL_NAME;
_Static_assert(sizeof model_name <= 256u, "the name's length is one byte");
_Static_assert(MOTE_CHUNK_BYTES >= 512u, "HELLO must fit");

static void copy(uint8_t *to, const uint8_t *from, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) to[i] = from[i];
}

void mote_console_send(uint8_t *bytes, uint32_t count) {
  mote_put32(bytes + count, mote_crc32(0, bytes, count));
  count += MOTE_FRAME_CRC_BYTES;
  mote_uart_put(0); // ends whatever noise came before
  uint32_t at = 0;
  for (;;) {
    uint32_t n = mote_cobs_block(bytes + at, count - at);
    mote_uart_put((uint8_t)(n + 1u));
    for (uint32_t i = 0; i < n; i++) mote_uart_put(bytes[at + i]);
    at += n;
    if (at == count) break;
    if (n < 254u && ++at == count) { // skipped a zero, and it was the last byte
      mote_uart_put(1u);
      break;
    }
  }
  mote_uart_put(0);
}

static void add8(uint8_t value) { io.bytes[io.length++] = value; }

static void add16(uint16_t value) {
  add8((uint8_t)value);
  add8((uint8_t)(value >> 8));
}

static void add32(uint32_t value) {
  mote_put32(io.bytes + io.length, value);
  io.length += 4u;
}

static void hello(void) {
  mote_interrupts_forget();
  add8(PROTOCOL_VERSION);
  add8(MOTE_COUNTER_UNIT);
  add16(MOTE_MODEL_LAYERS);
  add32(MOTE_CLOCK_HZ);
  add32(MOTE_COUNTER_HZ);
  add32(MOTE_MODEL_ARENA_BYTES);
  add16(MOTE_CHUNK_BYTES);
  copy(io.bytes + io.length, model_hash, sizeof model_hash);
  io.length += sizeof model_hash;
  uint32_t name_bytes = sizeof model_name - 1u;
  add8((uint8_t)name_bytes);
  copy(io.bytes + io.length, (const uint8_t *)model_name, name_bytes);
  io.length += name_bytes;
}

static int in_arena(uint32_t offset, uint32_t count) {
  return offset <= MOTE_MODEL_ARENA_BYTES && count <= MOTE_MODEL_ARENA_BYTES - offset;
}

static uint8_t write(uint32_t length) {
  if (length < 4u || length - 4u > MOTE_CHUNK_BYTES) return RANGE;
  uint32_t offset = mote_get32(io.bytes + HEADER_BYTES);
  uint32_t count = length - 4u;
  if (!in_arena(offset, count)) return RANGE;
  copy(mote_arena() + offset, io.bytes + HEADER_BYTES + 4u, count);
  return DONE;
}

static uint8_t read(uint32_t length) {
  if (length != 6u) return RANGE;
  uint32_t offset = mote_get32(io.bytes + HEADER_BYTES);
  uint32_t count = io.bytes[HEADER_BYTES + 4u] | (uint32_t)io.bytes[HEADER_BYTES + 5u] << 8;
  if (count > MOTE_CHUNK_BYTES || !in_arena(offset, count)) return RANGE;
  copy(io.bytes + io.length, mote_arena() + offset, count);
  io.length += count;
  return DONE;
}

static uint8_t answer_window(mote_window window) {
  add32((uint32_t)window.result);
  add32((uint32_t)window.ticks);
  add32((uint32_t)(window.ticks >> 32));
  add8(mote_guard_intact());
  return window.result == 0 ? DONE : MODEL_ERROR;
}

#ifdef MOTE_NO_LAYERS
static uint8_t step(uint32_t length) {
  (void)length;
  return LEFT_OUT;
}
#else
static uint16_t layer_at(uint32_t place) { return (uint16_t)(io.bytes[place] | io.bytes[place + 1u] << 8); }

static uint8_t step(uint32_t length) {
  uint16_t layer = layer_at(HEADER_BYTES);
  if (length != 2u || layer >= MOTE_MODEL_LAYERS) return RANGE;
  return answer_window(mote_step(layer));
}
#endif

#ifdef MOTE_AGENT
static uint8_t batch(uint32_t length) {
  if (length != 4u && length != 6u) return RANGE;
  uint32_t times = mote_get32(io.bytes + HEADER_BYTES);
  if (times > MOTE_MOST_INFERENCES) return RANGE;
  if (length == 4u) return answer_window(mote_agent_batch(times));
#ifdef MOTE_NO_LAYERS
  return LEFT_OUT;
#else
  uint16_t layer = layer_at(HEADER_BYTES + 4u);
  if (layer >= MOTE_MODEL_LAYERS) return RANGE;
  return answer_window(mote_agent_batch_layer(times, layer));
#endif
}
#endif

static uint8_t status(void) {
  add8(mote_guard_intact());
  add32(mote_stack_used());
  add32(MOTE_STACK_BYTES);
  add32((uint32_t)mote_empty_window().ticks);
  add8(mote_interrupts_met());
  return DONE;
}

/// Does the request in `io` (`length` bytes after the header), leaves the body of the answer after the status byte.
static uint8_t execute(uint8_t command, uint32_t length) {
  if (command == HELLO) greeted = 1;
  else if (greeted == 0) return NO_SESSION;
  switch (command) {
    case WRITE: return write(length);
    case READ: return read(length);
    case STEP: return step(length);
#ifdef MOTE_AGENT
    case BATCH: return batch(length);
#endif
    case HELLO: if (length != 0) return RANGE; hello(); return DONE;
    case RUN: if (length != 0) return RANGE; return answer_window(mote_run());
    case RESET: if (length != 0) return RANGE; (void)mote_model_reset(mote_arena()); return DONE;
    case STATUS: if (length != 0) return RANGE; return status();
    default: return UNKNOWN;
  }
}

static int repeat_last(uint8_t command, uint8_t sequence) {
  if (sequence == 0 || command != last.command || sequence != last.sequence) return 0;
  io.bytes[HEADER_BYTES] = last.status;
  copy(io.bytes + HEADER_BYTES + STATUS_BYTES, last.body, WINDOW_BYTES);
  io.length = HEADER_BYTES + STATUS_BYTES + WINDOW_BYTES;
  return 1;
}

static void remember(uint8_t command, uint8_t sequence) {
  last.sequence = 0; // any other command in between makes a repetition impossible
  if (io.length != HEADER_BYTES + STATUS_BYTES + WINDOW_BYTES || (command != RUN && command != STEP && command != BATCH)) return;
  last.command = command;
  last.sequence = sequence;
  last.status = io.bytes[HEADER_BYTES];
  copy(last.body, io.bytes + HEADER_BYTES + STATUS_BYTES, WINDOW_BYTES);
}

static void respond(uint32_t length) {
  uint8_t command = io.bytes[0];
  uint8_t sequence = io.bytes[1];
  if (!repeat_last(command, sequence)) {
    io.length = HEADER_BYTES + STATUS_BYTES;
    io.bytes[HEADER_BYTES] = execute(command, length - HEADER_BYTES);
    remember(command, sequence);
  }
  io.bytes[0] = command | 0x80u;
  mote_console_send(io.bytes, io.length);
}

void mote_console_begin(void) { mote_frame_begin(&decoder, io.bytes, BUFFER_BYTES); }

#ifdef MOTE_AGENT
// Text lies between frames: a 00 begins a frame, the next one after at least a byte ends it.
static uint8_t in_frame;
static uint8_t frame_filled;

static int is_text(uint8_t byte) {
  if (byte != 0) {
    frame_filled = in_frame;
    return !in_frame;
  }
  in_frame = !(in_frame && frame_filled);
  frame_filled = 0;
  return 0;
}
#endif

void mote_console_take(uint8_t byte) {
#ifdef MOTE_AGENT
  if (is_text(byte)) {
    mote_agent_take(byte);
    return;
  }
#endif
  uint32_t length = mote_frame_take(&decoder, byte);
  if (length >= HEADER_BYTES && (io.bytes[0] & 0x80u) == 0) respond(length);
}

void mote_console_fault(uint32_t cause, uint32_t pc) {
  uint8_t frame[HEADER_BYTES + STATUS_BYTES + 8u + MOTE_FRAME_CRC_BYTES];
  frame[0] = FAULT;
  frame[1] = 0;
  frame[2] = UNKNOWN;
  mote_put32(frame + 3, cause);
  mote_put32(frame + 7, pc);
  mote_console_send(frame, sizeof frame - MOTE_FRAME_CRC_BYTES);
}
