/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of four bits by DSP instructions. Of a word of eight codes, a mask takes codes i and i + 4 as a pair of int16; the row
 * lies in scratch in the same order, and behind it the sum of each group, by which zero points are taken off. */
#include "mote/dsp_dynamic.h"
#include "mote/dynamicfullyconnected.h"

/* Codes 0 and 4 of a word. */
#define MASK 0x000F000Fu
#define GROUP_WORDS 16

/* Pairs and sum of a group of `count` columns; the rest of it is zeros. */
static int32_t widen(uint32_t *pairs, const int8_t *x, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < 32; i += 8) {
    for (int32_t k = 0; k < 4; k++) {
      const int32_t low = i + k < count ? x[i + k] : 0;
      const int32_t high = i + k + 4 < count ? x[i + k + 4] : 0;
      sum += low + high;
      *pairs++ = ((uint32_t)low & 0xFFFFu) | ((uint32_t)high << 16);
    }
  }
  return sum;
}

/* Eight columns. */
static inline int32_t eight(uint32_t codes, const uint32_t *x, int32_t sum) {
  sum = mote_dsp_smlad(codes & MASK, x[0], sum);
  sum = mote_dsp_smlad((codes >> 4) & MASK, x[1], sum);
  sum = mote_dsp_smlad((codes >> 8) & MASK, x[2], sum);
  return mote_dsp_smlad((codes >> 12) & MASK, x[3], sum);
}

/* One output. */
static inline int32_t row_sum(const mote_dynamicfullyconnected_s8s4_g32 *p, const uint32_t *x, const int32_t *sums,
                              int32_t row) {
  const int32_t *codes = p->codes + row * p->groups * 4;
  const uint8_t *scale = p->group_scales + row * p->groups;
  const uint8_t *zero = p->zeros + row * p->groups;
  int32_t total = 0;
  for (int32_t g = 0; g < p->groups; g++) {
    int32_t sum = eight((uint32_t)codes[0], x, 0);
    sum = eight((uint32_t)codes[1], x + 4, sum);
    sum = eight((uint32_t)codes[2], x + 8, sum);
    sum = eight((uint32_t)codes[3], x + 12, sum);
    total += (sum - zero[g] * sums[g]) * scale[g];
    codes += 4;
    x += GROUP_WORDS;
  }
  return total;
}

void mote_dynamicfullyconnected_s8s4_g32__dsp(const mote_dynamicfullyconnected_s8s4_g32 *p, const int8_t *input,
                                              const float *input_scales, float *output, uint8_t *scratch) {
  uint32_t *const pairs = (uint32_t *)(void *)scratch;
  int32_t *const sums = (int32_t *)(void *)(pairs + p->groups * GROUP_WORDS);
  for (int32_t r = 0; r < p->rows; r++) {
    for (int32_t g = 0; g < p->groups; g++) {
      const int32_t left = p->in_c - 32 * g;
      sums[g] = widen(pairs + g * GROUP_WORDS, input + 32 * g, left < 32 ? left : 32);
    }
    for (int32_t c = 0; c < p->out_c; c++) {
      *output++ = (float)row_sum(p, pairs, sums, c) * (p->scales[c] * input_scales[r]);
    }
    input += p->in_c;
  }
}
