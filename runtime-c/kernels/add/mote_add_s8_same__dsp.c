/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b of equal shapes as one linear form in 32 bits, for the DSP extension. */
#include "mote/add.h"
#include "mote/dsp_clamp.h"
#include "mote/requantize.h"

/* (a * a_factor + b * b_factor + offset) >> shift, saturated; a and b are one byte of the words r4 and r5. */
#define LANE(BYTE) \
  "sxtb r6, r4" BYTE "\n\t" \
  "sxtb r8, r5" BYTE "\n\t" \
  "mla r6, r6, %[a_factor], %[offset]\n\t" \
  "mla r6, r8, %[b_factor], r6\n\t" \
  "asr r6, %[shift]\n\t" \
  "ssat r6, #8, r6\n\t" \
  "strb r6, [%[out]], #1\n\t"

void mote_add_s8_same__dsp(const mote_add_s8_same *p, const int8_t *a, const int8_t *b, int8_t *output) {
  int8_t *out = output;
  const int8_t *const whole = output + (p->count & ~3);
  const int8_t *const end = output + p->count;
  __asm__ volatile(
      "b 2f\n\t"
      "1:\n\t"
      "ldr r4, [%[a]], #4\n\t"
      "ldr r5, [%[b]], #4\n\t"
      LANE("") LANE(", ror #8") LANE(", ror #16") LANE(", ror #24")
      "2:\n\t"
      "cmp %[out], %[whole]\n\t"
      "bne 1b\n\t"
      : [out] "+&r"(out), [a] "+&r"(a), [b] "+&r"(b)
      : [whole] "r"(whole), [a_factor] "r"(p->a_factor), [b_factor] "r"(p->b_factor), [offset] "r"(p->offset),
        [shift] "r"(p->shift)
      : "r4", "r5", "r6", "r8", "cc", "memory");
#pragma GCC unroll 1
  while (out < end) {
    const uint32_t left = (uint32_t)*a++ * (uint32_t)p->a_factor;
    const uint32_t right = (uint32_t)*b++ * (uint32_t)p->b_factor;
    *out++ = (int8_t)mote_clamp((int32_t)(left + right + (uint32_t)p->offset) >> p->shift, -128, 127);
  }
  mote_dsp_clamp(output, p->count, p->output_min, p->output_max);
}
