/* SPDX-License-Identifier: Apache-2.0 */
/* int8 convolution with int4 weights by DSP instructions: packedtile.h. Without scales a code is two's complement, and its
 * decoding one instruction a weight; 11 instructions for 16 products are one less than int8's, whose weights have to be
 * extracted. */
#include "mote/dsp_codes_decode.h"
#include "mote/packedtile_drive.h"

MOTE_DECODE(decode_codes, MOTE_CODES_FOUR_4, MOTE_DECODE_BARE)

#define DECODE_STEP(word)                 \
  "and r6, %[mask], " word ", lsl #4\n"   \
  "and r7, %[mask], " word "\n"           \
  "sxtb16 r4, r6\n"                       \
  "sxtb16 r5, r7\n"                       \
  "sxtb16 r6, r6, ror #8\n"               \
  "sxtb16 r7, r7, ror #8\n"               \
  "stmia %[to]!, {r4, r5, r6, r7}\n"

/* A word has the codes of four channels for two taps; lanes are 16 * code. Steps are a multiple of 4. */
static const int32_t *decode_signed(const int32_t *codes, int32_t *to, int32_t steps) {
  const int32_t *const end = codes + steps;
  __asm__ volatile(
      ".syntax unified\n"
      "1:\n"
      "ldmia %[from]!, {r2, r3}\n"
      DECODE_STEP("r2")
      DECODE_STEP("r3")
      "ldmia %[from]!, {r2, r3}\n"
      DECODE_STEP("r2")
      DECODE_STEP("r3")
      "cmp %[from], %[end]\n"
      "bne 1b\n"
      : [from] "+r"(codes), [to] "+r"(to)
      : [end] "r"(end), [mask] "r"(0xF0F0F0F0u)
      : "r2", "r3", "r4", "r5", "r6", "r7", "cc", "memory");
  return codes;
}

static inline const int32_t *decode(const int32_t *head, const int32_t *codes, int32_t *to, int32_t steps) {
  const int32_t group = head[MOTE_TILE_GROUP];
  if (!group) return decode_signed(codes, to, steps);
  codes = decode_codes(codes, to, to + 4 * steps, MOTE_CODES_MASK_4, 0);
  return mote_dsp_scale_groups(to, codes, steps, group, (uint32_t)head[MOTE_TILE_OFFSET]);
}

void mote_packedtile_s8int_b4__dsp_2x4(const mote_packedtile_s8int_b4 *p, const int8_t *input, int8_t *output,
                                       void *scratch) {
  mote_packedtile(p, input, output, scratch, decode);
}
