/* SPDX-License-Identifier: Apache-2.0 */
/* Fully connected layer on Helium. Weights: entries of a table, which are loaded by their codes (rowfc.h). */
#include "mote/mve_rowfc.h"

static inline int32_t add_unit(int32_t sum, const int8_t *table, uint8x16_t codes, const int8_t *x) {
  return vmladavaq_s8(sum, vldrbq_gather_offset_s8(table, codes), vldrbq_s8(x));
}

static inline int32_t sum_nibbles(const int8_t *x, const int8_t *end, const int8_t *table, const uint8_t **codes) {
  const uint8x16_t mask = vdupq_n_u8(15);
  int32_t sum = 0;
  for (; x != end; x += 32, *codes += 16) {
    const uint8x16_t v = mote_mve_load_u8(*codes);
    sum = add_unit(sum, table, vandq_u8(v, mask), x);
    sum = add_unit(sum, table, vshrq_n_u8(v, 4), x + 16);
  }
  return sum;
}

static inline int32_t sum_crumbs(const int8_t *x, const int8_t *end, const int8_t *table, const uint8_t **codes) {
  const uint8x16_t mask = vdupq_n_u8(3);
  int32_t sum = 0;
  for (; x != end; x += 64, *codes += 16) {
    const uint8x16_t v = mote_mve_load_u8(*codes);
    sum = add_unit(sum, table, vandq_u8(v, mask), x);
    sum = add_unit(sum, table, vandq_u8(vshrq_n_u8(v, 2), mask), x + 16);
    sum = add_unit(sum, table, vandq_u8(vshrq_n_u8(v, 4), mask), x + 32);
    sum = add_unit(sum, table, vshrq_n_u8(v, 6), x + 48);
  }
  return sum;
}

/* Three bits: two rows of the low two, one of the highest. */
static inline int32_t sum_threes(const int8_t *x, const int8_t *end, const int8_t *table, const uint8_t **codes) {
  const uint8x16_t low_mask = vdupq_n_u8(3);
  const uint8x16_t high_mask = vdupq_n_u8(4);
  int32_t sum = 0;
  for (; x != end; *codes += 48) {
    const uint8x16_t tops = mote_mve_load_u8(*codes + 32);
    for (int32_t half = 0; half < 2; half++) {
      uint8x16_t low = mote_mve_load_u8(*codes + 16 * half);
      /* The bit of the first unit to bit 2. */
      uint8x16_t high = half ? vshrq_n_u8(tops, 2) : vshlq_n_u8(tops, 2);
      for (int32_t i = 0; i < 4; i++, x += 16) {
        sum = add_unit(sum, table, vorrq_u8(vandq_u8(low, low_mask), vandq_u8(high, high_mask)), x);
        low = vshrq_n_u8(low, 2);
        high = vshrq_n_u8(high, 1);
      }
    }
  }
  return sum;
}

static inline int32_t sum_bits(const int8_t *x, const int8_t *end, const int8_t *table, const uint8_t **codes) {
  const uint8x16_t mask = vdupq_n_u8(1);
  int32_t sum = 0;
  for (; x != end; *codes += 16) {
    uint8x16_t v = mote_mve_load_u8(*codes);
    for (int32_t i = 0; i < 8; i++, x += 16) {
      sum = add_unit(sum, table, vandq_u8(v, mask), x);
      v = vshrq_n_u8(v, 1);
    }
  }
  return sum;
}

static int32_t channel_sum(const mote_rowfc *p, const int8_t *x, mote_mve_channel *at) {
  const int8_t *const end = x + p->depth;
  const int8_t *const table = at->table;
  const uint8_t *codes = (const uint8_t *)at->codes;
  int32_t sum;
  switch (p->bits) {
    case 4: sum = sum_nibbles(x, end, table, &codes); break;
    case 3: sum = sum_threes(x, end, table, &codes); break;
    case 2: sum = sum_crumbs(x, end, table, &codes); break;
    default: sum = sum_bits(x, end, table, &codes);
  }
  at->codes = (const int8_t *)codes;
  at->table = table + p->table_step;
  return sum;
}

void mote_rowfc_s8palette__mve(const mote_rowfc_s8palette *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_rowfc(p, input, output, scratch, channel_sum);
}
