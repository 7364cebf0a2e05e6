// SPDX-License-Identifier: Apache-2.0
// The KPU of a virtual board: its RAM is memory of the guest, a layer whose words are all there runs in the host's
// functional model (npu_link.c). Fields of the words: kpu.h of Canaan's kendryte-standalone-sdk.
#include "mote/kpu_registers.h"
#include "npu_link.h"

enum { layer_words = 12, row_bytes = 64, batch_norm_bytes = 8, activation_bytes = 144, ranges_of_layer = 6 };

static uint8_t ram[2u * 1024u * 1024u] __attribute__((aligned(64)));
static uint64_t words[layer_words] __attribute__((aligned(16)));
static uint32_t pushed;
static uint64_t status;

static uint32_t field(uint32_t word, uint32_t low, uint32_t bits) {
  return (uint32_t)(words[word] >> low) & ((1u << bits) - 1u);
}

static uint32_t address_of(const void *memory) { return (uint32_t)(uintptr_t)memory; }

// The rows of a map.
static mote_npu_range map_range(uint32_t row, uint32_t channels, uint32_t height, uint32_t width) {
  const uint32_t per_row = width <= 16u ? 4u : width <= 32u ? 2u : 1u;
  const uint32_t rows = (channels + per_row - 1u) / per_row * height * ((width + row_bytes - 1u) / row_bytes);
  const mote_npu_range range = { address_of(ram) + row * row_bytes, rows * row_bytes };
  return range;
}

// Words, tables, the map that is read and the one that is written: as src/npu/k210/linkedLayer.ts expects them.
static int run_layer(void) {
  const uint32_t inputs = field(2, 0, 10) + 1u;
  const uint32_t outputs = field(2, 32, 10) + 1u;
  const uint32_t taps = field(4, 0, 3) == 1u ? 9u : 1u;
  const uint32_t weights = outputs * (field(0, 3, 1) != 0 ? 1u : inputs) * taps;
  const mote_npu_range ranges[ranges_of_layer] = {
    { address_of(words), sizeof words },
    { (uint32_t)(words[4] >> 32), outputs * batch_norm_bytes },
    { (uint32_t)(words[7] >> 32), activation_bytes },
    { (uint32_t)(words[5] >> 32), weights },
    map_range(field(1, 0, 15), inputs, field(3, 10, 9) + 1u, field(3, 0, 10) + 1u),
    map_range(field(1, 32, 15), outputs, field(3, 42, 9) + 1u, field(3, 32, 10) + 1u),
  };
  return mote_npu_call(ranges, ranges_of_layer);
}

void mote_kpu_write(uint32_t offset, uint64_t value) {
  if (offset == mote_kpu_clear) status &= ~value;
  if (offset != mote_kpu_fifo) return;
  words[pushed++] = value;
  if (pushed < layer_words) return;
  pushed = 0;
  if (run_layer() == 0) status |= 1u;
}

uint64_t mote_kpu_read(uint32_t offset) { return offset == mote_kpu_status ? status : 0; }

volatile uint8_t *mote_kpu_ram(void) { return ram; }

uint32_t mote_kpu_address(const void *memory) { return address_of(memory); }
