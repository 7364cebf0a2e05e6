/* SPDX-License-Identifier: Apache-2.0 */
/* Moves a window on from the front, word by word where all is aligned, else byte by byte: input and output may be one
 * buffer. */
#include "mote/slide.h"

static void copy_words(uint8_t *to, const uint8_t *from, int32_t bytes) {
  uint8_t *aligned_to = __builtin_assume_aligned(to, 4);
  const uint8_t *aligned_from = __builtin_assume_aligned(from, 4);
  for (int32_t i = 0; i < bytes; i += 4) {
    uint32_t word;
    __builtin_memcpy(&word, aligned_from + i, 4);
    __builtin_memcpy(aligned_to + i, &word, 4);
  }
}

static void copy_bytes(uint8_t *to, const uint8_t *from, int32_t bytes) {
  for (int32_t i = 0; i < bytes; i++) to[i] = from[i];
}

void mote_slide_x8__ref(const mote_slide_x8 *p, const void *window, const void *frames, void *output) {
  const uint8_t *from = (const uint8_t *)window + p->new_bytes;
  const uint8_t *added = (const uint8_t *)frames;
  uint8_t *to = (uint8_t *)output;
  const uintptr_t places = (uintptr_t)window | (uintptr_t)frames | (uintptr_t)output;
  if (((places | (uintptr_t)p->kept_bytes | (uintptr_t)p->new_bytes) & 3u) == 0u) {
    copy_words(to, from, p->kept_bytes);
    copy_words(to + p->kept_bytes, added, p->new_bytes);
  } else {
    copy_bytes(to, from, p->kept_bytes);
    copy_bytes(to + p->kept_bytes, added, p->new_bytes);
  }
}
