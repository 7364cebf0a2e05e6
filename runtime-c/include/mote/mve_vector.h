/* SPDX-License-Identifier: Apache-2.0 */
/* Element by element on Helium, four of 32 bits at a time; rows of broadcast.h. Factors are as in vecadd.h. */
#ifndef MOTE_MVE_VECTOR_H
#define MOTE_MVE_VECTOR_H

#include <arm_mve.h>
#include <stdint.h>

#include "mote/requantize.h"

/* 0, 1, 2, 3 times a step: where four neighbours of a row are. */
static inline uint32x4_t mote_mve_steps(int32_t step) {
  return vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
}

static inline int32x4_t mote_mve_load_s8(const int8_t *from, uint32x4_t at, mve_pred16_t lanes) {
  return vldrbq_gather_offset_z_s32(from, at, lanes);
}

static inline int32x4_t mote_mve_load_s16(const int16_t *from, uint32x4_t at, mve_pred16_t lanes) {
  return vldrhq_gather_shifted_offset_z_s32(from, at, lanes);
}

static inline void mote_mve_store_s8(int8_t *to, int32x4_t x, mve_pred16_t lanes) {
  vstrbq_p_s32(to, x, lanes);
}

static inline void mote_mve_store_s16(int16_t *to, int32x4_t x, mve_pred16_t lanes) {
  vstrhq_p_s32(to, x, lanes);
}

typedef struct {
  int32_t left;
  int32_t away;  /* 1: ties away from zero; 0: nothing to round */
  int32_t shift; /* of VRSHL: to the right where negative */
  int32x4_t multiplier;
} mote_mve_scaling;

static inline mote_mve_scaling mote_mve_scaling_of(int32_t left, int32_t multiplier, int32_t right) {
  const mote_mve_scaling s = {left, right > 0 ? 1 : 0, -right, vdupq_n_s32(multiplier)};
  return s;
}

/* (x << left) * multiplier, then right. */
static inline int32x4_t mote_mve_factor(int32x4_t x, mote_mve_scaling s, int32_t single) {
  x = vshlq_r_s32(x, s.left);
  if (single) return vrshlq_n_s32(vmulhq_s32(x, s.multiplier), s.shift);
  x = vqrdmulhq_s32(x, s.multiplier);
  /* One less where negative makes VRSHL round ties away from zero. */
  return vrshlq_n_s32(vmlaq_n_s32(x, vshrq_n_s32(x, 31), s.away), s.shift);
}

static inline int32x4_t mote_mve_clamp(int32x4_t x, int32_t min, int32_t max) {
  return vminq_s32(vmaxq_s32(x, vdupq_n_s32(min)), vdupq_n_s32(max));
}

#endif
