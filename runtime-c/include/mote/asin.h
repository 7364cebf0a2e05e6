/* SPDX-License-Identifier: Apache-2.0 */
/* asin: arc sine. The output may be the buffer of the input. */
#ifndef MOTE_ASIN_H
#define MOTE_ASIN_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_asin_f32;

void mote_asin_f32__ref(const mote_asin_f32 *p, const float *input, float *output);

#endif
