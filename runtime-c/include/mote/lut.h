/* SPDX-License-Identifier: Apache-2.0 */
/* Any function of one int8: output = table[(uint8_t)input]. The packer computes the table. The output may be the
 * buffer of the input. */
#ifndef MOTE_LUT_H
#define MOTE_LUT_H

#include <stdint.h>

typedef struct {
  int32_t count;
  const int8_t *table; /* 256 entries: those of 0 ... 127, then those of -128 ... -1 */
} mote_lut_s8;

void mote_lut_s8__ref(const mote_lut_s8 *p, const int8_t *input, int8_t *output);
void mote_lut_s8__mve(const mote_lut_s8 *p, const int8_t *input, int8_t *output);
void mote_lut_s8__rvv(const mote_lut_s8 *p, const int8_t *input, int8_t *output);

/* A function of one int16 between 513 entries, each 128 inputs from the next. The output may be the buffer of the input. */
typedef struct {
  int32_t count;
  const int16_t *table;
} mote_lut_s16;

void mote_lut_s16__ref(const mote_lut_s16 *p, const int16_t *input, int16_t *output);

#endif
