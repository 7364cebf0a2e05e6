/* SPDX-License-Identifier: Apache-2.0 */
/* Windowed frames as int16, saturated. */
#include "mote/audioframes.h"
#include "mote/requantize.h"
void mote_audioframes_s16s16__ref(const mote_audioframes_s16s16 *p, const int16_t *input, int16_t *output) {
  for (int32_t f = 0; f < p->frames; f++) {
    for (int32_t i = 0; i < p->length; i++) output[i] = (int16_t)mote_clamp((input[i] * p->window[i]) >> p->shift, INT16_MIN, INT16_MAX);
    for (int32_t i = p->length; i < p->size; i++) output[i] = 0;
    input += p->hop;
    output += p->size;
  }
}
