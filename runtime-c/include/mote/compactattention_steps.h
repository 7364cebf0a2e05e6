/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of compactattention share: caches, and shares of the values as integers. */
#ifndef MOTE_COMPACTATTENTION_STEPS_H
#define MOTE_COMPACTATTENTION_STEPS_H

#include "mote/compactattention.h"
#include "mote/dynamicrow.h"
#include "mote/float.h"

/* A cache and its scales, with the row of this token in its place. */
static inline void mote_compact_keep(const mote_compactattention_s8 *p, int32_t at, const float *row, const int8_t *old,
                                     const float *old_scales, int8_t *cache, float *scales) {
  const int32_t width = p->kv_heads * p->head_size;
  if (cache != old) {
    for (int32_t i = 0; i < p->context * width; i++) cache[i] = old[i];
  }
  if (scales != old_scales) {
    for (int32_t i = 0; i < p->context * p->kv_heads; i++) scales[i] = old_scales[i];
  }
  for (int32_t head = 0; head < p->kv_heads; head++) {
    scales[at * p->kv_heads + head] =
        mote_dynamic_row(row + head * p->head_size, p->head_size, cache + at * width + head * p->head_size);
  }
}

/* Scores become shares times the scale of their value, and integers up to most_weight of them.
 * Gives what 1 stands for in the sum of values. */
static inline float mote_compact_weigh(const mote_compactattention_s8 *p, const float *value_scales, int32_t count,
                                       float *scores, int16_t *weights) {
  float most = scores[0];
  for (int32_t t = 1; t < count; t++) {
    if (scores[t] > most) most = scores[t];
  }
  float total = 0.0f;
  float largest = 0.0f;
  for (int32_t t = 0; t < count; t++) {
    const float share = mote_expf(scores[t] - most);
    total += share;
    scores[t] = share * value_scales[t * p->kv_heads];
    if (scores[t] > largest) largest = scores[t];
  }
  const int usable = largest > 1e-30f && largest - largest == 0.0f;
  const float limit = (float)p->most_weight;
  const float factor = usable ? limit / largest : 0.0f;
  for (int32_t t = 0; t < count; t++) {
    const float w = scores[t] * factor;
    weights[t] = (int16_t)(w >= limit ? p->most_weight : w > 0.0f ? (int32_t)(w + 0.5f) : 0);
  }
  return usable ? largest / limit * (1.0f / total) : 0.0f;
}

static inline int32_t mote_compact_position(const mote_compactattention_s8 *p, const int32_t *position) {
  const int32_t at = position[0] < 0 ? 0 : position[0];
  return at < p->context ? at : p->context - 1;
}

#endif
