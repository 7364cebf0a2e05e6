/* SPDX-License-Identifier: Apache-2.0 */
/* Overlapping frames of samples, weighed with a window and filled up with zeros. */
#ifndef MOTE_AUDIOFRAMES_H
#define MOTE_AUDIOFRAMES_H

#include <stdint.h>

typedef struct {
  int32_t frames;
  int32_t hop;
  int32_t length; /* of the window */
  int32_t size;   /* of a frame, at least length */
  int32_t shift;  /* of a product, to the right */
  const int16_t *window;
} mote_audioframes_s16s16;

typedef mote_audioframes_s16s16 mote_audioframes_s16s32;

void mote_audioframes_s16s16__ref(const mote_audioframes_s16s16 *p, const int16_t *input, int16_t *output);
void mote_audioframes_s16s32__ref(const mote_audioframes_s16s32 *p, const int16_t *input, int32_t *output);

#endif
