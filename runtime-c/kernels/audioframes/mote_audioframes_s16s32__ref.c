/* SPDX-License-Identifier: Apache-2.0 */
/* Windowed frames as int32. */
#include "mote/audioframes.h"

void mote_audioframes_s16s32__ref(const mote_audioframes_s16s32 *p, const int16_t *input, int32_t *output) {
  for (int32_t f = 0; f < p->frames; f++) {
    for (int32_t i = 0; i < p->length; i++) output[i] = (input[i] * p->window[i]) >> p->shift;
    for (int32_t i = p->length; i < p->size; i++) output[i] = 0;
    input += p->hop;
    output += p->size;
  }
}
