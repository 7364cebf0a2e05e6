/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with weights from a palette by DSP instructions: packedtile.h. */
#include "mote/packedtile_drive.h"

/* Table entries as lanes: times 16. */
static inline uint32_t lane(const int8_t *table, uint32_t code) {
  return (uint32_t)(16 * table[code]) & 0xFFFFu;
}

/* One channel's lanes, four words apart, where a word is looked up for both taps: of 1 or 2 bits. */
static const int32_t *decode_pairs(const int32_t *codes, int32_t *to, const int32_t *end, const int8_t *table,
                                   int32_t bits) {
  uint32_t pairs[16];
  const uint32_t mask = (1u << bits) - 1;
  const uint32_t both = (1u << 2 * bits) - 1;
  for (uint32_t i = 0; i <= both; i++) pairs[i] = lane(table, i & mask) | lane(table, i >> bits) << 16;
  while (to < end) {
    uint32_t word = (uint32_t)*codes++;
    for (const int32_t *const stop = to + (64 >> (bits - 1)); to < end && to != stop; to += 4) {
      *to = (int32_t)pairs[word & both];
      word >>= 2 * bits;
    }
  }
  return codes;
}

/* The same for 3 or 4 bits: five or four pairs in a word. */
static const int32_t *decode_singles(const int32_t *codes, int32_t *to, const int32_t *end, const int8_t *table,
                                     int32_t bits) {
  uint32_t lanes[16];
  const uint32_t mask = (1u << bits) - 1;
  for (uint32_t i = 0; i <= mask; i++) lanes[i] = lane(table, i);
  while (to < end) {
    uint32_t word = (uint32_t)*codes++;
    for (const int32_t *const stop = to + (bits == 3 ? 20 : 16); to < end && to != stop; to += 4) {
      *to = (int32_t)(lanes[word & mask] | lanes[word >> bits & mask] << 16);
      word >>= 2 * bits;
    }
  }
  return codes;
}

static inline const int32_t *decode(const int32_t *head, const int32_t *codes, int32_t *to, int32_t steps) {
  const int32_t bits = head[MOTE_TILE_BITS];
  const int32_t *table = head + head[MOTE_TILE_TABLE];
  const int32_t table_words = bits < 3 ? 1 : bits == 3 ? 2 : 4;
  for (int32_t c = 0; c < 4; c++) {
    if (!head[MOTE_TILE_TABLE]) {
      table = codes;
      codes += table_words;
    }
    const int8_t *const entries = (const int8_t *)(const void *)table;
    codes = bits < 3 ? decode_pairs(codes, to + c, to + 4 * steps, entries, bits)
                     : decode_singles(codes, to + c, to + 4 * steps, entries, bits);
  }
  return codes;
}

void mote_packedtile_s8palette__dsp_2x4(const mote_packedtile_s8palette *p, const int8_t *input, int8_t *output,
                                        void *scratch) {
  mote_packedtile(p, input, output, scratch, decode);
}
