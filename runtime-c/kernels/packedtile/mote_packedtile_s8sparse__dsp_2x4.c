/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with few weights that are not zero, by DSP instructions: packedtile.h. Their zeros are multiplied too;
 * packedgather.h leaves them out, and takes more of the scratch. */
#include "mote/packedlist_dsp.h"
#include "mote/packedtile_drive.h"

/* Taps are in the order of the lanes. */
static const uint8_t *decode_channel(const uint8_t *list, int16_t *lanes) {
  const int32_t pairs = mote_list_pairs(list);
  list += 2;
  int32_t at = 0;
  for (int32_t i = 0; i < pairs; i++, list += 3) {
    at += list[2] & 15;
    lanes[8 * (at >> 1) + (at & 1)] = (int16_t)(16 * (int8_t)list[0]);
    at += 1 + (list[2] >> 4);
    /* The pair of an odd last entry may lie beyond the end. */
    if (list[1]) lanes[8 * (at >> 1) + (at & 1)] = (int16_t)(16 * (int8_t)list[1]);
    at++;
  }
  return list;
}

/* The lists are bytes; the next block begins at a whole word. */
static inline const int32_t *decode(const int32_t *head, const int32_t *codes, int32_t *to, int32_t steps) {
  (void)head;
  for (int32_t i = 0; i < 4 * steps; i++) to[i] = 0;
  const uint8_t *list = (const uint8_t *)codes;
  for (int32_t c = 0; c < 4; c++) list = decode_channel(list, (int16_t *)(void *)(to + c));
  return codes + (list - (const uint8_t *)codes + 3) / 4;
}

void mote_packedtile_s8sparse__dsp_2x4(const mote_packedtile_s8sparse *p, const int8_t *input, int8_t *output,
                                       void *scratch) {
  mote_packedtile(p, input, output, scratch, decode);
}
