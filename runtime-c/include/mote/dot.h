/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops of the reference convolution and fully connected kernels. */
#ifndef MOTE_DOT_H
#define MOTE_DOT_H

#include <stdint.h>

/* acc + sum of x[i] * w[i]. Left plain: compilers unroll it well (7 instructions a tap on a Cortex-M0+, 3 on an M4),
 * and unrolling by hand makes them do it twice. */
static inline int32_t mote_dot_s8s8(int32_t acc, const int8_t *x, const int8_t *w, int32_t count) {
  for (int32_t i = 0; i < count; i++) acc += (int32_t)x[i] * w[i];
  return acc;
}

static inline int32_t mote_weight_sum(const int8_t *w, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += w[i];
  return sum;
}

/* A product is at most 2^22, so 256 of them fit 32 bits: the sum is widened once per 256 taps. */
static inline int64_t mote_dot_long(int64_t acc, const int16_t *x, const int8_t *w, int32_t count) {
  while (count > 0) {
    const int32_t chunk = count < 256 ? count : 256;
    int32_t partial = 0;
    for (int32_t i = 0; i < chunk; i++) partial += (int32_t)x[i] * w[i];
    acc += partial;
    x += chunk;
    w += chunk;
    count -= chunk;
  }
  return acc;
}

static inline float mote_dot_f32f32(float acc, const float *x, const float *w, int32_t count) {
  for (int32_t i = 0; i < count; i++) acc += x[i] * w[i];
  return acc;
}

#endif
