// SPDX-License-Identifier: Apache-2.0
// The profiling agent. Its text is MLPerf Tiny's serial grammar (mlcommons/tiny, benchmark/api/internally_implemented.h
// and benchmark/runner): commands end with `%`, answers with CR LF, every answer with `m-ready`. mote's own commands
// begin with `x-` and never speak inside a timed window.
#include "agent.h"

#include "mote_agent.h"
#include "mote_board.h"
#include "mote_model.h"

#include "agent_text.h"
#include "counter.h"
#include "marker.h"
#include "uart.h"

#define LINE_BYTES 80u // longer commands are cut, as the public firmware does
#define MOST_WORDS 4u
#define MOST_LAYER_ROUNDS 1000

#if MOTE_AGENT_INPUT_FLOAT
#define TENSOR_BYTES MOTE_AGENT_INPUT_BYTES
#else
#define TENSOR_BYTES 1u
#endif

static struct {
  char line[LINE_BYTES + 1u];
  uint32_t length;
  uint32_t expected; // bytes announced by `db load`
  uint32_t loaded;
  uint64_t mark;  // the counter when `ticks` were last added to
  uint64_t ticks; // since the start; a counter of 32 bits wraps in seconds, so each inference is added by itself
  // What `db` loaded, as the tensor wants it where that is a matter of a byte each.
  uint8_t buffer[MOTE_AGENT_BUFFER_BYTES] __attribute__((aligned(8)));
  uint8_t tensor[TENSOR_BYTES]; // the quantized copy of floats
} agent;

// -- time and marker

static void add_ticks(void) {
  uint64_t now = mote_counter_now();
  agent.ticks += mote_counter_span(agent.mark, now);
  agent.mark = now;
}

static void timestamp(void) {
#if MOTE_AGENT_ENERGY
  mote_marker_pulse();
#else
  add_ticks();
  uint64_t rest = agent.ticks % MOTE_COUNTER_HZ;
  mote_text_counted("m-lap-us-", agent.ticks / MOTE_COUNTER_HZ * 1000000u + rest * 1000000u / MOTE_COUNTER_HZ);
#endif
}

// -- the model

static void copy(uint8_t *to, const uint8_t *from, uint32_t count) { __builtin_memcpy(to, from, count); }

#if MOTE_AGENT_INPUT_FLOAT || MOTE_AGENT_OUTPUT_FLOAT || MOTE_AGENT_MEAN_SQUARE
/// So that it fits an integer; what is no number becomes the lowest.
static float within(float value, float limit) {
  if (!(value > -limit)) return -limit;
  return value < limit ? value : limit;
}
#endif

#if MOTE_AGENT_INPUT_FLOAT
static void quantize_input(void) {
  const float *values = (const float *)(const void *)agent.buffer;
  for (uint32_t i = 0; i < MOTE_AGENT_INPUT_BYTES; i++) {
    float scaled = within(values[i] / MOTE_AGENT_INPUT_SCALE, 1e6f);
    int32_t q = (int32_t)(scaled + (scaled < 0.0f ? -0.5f : 0.5f)) + MOTE_AGENT_INPUT_ZERO;
    agent.tensor[i] = (uint8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
  }
}
static const uint8_t *input_tensor(void) { return agent.tensor; }
#else
static void quantize_input(void) {}
static const uint8_t *input_tensor(void) { return agent.buffer; }
#endif

/// Later layers may have reused the input's place, so each run begins with a copy of it; that is part of its time.
static int32_t infer_once(void) {
  copy(mote_arena() + MOTE_AGENT_INPUT_OFFSET, input_tensor(), MOTE_AGENT_INPUT_BYTES);
  return (int32_t)mote_model_run(mote_arena());
}

mote_window mote_agent_batch(uint32_t inferences) {
  mote_window window = {0, 0};
#if !MOTE_AGENT_INPUT_FLOAT
  copy(agent.buffer, mote_arena() + MOTE_AGENT_INPUT_OFFSET, MOTE_AGENT_INPUT_BYTES);
#else
  copy(agent.tensor, mote_arena() + MOTE_AGENT_INPUT_OFFSET, MOTE_AGENT_INPUT_BYTES);
#endif
  mote_note_interrupts();
  mote_marker_pulse();
  uint64_t before = agent.ticks;
  agent.mark = mote_counter_start();
  for (uint32_t i = 0; i < inferences && window.result == 0; i++) {
    window.result = infer_once();
    add_ticks();
  }
  window.ticks = agent.ticks - before;
  mote_marker_pulse();
  mote_note_interrupts();
  return window;
}

#ifndef MOTE_NO_LAYERS
mote_window mote_agent_batch_layer(uint32_t times, uint16_t layer) {
  mote_window window = {0, 0};
  mote_note_interrupts();
  mote_marker_pulse();
  uint64_t before = agent.ticks;
  agent.mark = mote_counter_start();
  for (uint32_t i = 0; i < times && window.result == 0; i++) {
    window.result = (int32_t)mote_model_step((int)layer, mote_arena());
    add_ticks();
  }
  window.ticks = agent.ticks - before;
  mote_marker_pulse();
  mote_note_interrupts();
  return window;
}
#endif

// -- results, with three decimals, halves to even as printf does

#if MOTE_AGENT_OUTPUT_FLOAT || MOTE_AGENT_MEAN_SQUARE
static int64_t milli_of_float(float value) {
  float scaled = within(value * 1000.0f, 1e15f);
  return (int64_t)(scaled + (scaled < 0.0f ? -0.5f : 0.5f));
}
#endif

#if MOTE_AGENT_MEAN_SQUARE
/// What anomaly detection reports: the mean squared difference between input and output.
static void results(void) {
  const int8_t *output = (const int8_t *)(mote_arena() + MOTE_AGENT_OUTPUT_OFFSET);
  const float *input = (const float *)(const void *)agent.buffer;
  float sum = 0.0f;
  for (uint32_t i = 0; i < MOTE_AGENT_OUTPUT_COUNT; i++) {
    float difference = (float)(output[i] - MOTE_AGENT_OUTPUT_ZERO) * MOTE_AGENT_OUTPUT_STEP - input[i];
    sum += difference * difference;
  }
  mote_text_put("m-results-[");
  mote_text_milli(milli_of_float(sum / (float)MOTE_AGENT_OUTPUT_COUNT));
  mote_text_line("]");
}
#else
#if MOTE_AGENT_OUTPUT_FLOAT
static int64_t milli_of(uint32_t i) {
  return milli_of_float(((const float *)(const void *)(mote_arena() + MOTE_AGENT_OUTPUT_OFFSET))[i]);
}
#else
/// (q - zero) * scale * 1000, the scale being MOTE_AGENT_OUTPUT_SCALE / 2^MOTE_AGENT_OUTPUT_SHIFT.
static int64_t milli_of(uint32_t i) {
  int32_t q = ((const int8_t *)(mote_arena() + MOTE_AGENT_OUTPUT_OFFSET))[i] - MOTE_AGENT_OUTPUT_ZERO;
  int64_t exact = (int64_t)q * (int64_t)MOTE_AGENT_OUTPUT_SCALE * 1000;
  int64_t half = (int64_t)1 << (MOTE_AGENT_OUTPUT_SHIFT - 1);
  int64_t down = exact >> MOTE_AGENT_OUTPUT_SHIFT;
  int64_t rest = exact - down * 2 * half;
  return rest > half || (rest == half && (down & 1) != 0) ? down + 1 : down;
}
#endif
static void results(void) {
  mote_text_put("m-results-[");
  for (uint32_t i = 0; i < MOTE_AGENT_OUTPUT_COUNT; i++) {
    if (i > 0) mote_uart_put(',');
    mote_text_milli(milli_of(i));
  }
  mote_text_line("]");
}
#endif

// -- commands

static void infer(int32_t inferences, int32_t warmups) {
  int32_t result = 0;
  quantize_input();
  mote_text_counted("m-warmup-start-", (uint64_t)warmups);
  for (int32_t i = 0; i < warmups; i++) result |= infer_once();
  mote_text_line("m-warmup-done");
  mote_text_counted("m-infer-start-", (uint64_t)inferences);
  agent.mark = mote_counter_start();
  timestamp();
  for (int32_t i = 0; i < inferences; i++) {
    result |= infer_once();
    add_ticks();
  }
  timestamp();
  mote_text_line("m-infer-done");
  if (result != 0) mote_text_line("e-[The model returned an error]");
  results();
}

static void infer_words(char *const *words, uint32_t count) {
  int32_t inferences = count > 1u ? mote_text_number(words[1]) : 1;
  int32_t warmups = count > 2u ? mote_text_number(words[2]) : 10;
  if (inferences <= 0) mote_text_line("e-[Inference iterations must be >0]");
  else if (warmups < 0) mote_text_line("e-[Inference warmup must be >=0]");
  else if ((uint32_t)inferences > MOTE_MOST_INFERENCES || (uint32_t)warmups > MOTE_MOST_INFERENCES)
    mote_text_line("e-[Inference iterations and warmup must be <=16777216]");
  else infer(inferences, warmups);
}

static void load(const char *count) {
  int32_t bytes = mote_text_number(count);
  if (bytes <= 0) {
    mote_text_line("e-[Command 'db load' must be >0 bytes]");
    return;
  }
  if ((uint32_t)bytes > MOTE_AGENT_BUFFER_BYTES) {
    mote_text_put("Supplied buffer size ");
    mote_text_unsigned((uint64_t)bytes);
    mote_text_put(" exceeds maximum of ");
    mote_text_unsigned(MOTE_AGENT_BUFFER_BYTES);
    mote_text_put("\r\n");
    return;
  }
  agent.expected = (uint32_t)bytes;
  agent.loaded = 0;
  mote_text_put("m-[Expecting ");
  mote_text_unsigned((uint64_t)bytes);
  mote_text_line(" bytes]");
}

static void load_hex(const char *digits) {
  for (uint32_t i = 0; digits[i] != 0; i += 2u) {
    int high = mote_text_nibble(digits[i]);
    int low = digits[i + 1u] == 0 ? -1 : mote_text_nibble(digits[i + 1u]);
    if (digits[i + 1u] == 0) {
      mote_text_line("e-[Insufficent number of hex digits]");
      return;
    }
    if (high < 0 || low < 0) {
      mote_text_put("e-[Invalid hex digit '");
      mote_uart_put((uint8_t)digits[high < 0 ? i : i + 1u]);
      mote_text_line("']");
      return;
    }
    if (agent.loaded >= agent.expected) continue; // what comes after the buffer is full is ignored
    agent.buffer[agent.loaded++] = (uint8_t)((uint32_t)(high << 4 | low) ^ MOTE_AGENT_INPUT_XOR);
    if (agent.loaded == agent.expected) mote_text_line("m-load-done");
  }
}

static void print_buffer(void) {
  for (uint32_t i = 0; i < agent.loaded; i++) {
    if (i % 8u == 0) mote_text_put(i == 0 ? "m-buffer-" : "\r\nm-buffer-");
    else mote_uart_put('-');
    mote_text_hex(agent.buffer[i] ^ MOTE_AGENT_INPUT_XOR);
  }
  mote_text_put("\r\n");
}

static void db(char *const *words, uint32_t count) {
  if (count < 2u) mote_text_line("e-[Command 'db' requires a subcommand]");
  else if (mote_text_same(words[1], "load")) load(count > 2u ? words[2] : "");
  else if (mote_text_same(words[1], "print")) print_buffer();
  else load_hex(words[1]);
}

static void profile(void) {
  mote_text_line("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
  mote_text_put("m-model-[" MOTE_AGENT_MODEL "]\r\n");
}

static void help(void) {
  mote_text_line("name, profile, timestamp, help; db load N, db HH.., db print; infer N [W=10], results");
#ifdef MOTE_NO_LAYERS
  mote_text_line("x-info: the model and the board");
#else
  mote_text_line("x-info: the model and the board; x-layers N: counts of each layer, N times");
#endif
}

static void info(void) {
  mote_text_put("x-info-[" MOTE_MODEL_NAME "," MOTE_BOARD_ID ",");
  mote_text_unsigned(MOTE_MODEL_ARENA_BYTES);
  mote_uart_put(',');
  mote_text_unsigned(MOTE_MODEL_LAYERS);
  mote_uart_put(',');
  mote_text_unsigned(MOTE_COUNTER_HZ);
  mote_text_line("]");
}

#ifdef MOTE_NO_LAYERS
static void layers(int32_t times) {
  (void)times;
  mote_text_line("e-[x-layers was left out of this firmware]");
}
#else
/// Each layer once after the other, counted alone: `x-layer-INDEX-TICKS`, the empty window taken off by nobody.
static void layers(int32_t times) {
  if (times <= 0 || times > MOST_LAYER_ROUNDS) {
    mote_text_line("e-[x-layers must be >0 and <=1000]");
    return;
  }
  mote_text_counted("x-layer-empty-", mote_empty_window().ticks);
  for (int32_t i = 0; i < times; i++) {
    copy(mote_arena() + MOTE_AGENT_INPUT_OFFSET, input_tensor(), MOTE_AGENT_INPUT_BYTES);
    for (uint16_t layer = 0; layer < MOTE_MODEL_LAYERS; layer++) {
      mote_window window = mote_step(layer);
      mote_text_put("x-layer-");
      mote_text_unsigned(layer);
      mote_text_counted("-", window.ticks);
    }
  }
}
#endif

static uint32_t split(char *line, char **words) {
  uint32_t count = 1;
  words[0] = line;
  for (; *line != 0; line++) {
    if (*line != ' ' || count == MOST_WORDS) continue;
    *line = 0;
    words[count++] = line + 1;
  }
  return count;
}

static void execute(char *line) {
  char *words[MOST_WORDS];
  uint32_t count = split(line, words);
  const char *name = words[0];
  if (mote_text_same(name, "name")) mote_text_line("m-name-dut-[" MOTE_AGENT_NAME "]");
  else if (mote_text_same(name, "profile")) profile();
  else if (mote_text_same(name, "timestamp")) timestamp();
  else if (mote_text_same(name, "help")) help();
  else if (mote_text_same(name, "db")) db(words, count);
  else if (mote_text_same(name, "infer")) infer_words(words, count);
  else if (mote_text_same(name, "results")) results();
  else if (mote_text_same(name, "x-info")) info();
  else if (mote_text_same(name, "x-layers")) layers(count > 1u ? mote_text_number(words[1]) : 1);
  else {
    mote_text_put("e-[Unknown command: ");
    mote_text_put(name);
    mote_text_line("]");
  }
  mote_text_line("m-ready");
}

void mote_agent_begin(void) {
  mote_marker_init();
  agent.mark = mote_counter_now();
#if MOTE_AGENT_ENERGY
  mote_text_line("m-timestamp-mode-energy");
#else
  mote_text_line("m-timestamp-mode-performance");
#endif
  timestamp();
  mote_text_line("m-init-done");
  mote_text_line("m-ready");
}

void mote_agent_take(uint8_t byte) {
  if (byte == '%') {
    agent.line[agent.length] = 0;
    agent.length = 0;
    execute(agent.line);
  } else if (byte >= ' ' && byte <= '~') {
    if (agent.length < LINE_BYTES) agent.line[agent.length++] = (char)byte;
  } else if (byte != '\r' && byte != '\n') {
    agent.length = 0; // noise
  }
}
