/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with blocks of weights kept or zero, by DSP instructions: packedtile.h. */
#include "mote/packedtile_drive.h"

/* Pairs of codes, one after the other. */
typedef struct {
  const int32_t *next;
  uint32_t word, mask;
  int32_t left, of_word, bits;
} reader;

static inline uint32_t next_pair(reader *r) {
  if (r->left == 0) {
    r->word = (uint32_t)*r->next++;
    r->left = r->of_word;
  } else {
    r->word >>= r->bits;
  }
  r->left--;
  return r->word & r->mask;
}

static inline int32_t lanes_less(uint32_t a, uint32_t b) {
  int32_t lanes;
  __asm__("ssub16 %0, %1, %2" : "=r"(lanes) : "r"(a), "r"(b));
  return lanes;
}

/* One channel: for each block a byte, 0 or its scale, the bytes in whole words; then the codes of those that are kept. */
static const int32_t *decode_channel(const int32_t *head, const int32_t *from, int32_t *to, int32_t steps) {
  const int32_t bits = head[MOTE_TILE_BITS];
  const int32_t block = head[MOTE_TILE_BLOCK];
  const uint8_t *scales = (const uint8_t *)from;
  const uint32_t offset = 0x00010001u << (bits - 1);
  reader r = {from + ((steps + block - 1) / block + 3) / 4, 0, 0x00010001u * ((1u << bits) - 1), 0, 16 / bits, bits};
  for (; steps > 0; steps -= block) {
    const int32_t count = steps < block ? steps : block;
    const uint32_t scale = 16u * *scales++;
    for (int32_t i = 0; i < count; i++, to += 4) *to = scale ? lanes_less(next_pair(&r) * scale, offset * scale) : 0;
  }
  return r.next;
}

static inline const int32_t *decode(const int32_t *head, const int32_t *codes, int32_t *to, int32_t steps) {
  for (int32_t c = 0; c < 4; c++) codes = decode_channel(head, codes, to + c, steps);
  return codes;
}

void mote_packedtile_s8block__dsp_2x4(const mote_packedtile_s8block *p, const int8_t *input, int8_t *output,
                                      void *scratch) {
  mote_packedtile(p, input, output, scratch, decode);
}
