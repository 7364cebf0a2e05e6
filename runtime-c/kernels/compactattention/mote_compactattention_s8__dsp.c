/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and values by DSP instructions: pairs of columns for scores, pairs of positions for the sums of values. */
#include "mote/compactattention.h"
#include "mote/compactattention_steps.h"
#include "mote/dsp_dynamic.h"
#include "mote/dsp_word.h"

static inline uint32_t low_halves(uint32_t a, uint32_t b) {
  uint32_t out;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(out) : "r"(a), "r"(b));
  return out;
}

static inline uint32_t high_halves(uint32_t a, uint32_t b) {
  uint32_t out;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(out) : "r"(b), "r"(a));
  return out;
}

static inline int32_t dot(const int8_t *x, const int8_t *y, int32_t count) {
  int32_t sum = 0;
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const uint32_t a = mote_dsp_load4(x + i);
    const uint32_t b = mote_dsp_load4(y + i);
    sum = mote_dsp_smlad(mote_dsp_even(a), mote_dsp_even(b), sum);
    sum = mote_dsp_smlad(mote_dsp_odd(a), mote_dsp_odd(b), sum);
  }
  for (; i < count; i++) sum += x[i] * y[i];
  return sum;
}

/* Four columns of the values of an even number of positions. */
static inline void four_sums(const int8_t *column, int32_t width, const int16_t *weights, int32_t pairs, int32_t *sums) {
  int32_t s0 = 0;
  int32_t s1 = 0;
  int32_t s2 = 0;
  int32_t s3 = 0;
  for (int32_t k = 0; k < pairs; k++) {
    uint32_t w;
    __builtin_memcpy(&w, weights + 2 * k, 4);
    const uint32_t a = mote_dsp_load4(column);
    const uint32_t b = mote_dsp_load4(column + width);
    const uint32_t even_a = mote_dsp_even(a);
    const uint32_t even_b = mote_dsp_even(b);
    const uint32_t odd_a = mote_dsp_odd(a);
    const uint32_t odd_b = mote_dsp_odd(b);
    s0 = mote_dsp_smlad(low_halves(even_a, even_b), w, s0);
    s1 = mote_dsp_smlad(low_halves(odd_a, odd_b), w, s1);
    s2 = mote_dsp_smlad(high_halves(even_a, even_b), w, s2);
    s3 = mote_dsp_smlad(high_halves(odd_a, odd_b), w, s3);
    column += 2 * width;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

static void add_values(const int8_t *values, int32_t width, int32_t size, const int16_t *weights, int32_t count,
                       float factor, float *output) {
  const int32_t pairs = count / 2;
  const int8_t *const last = values + (count - 1) * width;
  int32_t i = 0;
  for (; i + 4 <= size; i += 4) {
    int32_t sums[4];
    four_sums(values + i, width, weights, pairs, sums);
    for (int32_t k = 0; k < 4; k++) {
      if (count & 1) sums[k] += weights[count - 1] * last[i + k];
      output[i + k] = (float)sums[k] * factor;
    }
  }
  for (; i < size; i++) {
    int32_t sum = 0;
    for (int32_t t = 0; t < count; t++) sum += weights[t] * values[t * width + i];
    output[i] = (float)sum * factor;
  }
}

void mote_compactattention_s8__dsp(const mote_compactattention_s8 *p, const float *query, const float *key,
                                   const float *value, const int32_t *position, const int8_t *keys,
                                   const int8_t *values, const float *key_scales, const float *value_scales,
                                   float *output, int8_t *new_keys, int8_t *new_values, float *new_key_scales,
                                   float *new_value_scales, uint8_t *scratch) {
  const int32_t even = (p->context + 1) & ~1;
  float *const scores = (float *)(void *)scratch;
  int16_t *const weights = (int16_t *)(void *)(scores + even);
  int8_t *const turned = (int8_t *)(weights + even);
  const int32_t width = p->kv_heads * p->head_size;
  const int32_t at = mote_compact_position(p, position);
  mote_compact_keep(p, at, key, keys, key_scales, new_keys, new_key_scales);
  mote_compact_keep(p, at, value, values, value_scales, new_values, new_value_scales);
  for (int32_t head = 0; head < p->heads; head++) {
    const int32_t shared = head / (p->heads / p->kv_heads);
    const float unit = mote_dynamic_row(query, p->head_size, turned) * p->scale;
    const int8_t *row = new_keys + shared * p->head_size;
    for (int32_t t = 0; t <= at; t++) {
      scores[t] = (float)dot(turned, row, p->head_size) * (unit * new_key_scales[t * p->kv_heads + shared]);
      row += width;
    }
    const float factor = mote_compact_weigh(p, new_value_scales + shared, at + 1, scores, weights);
    add_values(new_values + shared * p->head_size, width, p->head_size, weights, at + 1, factor, output);
    query += p->head_size;
    output += p->head_size;
  }
}
