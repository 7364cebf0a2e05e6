/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted sums of neighbouring bins: a channel each. */
#ifndef MOTE_FILTERBANK_H
#define MOTE_FILTERBANK_H

#include <stdint.h>

typedef struct {
  int32_t frames;
  int32_t bins;
  int32_t channels;
  int32_t root;  /* the root of the sum, shifted to the right by what stands in bin 0 */
  int32_t shift; /* else: of the sum, rounded */
  const int16_t *starts;
  const int16_t *widths;
  const int16_t *weights; /* of all channels one after the other, not negative */
} mote_filterbank_s32;

void mote_filterbank_s32__ref(const mote_filterbank_s32 *p, const int32_t *input, int32_t *output);

#endif
