/* SPDX-License-Identifier: Apache-2.0 */
/* The last frames of a signal: the oldest ones leave, new ones come behind. The output may be the buffer of the window. */
#ifndef MOTE_SLIDE_H
#define MOTE_SLIDE_H

#include <stdint.h>

typedef struct {
  int32_t kept_bytes; /* of the window, from new_bytes on */
  int32_t new_bytes;
} mote_slide_x8;

void mote_slide_x8__ref(const mote_slide_x8 *p, const void *window, const void *frames, void *output);

#endif
