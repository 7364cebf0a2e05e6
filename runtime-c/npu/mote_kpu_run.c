// SPDX-License-Identifier: Apache-2.0
// Maps go into the KPU's RAM and out of it by the CPU, layer by layer, as Canaan's own runtime does it (k210_ops.cpp of
// kendryte-standalone-sdk): the KPU's output FIFO and its DMA channel are not used.
#include "mote/kpu.h"
#include "mote/kpu_registers.h"
#include "mote/mote.h"

enum { row_bytes = 64, map_words = 5, sign_bit = 0x80 };
enum { all_interrupts = 7, but_done = 6, done = 1, fifo_thresholds = 10 | 1 << 4 };

// Some seconds at any clock; no layer takes a hundredth of that.
#define PATIENCE 100000000u

// Words of a layer whose upper half is an address: batch norm, weights, activation.
static int has_address(int32_t word) { return word == 4 || word == 5 || word == 7; }

typedef struct {
  int32_t channels, height, width;
  int32_t channels_per_row; // narrow channels share a row of 64 bytes
  int32_t pitch;
  int32_t rows_per_line;
} map_shape;

static map_shape shape_of(const int32_t *map) {
  map_shape s = { map[1], map[2], map[3], 1, row_bytes, (map[3] + row_bytes - 1) / row_bytes };
  if (s.width <= 16) s.channels_per_row = 4;
  else if (s.width <= 32) s.channels_per_row = 2;
  s.pitch = row_bytes / s.channels_per_row;
  return s;
}

static volatile uint8_t *line_of(int32_t row, const map_shape *s, int32_t channel, int32_t y) {
  const int32_t rows = (channel / s->channels_per_row * s->height + y) * s->rows_per_line;
  return mote_kpu_ram() + (row + rows) * row_bytes + channel % s->channels_per_row * s->pitch;
}

static void upload(const int32_t *map, const uint8_t *from) {
  const map_shape s = shape_of(map);
  for (int32_t c = 0; c < s.channels; c++)
    for (int32_t y = 0; y < s.height; y++) {
      volatile uint8_t *line = line_of(map[0], &s, c, y);
      const uint8_t *pixel = from + y * s.width * s.channels + c;
      for (int32_t x = 0; x < s.width; x++, pixel += s.channels) line[x] = (uint8_t)(*pixel ^ sign_bit);
    }
}

static void download(const int32_t *map, uint8_t *to) {
  const map_shape s = shape_of(map);
  for (int32_t c = 0; c < s.channels; c++)
    for (int32_t y = 0; y < s.height; y++) {
      const volatile uint8_t *line = line_of(map[0], &s, c, y);
      uint8_t *pixel = to + y * s.width * s.channels + c;
      for (int32_t x = 0; x < s.width; x++, pixel += s.channels) *pixel = (uint8_t)(line[x] ^ sign_bit);
    }
}

static int run_layer(const int64_t *words, uint64_t parameters) {
  mote_kpu_write(mote_kpu_clear, all_interrupts);
  for (int32_t w = 0; w < MOTE_KPU_WORDS; w++)
    mote_kpu_write(mote_kpu_fifo, (uint64_t)words[w] + (has_address(w) ? parameters << 32 : 0));
  for (uint32_t polls = 0; polls < PATIENCE; polls++)
    if ((mote_kpu_read(mote_kpu_status) & done) != 0) return MOTE_OK;
  return MOTE_E_NPU;
}

int mote_kpu_run(const mote_kpu_call *p, const void *const *inputs, void *const *outputs, uint8_t *scratch) {
  (void)scratch;
  const uint64_t parameters = mote_kpu_address(p->parameters);
  const int32_t *const results = p->maps + map_words * p->inputs;
  mote_kpu_write(mote_kpu_mask, but_done);
  mote_kpu_write(mote_kpu_threshold, fifo_thresholds);
  mote_kpu_write(mote_kpu_eight_bit, 1);
  for (int32_t i = 0; i < p->inputs; i++) upload(p->maps + map_words * i, inputs[i]);
  for (int32_t layer = 0; layer < p->layer_count; layer++) {
    if (run_layer(p->layers + MOTE_KPU_WORDS * layer, parameters) != MOTE_OK) return MOTE_E_NPU;
    // Now: what comes later may lie in the same rows.
    for (int32_t i = 0; i < p->outputs; i++) {
      const int32_t *map = results + map_words * i;
      if (map[4] == layer) download(map, outputs[i]);
    }
  }
  mote_kpu_write(mote_kpu_mask, all_interrupts);
  return MOTE_OK;
}
