/* SPDX-License-Identifier: Apache-2.0 */
/* FFT of real frames. A frame of `size` samples gives bins 0 to size / 2 - 1, real and imaginary part in turn; for its
 * imaginary part, which is 0, bin 0 has the left shift by which the frame was scaled before. */
#ifndef MOTE_RFFT_H
#define MOTE_RFFT_H

#include <stdint.h>

typedef struct {
  int32_t frames;
  int32_t size;
  const int16_t *turns; /* cosine and minus sine in Q15: size / 2 of the half-size FFT */
  const int16_t *split; /* size / 4 that make the spectrum of all samples from that of even and odd ones */
} mote_rfft_s16;

typedef mote_rfft_s16 mote_rfft_s32;

void mote_rfft_s16__ref(const mote_rfft_s16 *p, const int16_t *input, int16_t *output);
void mote_rfft_s16__dsp(const mote_rfft_s16 *p, const int16_t *input, int16_t *output);
void mote_rfft_s32__ref(const mote_rfft_s32 *p, const int32_t *input, int32_t *output);

#endif
