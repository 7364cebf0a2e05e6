/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/compactattention.h"
#include "mote/compactattention_steps.h"

void mote_compactattention_s8__ref(const mote_compactattention_s8 *p, const float *query, const float *key,
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
    for (int32_t t = 0; t <= at; t++) {
      const int8_t *row = new_keys + t * width + shared * p->head_size;
      int32_t sum = 0;
      for (int32_t i = 0; i < p->head_size; i++) sum += turned[i] * row[i];
      scores[t] = (float)sum * (unit * new_key_scales[t * p->kv_heads + shared]);
    }
    const float factor = mote_compact_weigh(p, new_value_scales + shared, at + 1, scores, weights);
    for (int32_t i = 0; i < p->head_size; i++) {
      const int8_t *column = new_values + shared * p->head_size + i;
      int32_t sum = 0;
      for (int32_t t = 0; t <= at; t++) sum += weights[t] * column[t * width];
      output[i] = (float)sum * factor;
    }
    query += p->head_size;
    output += p->head_size;
  }
}
