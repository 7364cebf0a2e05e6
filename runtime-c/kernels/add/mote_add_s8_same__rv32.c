/* SPDX-License-Identifier: Apache-2.0 */
/* int8 a + b of equal shapes as one linear form in 32 bits, for RV32IM: two loads, two multiplies. */
#include "mote/add.h"

static inline int8_t sum(const mote_add_s8_same *p, int32_t a, int32_t b) {
  const uint32_t left = (uint32_t)a * (uint32_t)p->a_factor;
  const uint32_t right = (uint32_t)b * (uint32_t)p->b_factor;
  int32_t y = (int32_t)(left + right + (uint32_t)p->offset) >> p->shift;
  if (y < p->output_min) y = p->output_min;
  if (y > p->output_max) y = p->output_max;
  return (int8_t)y;
}

void mote_add_s8_same__rv32(const mote_add_s8_same *p, const int8_t *a, const int8_t *b, int8_t *output) {
  const mote_add_s8_same form = *p;
  int8_t *const end = output + form.count;
  int8_t *const whole = output + (form.count & ~3);
  for (; output != whole; output += 4) {
    /* The output may be the buffer of an input, at the same places. */
    for (int32_t i = 0; i < 4; i++) output[i] = sum(&form, a[i], b[i]);
    a += 4;
    b += 4;
  }
  while (output != end) *output++ = sum(&form, *a++, *b++);
}
