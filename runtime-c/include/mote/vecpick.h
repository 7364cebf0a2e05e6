/* SPDX-License-Identifier: Apache-2.0 */
/* The larger or smaller of a and b with numpy broadcasting, elements in vector lanes: maximum.h and minimum.h for vector
 * instructions. Along rows (dims[4]) a stride is 0 or 1. The output may be the buffer of an input that has its shape. */
#ifndef MOTE_VECPICK_H
#define MOTE_VECPICK_H

#include <stdint.h>

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int8_t *a_constant;
  const int8_t *b_constant;
  int32_t largest; /* 1: the larger; 0: the smaller */
} mote_vecpick_s8;

void mote_vecpick_s8__mve(const mote_vecpick_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);
void mote_vecpick_s8__rvv(const mote_vecpick_s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

typedef struct {
  int32_t dims[5]; /* see broadcast.h */
  int32_t a_strides[5];
  int32_t b_strides[5];
  const int16_t *a_constant;
  const int16_t *b_constant;
  int32_t largest; /* 1: the larger; 0: the smaller */
} mote_vecpick_s16;

void mote_vecpick_s16__mve(const mote_vecpick_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);
void mote_vecpick_s16__rvv(const mote_vecpick_s16 *p, const int16_t *a, const int16_t *b, int16_t *output);


#endif
