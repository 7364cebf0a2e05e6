/* SPDX-License-Identifier: Apache-2.0 */
/* Moves a window on, byte by byte from the front: input and output may be one buffer. */
#include "mote/slide.h"

void mote_slide_x8__ref(const mote_slide_x8 *p, const void *window, const void *frames, void *output) {
  const uint8_t *from = (const uint8_t *)window + p->new_bytes;
  const uint8_t *added = (const uint8_t *)frames;
  uint8_t *to = (uint8_t *)output;
  for (int32_t i = 0; i < p->kept_bytes; i++) to[i] = from[i];
  for (int32_t i = 0; i < p->new_bytes; i++) to[p->kept_bytes + i] = added[i];
}
