/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: whole blocks of columns that are kept or zero. */
#include "mote/mve_packed.h"

/* 16 kept weights times their scale. */
static inline int8x16_t scaled(const int8_t *from, const uint8_t *scales, int32_t i) {
  const int8x16_t v = vldrbq_s8(from);
  if (scales == 0) return v;
  return vmulq_n_s8(v, (int8_t)(1 + ((scales[i >> 1] >> (4 * (i & 1))) & 15)));
}

/* The kept weights are decoded to the end of the group and from there spread to their places, the first ones first. */
static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  const int32_t *const start = p->starts + 3 * group;
  const uint8_t *kept = p->extra + group * p->extra_bytes;
  const uint8_t *const scales = p->scales == 0 ? 0 : p->scales + start[2];
  int8_t *const end = w + p->channels * p->depth;
  int8_t *from = end - start[1];
  mote_mve_units(p->codes + start[0], p->bits, from, (start[1] + 15) >> 4);
  uint32_t bits = 0;
  int32_t count = 0;
  for (int32_t i = 0; w < end; i++, bits >>= 1, w += p->width) {
    if ((i & 7) == 0) bits = *kept++;
    const int is_kept = (bits & 1u) != 0;
    if (p->width == 16) {
      vstrbq_s8(w, is_kept ? scaled(from, scales, count) : vdupq_n_s8(0));
    } else {
      for (int32_t k = 0; k < p->width; k += 4) {
        uint32_t word = 0;
        if (is_kept) __builtin_memcpy(&word, from + k, 4);
        __builtin_memcpy(w + k, &word, 4);
      }
    }
    if (is_kept) {
      from += p->width;
      count++;
    }
  }
}

void mote_packedstream_s8block__mve(const mote_packedstream_s8block *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
