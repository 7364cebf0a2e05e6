/* SPDX-License-Identifier: Apache-2.0 */
/* a where the condition is not 0, else b, for elements of 8, 16 or 32 bits, with numpy broadcasting: five dimensions,
 * outermost first, padded in front with 1; a stride of 0 repeats. Where a_constant (or b_constant) is not null, it is read
 * instead of a (or b). The output must not overlap an input. */
#ifndef MOTE_WHERE_H
#define MOTE_WHERE_H

#include <stdint.h>

typedef struct {
  int32_t dims[5];
  int32_t condition_strides[5];
  int32_t a_strides[5];
  int32_t b_strides[5];
  const void *a_constant;
  const void *b_constant;
} mote_where_x8;

void mote_where_x8__ref(const mote_where_x8 *p, const uint8_t *condition, const void *a, const void *b, void *output);

typedef struct {
  int32_t dims[5];
  int32_t condition_strides[5];
  int32_t a_strides[5];
  int32_t b_strides[5];
  const void *a_constant;
  const void *b_constant;
} mote_where_x16;

void mote_where_x16__ref(const mote_where_x16 *p, const uint8_t *condition, const void *a, const void *b, void *output);

typedef struct {
  int32_t dims[5];
  int32_t condition_strides[5];
  int32_t a_strides[5];
  int32_t b_strides[5];
  const void *a_constant;
  const void *b_constant;
} mote_where_x32;

void mote_where_x32__ref(const mote_where_x32 *p, const uint8_t *condition, const void *a, const void *b, void *output);

#endif
