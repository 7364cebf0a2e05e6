/* SPDX-License-Identifier: Apache-2.0 */
/* Attention of one token over those before it. Its key and value go to row `position` of the caches ([context][kv_heads]
 * [head_size] each); every head attends to rows 0 ... position. new_keys and new_values are the buffers of keys and values, or
 * get a copy first. */
#ifndef MOTE_CACHEDATTENTION_H
#define MOTE_CACHEDATTENTION_H

#include <stdint.h>

typedef struct {
  int32_t heads, kv_heads, head_size;
  int32_t context;
  float scale;
} mote_cachedattention_f32;

/* scratch: context floats. */
void mote_cachedattention_f32__ref(const mote_cachedattention_f32 *p, const float *query, const float *key,
                                   const float *value, const int32_t *position, const float *keys, const float *values,
                                   float *output, float *new_keys, float *new_values, uint8_t *scratch);

#endif
