/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation of two, three or four tensors along one axis; `outer` counts the positions before that axis. The output
 * must not overlap an input. */
#ifndef MOTE_CONCAT_H
#define MOTE_CONCAT_H

#include <stdint.h>

/* Bytes: each input is `outer` blocks of its own length. Types do not matter. */
typedef struct {
  int32_t outer;
  int32_t a_bytes, b_bytes;
} mote_concat_x8x8;

void mote_concat_x8x8__ref(const mote_concat_x8x8 *p, const void *a, const void *b, void *output);

typedef struct {
  int32_t outer;
  int32_t a_bytes, b_bytes, c_bytes;
} mote_concat_x8x8x8;

void mote_concat_x8x8x8__ref(const mote_concat_x8x8x8 *p, const void *a, const void *b, const void *c, void *output);

typedef struct {
  int32_t outer;
  int32_t a_bytes, b_bytes, c_bytes, d_bytes;
} mote_concat_x8x8x8x8;

void mote_concat_x8x8x8x8__ref(const mote_concat_x8x8x8x8 *p, const void *a, const void *b, const void *c,
                               const void *d, void *output);

/* int8 tensors of different scales: each input is rescaled to the output; see requantize.h. */
typedef struct {
  int32_t outer;
  int32_t a_count, a_zero_point, a_multiplier, a_shift;
  int32_t b_count, b_zero_point, b_multiplier, b_shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_concat_s8s8;

void mote_concat_s8s8__ref(const mote_concat_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

typedef struct {
  int32_t outer;
  int32_t a_count, a_zero_point, a_multiplier, a_shift;
  int32_t b_count, b_zero_point, b_multiplier, b_shift;
  int32_t c_count, c_zero_point, c_multiplier, c_shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_concat_s8s8s8;

void mote_concat_s8s8s8__ref(const mote_concat_s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c,
                             int8_t *output);

typedef struct {
  int32_t outer;
  int32_t a_count, a_zero_point, a_multiplier, a_shift;
  int32_t b_count, b_zero_point, b_multiplier, b_shift;
  int32_t c_count, c_zero_point, c_multiplier, c_shift;
  int32_t d_count, d_zero_point, d_multiplier, d_shift;
  int32_t output_zero_point;
  int32_t rounding;
} mote_concat_s8s8s8s8;

void mote_concat_s8s8s8s8__ref(const mote_concat_s8s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c,
                               const int8_t *d, int8_t *output);

#endif
