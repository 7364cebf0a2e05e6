// SPDX-License-Identifier: Apache-2.0
// Test only: the firmware's console and agent on this machine, fed with random bytes, frames and commands. The model of
// two layers reads and writes an arena that is a heap block of its exact size, so that a sanitizer sees each byte beside it.
// argv: seed, number of cases. Exit 0, or a sentence and 1; sanitizers end it on their own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "agent_text.h"
#include "console.h"
#include "counter.h"
#include "frame.h"
#include "mote_board.h"
#include "mote_model.h"

enum { HELLO = 1, WRITE, READ, RUN, STEP, STATUS, BATCH, RESET, COMMANDS = 9 };
#define MOST_BODY (MOTE_CHUNK_BYTES + 64u)
#define SENT_BYTES 8192u

static uint8_t *arena;
static uint32_t runs;
static uint64_t ticks;

// What the firmware sent since the last look.
static uint8_t sent[SENT_BYTES];
static uint32_t sent_bytes;

static uint32_t state;
static uint32_t case_number;

static void complain(const char *what) {
  printf("%s (case %u)\n", what, (unsigned)case_number);
  exit(1);
}

static void require(int truth, const char *what) {
  if (!truth) complain(what);
}

// xorshift32 (Marsaglia, 2003)
static uint32_t next(uint32_t below) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return (uint32_t)((uint64_t)state * below >> 32);
}

// -- the firmware's other side

void mote_uart_init(void) {}
uint8_t mote_uart_get(void) { return 0; }
void mote_uart_put(uint8_t byte) { sent[sent_bytes++ % SENT_BYTES] = byte; }
void mote_counter_init(void) {}
uint64_t mote_counter_now(void) { return ticks += MOTE_COUNTER_HZ / 16384u; }
uint64_t mote_counter_start(void) { return mote_counter_now(); }
uint64_t mote_counter_span(uint64_t start, uint64_t end) { return (uint32_t)(end - start); }

uint8_t *mote_arena(void) { return arena; }
uint8_t mote_guard_intact(void) { return 1; }
uint32_t mote_stack_used(void) { return 100; }
void mote_note_interrupts(void) {}
uint8_t mote_interrupts_met(void) { return 0; }
void mote_interrupts_forget(void) {}

int mini_run(uint8_t *bytes) {
  runs++;
  for (uint32_t i = 0; i < 16; i++) bytes[32 + i % 16] = (uint8_t)(bytes[i] ^ runs);
  return next(64) == 0 ? -1 : 0;
}

int mini_step(int layer, uint8_t *bytes) {
  require(layer >= 0 && layer < MOTE_MODEL_LAYERS, "a layer that the model does not have was run");
  return mini_run(bytes);
}

mote_window mote_run(void) {
  mote_window window = {mini_run(arena), 1000};
  return window;
}

mote_window mote_step(uint16_t layer);
mote_window mote_step(uint16_t layer) {
  mote_window window = {mini_step(layer, arena), 500};
  return window;
}

mote_window mote_empty_window(void) {
  mote_window window = {0, 3};
  return window;
}

// -- the host's side

static void take(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) mote_console_take(bytes[i]);
}

/// As PROTOCOL.md says, written without looking at console.c: blocks of up to 254 bytes that are not zero.
static uint32_t frame(uint8_t *to, const uint8_t *payload, uint32_t count, uint32_t crc_error) {
  static uint8_t whole[MOST_BODY + 8u];
  memcpy(whole, payload, count);
  mote_put32(whole + count, mote_crc32(0, payload, count) ^ crc_error);
  count += 4u;
  uint32_t length = 0;
  to[length++] = 0;
  uint32_t code = length++;
  uint8_t n = 1;
  for (uint32_t i = 0; i < count; i++) {
    if (whole[i] != 0) {
      to[length++] = whole[i];
      n++;
    }
    if (whole[i] == 0 || n == 0xFFu) {
      to[code] = n;
      n = 1;
      code = length++;
    }
  }
  to[code] = n;
  to[length++] = 0;
  return length;
}

/// The frames among what was sent: how many, and the last one's bytes.
static uint32_t answers(uint8_t *last, uint32_t *last_bytes) {
  mote_frame_decoder decoder;
  static uint8_t buffer[SENT_BYTES];
  uint32_t found = 0;
  require(sent_bytes <= SENT_BYTES, "it sent more than any answer is long");
  mote_frame_begin(&decoder, buffer, sizeof buffer);
  for (uint32_t i = 0; i < sent_bytes; i++) {
    uint32_t length = mote_frame_take(&decoder, sent[i]);
    if (length == 0) continue;
    memcpy(last, buffer, length);
    *last_bytes = length;
    found++;
  }
  return found;
}

static const uint32_t extremes[] = {0, 1, 2, 15, 16, 47, 48, 49, 255, 1023, 1024, 1025, 65535, 16777217u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFF0u, 0xFFFFFFFFu};

static uint32_t extreme(void) { return extremes[next(sizeof extremes / sizeof extremes[0])]; }

/// A request of this command that looks right but for its numbers.
static uint32_t request(uint8_t *payload, uint8_t command) {
  static const uint32_t usual[COMMANDS] = {0, 0, 4, 6, 0, 2, 0, 4, 0};
  uint32_t body = command < COMMANDS ? usual[command] : next(8);
  payload[0] = command;
  payload[1] = (uint8_t)next(256);
  mote_put32(payload + 2, next(3) == 0 ? next(64) : extreme());
  mote_put32(payload + 6, next(3) == 0 ? next(64) : extreme());
  if (command == WRITE) body += next(4) == 0 ? next(MOST_BODY - 4u) : next(60);
  if (command == BATCH && next(2) == 0) body = 6;
  if (next(4) == 0) body = next(4) == 0 ? next(MOST_BODY) : next(12);
  for (uint32_t i = 10; i < body + 2u; i++) payload[i] = (uint8_t)next(256);
  return body + 2u;
}

/// So much of a window as the board would do for minutes is refused or is not asked.
static int takes_long(const uint8_t *payload, uint32_t count) {
  return payload[0] == BATCH && count >= 6u && mote_get32(payload + 2) > 70000u && mote_get32(payload + 2) <= 16777216u;
}

static void one_request(void) {
  static uint8_t payload[MOST_BODY + 16u], wire[2u * MOST_BODY], last[SENT_BYTES];
  uint32_t last_bytes = 0;
  uint8_t command = (uint8_t)(next(8) == 0 ? next(128) : 1u + next(COMMANDS));
  uint32_t count = request(payload, command);
  if (takes_long(payload, count)) return;
  sent_bytes = 0;
  take(wire, frame(wire, payload, count, 0));
  uint32_t found = answers(last, &last_bytes);
  if (count > MOTE_CHUNK_BYTES + 16u - 4u) {
    require(found == 0, "a frame that is too long was answered");
    return;
  }
  require(found == 1, "a whole request was not answered once");
  require(last_bytes >= 3u && last[0] == (payload[0] | 0x80u) && last[1] == payload[1], "the answer is to another request");
  require(last[2] <= 5u, "the answer has a status that PROTOCOL.md does not have");
  if (last[2] != 0 && last[2] != 3u) require(last_bytes == 3u, "a refusal has a body");
  if (payload[0] == BATCH && count >= 6u && mote_get32(payload + 2) > 16777216u)
    require(last[2] == 2u || last[2] == 4u, "a batch of hours was not refused");
}

static void noise(void) {
  static uint8_t payload[MOST_BODY + 16u], wire[2u * MOST_BODY], last[SENT_BYTES];
  uint32_t last_bytes = 0;
  sent_bytes = 0;
  if (next(2) == 0) { // a frame with a wrong check sum is not answered
    uint32_t count = request(payload, (uint8_t)(1u + next(COMMANDS)));
    take(wire, frame(wire, payload, count, 1u + next(0xFFFFFFFEu)));
    require(answers(last, &last_bytes) == 0, "a frame with a wrong check sum was answered");
  } else {
    uint32_t count = next(400);
    for (uint32_t i = 0; i < count; i++) wire[i] = (uint8_t)(next(5) == 0 ? 0 : next(256));
    take(wire, count);
  }
}

static void command(void) {
  static const char *const names[] = {"name", "profile", "timestamp", "help", "db", "infer", "results", "x-info", "x-layers", "db load", "db print", "nonsense", ""};
  static const char *const words[] = {"load", "print", "0", "1", "3", "16", "17", "64", "65", "-1", "16777217", "999999999", "9999999999", "0g", "00", "ffffffff7f7fffff7fc00000ff800000", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", " ", "\x01", "\x80"};
  char line[400];
  uint32_t length = (uint32_t)snprintf(line, sizeof line, "%s", names[next(sizeof names / sizeof names[0])]);
  for (uint32_t i = next(4); i > 0; i--)
    length += (uint32_t)snprintf(line + length, sizeof line - length, " %s", words[next(sizeof words / sizeof words[0])]);
  // A 00 00 first: whatever noise came before may have opened a frame.
  const uint8_t zeros[2] = {1, 0};
  take(zeros, 2);
  const uint8_t again[3] = {0, 1, 0};
  if (next(2) == 0) take(again, 3);
  take((const uint8_t *)line, length);
}

/// After anything, a frame is answered, and text behind it.
static void alive(void) {
  static uint8_t wire[64], last[SENT_BYTES];
  uint32_t last_bytes = 0;
  const uint8_t payload[2] = {HELLO, 0};
  sent_bytes = 0;
  uint32_t length = frame(wire, payload, 2, 0);
  take(wire, length);
  if (answers(last, &last_bytes) == 0) take(wire, length); // the first ended a frame that noise had begun
  require(answers(last, &last_bytes) == 1 && last[0] == 0x81u && last[2] == 0, "HELLO is not answered any more");
  sent_bytes = 0;
  take((const uint8_t *)"\x01name%", 6);
  require(sent_bytes > 30u && sent_bytes < SENT_BYTES, "name% is not answered");
  sent[sent_bytes] = 0;
  require(strcmp((char *)sent, "m-name-dut-[harness]\r\nm-ready\r\n") == 0, "name% is answered otherwise");
}

int main(int argc, char **argv) {
  if (argc != 3) return 3;
  state = (uint32_t)strtoul(argv[1], 0, 10) * 2654435761u | 1u;
  uint32_t cases = (uint32_t)strtoul(argv[2], 0, 10);
  arena = calloc(1, MOTE_MODEL_ARENA_BYTES);
  if (!arena) return 3;
  mote_console_begin();
  mote_agent_begin();
  for (case_number = 0; case_number < cases; case_number++) {
    switch (next(4)) {
      case 0: noise(); break;
      case 1:
        command();
        mote_console_take('%');
        break;
      default: alive(); one_request(); break;
    }
    if (next(8) == 0) alive();
  }
  free(arena);
  return 0;
}
