/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/cachedattention.h"
#include "mote/float.h"

/* The row of a cache, kept in its place. */
static void keep(float *cache, const float *old, const float *row, int32_t at, int32_t width, int32_t context) {
  if (cache != old) {
    for (int32_t i = 0; i < context * width; i++) cache[i] = old[i];
  }
  for (int32_t i = 0; i < width; i++) cache[at * width + i] = row[i];
}

/* Scores of `count` keys, scaled, and then their exponentials, the largest being 1; gives one over their sum. */
static float weigh(const mote_cachedattention_f32 *p, const float *query, const float *keys, int32_t count, float *scores) {
  const int32_t width = p->kv_heads * p->head_size;
  float most = 0.0f;
  for (int32_t t = 0; t < count; t++) {
    float sum = 0.0f;
    for (int32_t i = 0; i < p->head_size; i++) sum += query[i] * keys[i];
    scores[t] = sum * p->scale;
    if (t == 0 || scores[t] > most) most = scores[t];
    keys += width;
  }
  float total = 0.0f;
  for (int32_t t = 0; t < count; t++) {
    scores[t] = mote_expf(scores[t] - most);
    total += scores[t];
  }
  return 1.0f / total;
}

void mote_cachedattention_f32__ref(const mote_cachedattention_f32 *p, const float *query, const float *key,
                                   const float *value, const int32_t *position, const float *keys, const float *values,
                                   float *output, float *new_keys, float *new_values, uint8_t *scratch) {
  float *scores = (float *)(void *)scratch;
  const int32_t width = p->kv_heads * p->head_size;
  int32_t at = position[0] < 0 ? 0 : position[0];
  if (at >= p->context) at = p->context - 1;
  keep(new_keys, keys, key, at, width, p->context);
  keep(new_values, values, value, at, width, p->context);
  for (int32_t head = 0; head < p->heads; head++) {
    const int32_t shared = head / (p->heads / p->kv_heads) * p->head_size;
    const float factor = weigh(p, query, new_keys + shared, at + 1, scores);
    for (int32_t i = 0; i < p->head_size; i++) {
      const float *column = new_values + shared + i;
      float sum = 0.0f;
      for (int32_t t = 0; t <= at; t++) sum += scores[t] * column[t * width];
      output[i] = sum * factor;
    }
    query += p->head_size;
    output += p->head_size;
  }
}
