/* SPDX-License-Identifier: Apache-2.0 */
/* Power or magnitude of the bins of a spectrum, in place if need be; bin 0 is the exponent of the row. */
#ifndef MOTE_SPECTRUM_H
#define MOTE_SPECTRUM_H

#include <stdint.h>

typedef struct {
  int32_t frames;
  int32_t bins;
  int32_t from; /* first bin that is computed, and the one after the last; others are 0 */
  int32_t to;
} mote_spectrum_s16s32;

typedef mote_spectrum_s16s32 mote_spectrum_s32s32;

void mote_spectrum_s16s32__ref(const mote_spectrum_s16s32 *p, const int16_t *input, int32_t *output);
void mote_spectrum_s32s32__ref(const mote_spectrum_s32s32 *p, const int32_t *input, int32_t *output);

#endif
