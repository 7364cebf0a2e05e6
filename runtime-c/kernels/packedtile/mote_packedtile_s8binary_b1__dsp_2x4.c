/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with weights of -1 and 1 by DSP instructions: packedtile.h. */
#include "mote/dsp_codes_decode.h"
#include "mote/packedtile_drive.h"

MOTE_DECODE(decode_codes, MOTE_CODES_FOUR_1, MOTE_DECODE_STEP)

static inline const int32_t *decode(const int32_t *head, const int32_t *codes, int32_t *to, int32_t steps) {
  return decode_codes(codes, to, to + 4 * steps, MOTE_CODES_MASK_1, (uint32_t)head[MOTE_TILE_OFFSET]);
}

void mote_packedtile_s8binary_b1__dsp_2x4(const mote_packedtile_s8binary_b1 *p, const int8_t *input, int8_t *output,
                                          void *scratch) {
  mote_packedtile(p, input, output, scratch, decode);
}
