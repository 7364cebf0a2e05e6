/* SPDX-License-Identifier: Apache-2.0 */
/* One bit for each channel: set where the value is not below the threshold. A pixel is `words` words of 32 channels, the
 * first in the lowest bit; the bits past its last channel are 0. */
#ifndef MOTE_BINARIZE_H
#define MOTE_BINARIZE_H

#include <stdint.h>

typedef struct {
  int32_t pixels;
  int32_t channels;
  int32_t words; /* channels / 32, rounded up */
  int32_t strict; /* 1: a zero gives 0 */
} mote_binarize_f32b1;

void mote_binarize_f32b1__ref(const mote_binarize_f32b1 *p, const float *input, int32_t *output);

typedef struct {
  int32_t pixels;
  int32_t channels;
  int32_t words;
  int32_t threshold; /* the lowest value that gives 1 */
} mote_binarize_s8b1;

void mote_binarize_s8b1__ref(const mote_binarize_s8b1 *p, const int8_t *input, int32_t *output);

#endif
