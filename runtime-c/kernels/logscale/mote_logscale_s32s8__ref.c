/* SPDX-License-Identifier: Apache-2.0 */
/* Features as tflite-micro's SignalFilterBankLog and its micro_speech example make them, table and all: a slope of 16 bits. */
#include "mote/logscale.h"
#include "mote/requantize.h"

void mote_logscale_s32s8__ref(const mote_logscale_s32s8 *p, const int32_t *input, int8_t *output) {
  for (int32_t i = 0; i < p->count; i++) {
    const uint32_t x = (uint32_t)input[i] << p->correction_bits;
    const uint32_t log = x > 1u ? (uint32_t)mote_natural(mote_log2(x, p->table, 16)) : 0u;
    const uint32_t scaled = ((uint32_t)p->scale * log + (1u << 15)) >> 16;
    const int32_t feature = scaled < INT16_MAX ? (int32_t)scaled : INT16_MAX;
    const int32_t level = (feature * 256 + p->divisor / 2) / p->divisor;
    output[i] = (int8_t)mote_clamp(level + p->zero_point, INT8_MIN, INT8_MAX);
  }
}
