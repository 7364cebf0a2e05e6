/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation of int8 tensors of different scales by tables, in vector lanes: concat.h for vector instructions; `outer`
 * counts the positions before the axis. A table has 256 entries, those of 0 ... 127, then those of -128 ... -1; null: the
 * input is copied. The output must not overlap an input. */
#ifndef MOTE_LUTCONCAT_H
#define MOTE_LUTCONCAT_H

#include <stdint.h>

typedef struct {
  int32_t outer;
  int32_t a_count;
  const int8_t *a_table;
  int32_t b_count;
  const int8_t *b_table;
} mote_lutconcat_s8s8;

void mote_lutconcat_s8s8__mve(const mote_lutconcat_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output);
void mote_lutconcat_s8s8__rvv(const mote_lutconcat_s8s8 *p, const int8_t *a, const int8_t *b, int8_t *output);

typedef struct {
  int32_t outer;
  int32_t a_count;
  const int8_t *a_table;
  int32_t b_count;
  const int8_t *b_table;
  int32_t c_count;
  const int8_t *c_table;
} mote_lutconcat_s8s8s8;

void mote_lutconcat_s8s8s8__mve(const mote_lutconcat_s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c,
                                int8_t *output);
void mote_lutconcat_s8s8s8__rvv(const mote_lutconcat_s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c,
                                int8_t *output);

typedef struct {
  int32_t outer;
  int32_t a_count;
  const int8_t *a_table;
  int32_t b_count;
  const int8_t *b_table;
  int32_t c_count;
  const int8_t *c_table;
  int32_t d_count;
  const int8_t *d_table;
} mote_lutconcat_s8s8s8s8;

void mote_lutconcat_s8s8s8s8__mve(const mote_lutconcat_s8s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d,
                                  int8_t *output);
void mote_lutconcat_s8s8s8s8__rvv(const mote_lutconcat_s8s8s8s8 *p, const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d,
                                  int8_t *output);

#endif
