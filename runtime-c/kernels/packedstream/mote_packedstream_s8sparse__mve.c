/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution on Helium. Weights: n of each m columns, as codes and places. */
#include "mote/mve_packed.h"

/* A vector of kept weights goes to as many columns of all channels as 256 bytes of the decoded group hold. */
static void decode(const mote_packedstream *p, int32_t group, int8_t *w) {
  const int32_t channels = p->channels;
  const int32_t per = 16 / channels;
  const int32_t columns = (per / p->sparse_n) << p->width;
  const int32_t vectors = p->code_vectors;
  const int32_t decoded = columns * vectors > p->depth ? columns * vectors : p->depth;
  int8_t *const places = w + decoded * channels;
  int8_t *const values = places + vectors * 16;
  /* Decoding writes whole rows: what is too much of the places is overwritten by the values. */
  mote_mve_units(p->extra + group * p->extra_bytes, p->width, places, vectors);
  mote_mve_units(p->codes + group * p->code_bytes, p->bits, values, vectors);
  mote_mve_fill(w, 0, decoded * channels);
  uint8_t lanes[16];
  uint8_t channel[16];
  for (int32_t i = 0; i < 16; i++) {
    lanes[i] = (uint8_t)(((i % per) / p->sparse_n) << p->width);
    channel[i] = (uint8_t)(i / per * 16);
  }
  const uint8x16_t first = vldrbq_u8(lanes);
  const uint8x16_t own = vldrbq_u8(channel);
  const uint8x16_t mask = vdupq_n_u8((uint8_t)((1 << p->width) - 1));
  const int32_t up = channels == 4 ? 2 : 3;
  for (int32_t v = 0, column = 0; v < vectors; v++, column += columns) {
    const uint8x16_t place = vandq_u8(vreinterpretq_u8_s8(vldrbq_s8(places + v * 16)), mask);
    const uint8x16_t at = vaddq_n_u8(vaddq_u8(place, first), (uint8_t)(column & 15));
    const uint8x16_t block = vshlq_r_u8(vandq_u8(at, vdupq_n_u8(0xf0)), up);
    const uint8x16_t offset = vaddq_u8(vaddq_u8(block, own), vandq_u8(at, vdupq_n_u8(15)));
    vstrbq_scatter_offset_s8(w + (column >> 4) * 16 * channels, offset, vldrbq_s8(values + v * 16));
  }
}

void mote_packedstream_s8sparse__mve(const mote_packedstream_s8sparse *p, const int8_t *input, int8_t *output, void *scratch) {
  mote_mve_packed(p, input, output, scratch, decode);
}
