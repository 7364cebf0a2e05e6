/* SPDX-License-Identifier: Apache-2.0 */
/* As tflite-micro's SignalPCAN. */
#include "mote/pcan.h"

static int16_t gain_of(uint32_t noise, const int16_t *curve) {
  if (noise <= 2u) return curve[noise];
  int32_t bits = 0;
  for (uint32_t rest = noise; rest != 0u; rest >>= 1) bits++;
  const int16_t *at = curve + 4 * bits - 6;
  const int32_t fraction = (int32_t)((bits < 11 ? noise << (11 - bits) : noise >> (bits - 11)) & 0x3FFu);
  const uint32_t slope = (uint32_t)((at[2] * fraction) >> 5) + ((uint32_t)at[1] << 5);
  const int32_t rise = (int32_t)(slope * (uint32_t)fraction + (1u << 14)) >> 15;
  return (int16_t)(rise + at[0]);
}

/* x * x / 4 below 2, x - 1 from there on; from 12 to 6 bits behind the point. */
static uint32_t shrink(uint32_t x) {
  return x < (2u << 12) ? (x * x) >> 20 : (x >> 6) - 64u;
}

void mote_pcan_s32__ref(const mote_pcan_s32 *p, const int32_t *input, const int32_t *noise, int32_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const uint32_t gain = (uint32_t)gain_of((uint32_t)noise[i], p->curve);
    output[i] = (int32_t)shrink((uint32_t)(((uint64_t)(uint32_t)input[i] * gain) >> p->shift));
  }
}
