/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of one token over those before it, like cachedattention, with keys and values kept as int8 and a scale for each head of
 * each position. Scores and sums are exact integers; shares of the values have up to 15 bits.
 * Caches: keys, values [context][kv_heads][head_size], key_scales, value_scales [context][kv_heads]. */
#ifndef MOTE_COMPACTATTENTION_H
#define MOTE_COMPACTATTENTION_H

#include <stdint.h>

typedef struct {
  int32_t heads, kv_heads, head_size;
  int32_t context;
  int32_t most_weight; /* 127 * most_weight * context fits 31 bits, and most_weight fits 15 */
  float scale;
} mote_compactattention_s8;

/* scratch: 6 bytes for each position of the context rounded up to an even number, and head_size bytes. */
void mote_compactattention_s8__ref(const mote_compactattention_s8 *p, const float *query, const float *key,
                                   const float *value, const int32_t *position, const int8_t *keys,
                                   const int8_t *values, const float *key_scales, const float *value_scales,
                                   float *output, int8_t *new_keys, int8_t *new_values, float *new_key_scales,
                                   float *new_value_scales, uint8_t *scratch);

/* The same scratch. */
void mote_compactattention_s8__dsp(const mote_compactattention_s8 *p, const float *query, const float *key,
                                   const float *value, const int32_t *position, const int8_t *keys,
                                   const int8_t *values, const float *key_scales, const float *value_scales,
                                   float *output, int8_t *new_keys, int8_t *new_values, float *new_key_scales,
                                   float *new_value_scales, uint8_t *scratch);

#endif
