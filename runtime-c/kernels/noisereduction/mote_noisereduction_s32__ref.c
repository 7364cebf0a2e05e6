/* SPDX-License-Identifier: Apache-2.0 */
/* As tflite-micro's SignalFilterBankSpectralSubtraction without clamping. */
#include "mote/noisereduction.h"

void mote_noisereduction_s32__ref(const mote_noisereduction_s32 *p, const int32_t *input, const int32_t *before,
                                  int32_t *output, int32_t *noise, int32_t *after) {
  const int32_t channels = p->channels;
  for (int32_t f = 0; f < p->frames; f++) {
    for (int32_t c = 0; c < channels; c++) {
      const uint32_t smoothing = (uint32_t)((c & 1) ? p->odd_smoothing : p->even_smoothing);
      const uint32_t signal = (uint32_t)input[c];
      const uint32_t scaled = signal << p->smoothing_bits;
      const uint32_t last = f > 0 ? (uint32_t)noise[c - channels] : p->stateful ? (uint32_t)before[c] : 0u;
      const uint32_t estimate =
          (uint32_t)(((uint64_t)scaled * smoothing + (uint64_t)last * (16384u - smoothing)) >> 14);
      const uint32_t left = (scaled > estimate ? scaled - estimate : 0u) >> p->smoothing_bits;
      const uint32_t least = (uint32_t)(((uint64_t)signal * (uint32_t)p->least) >> 14);
      noise[c] = (int32_t)estimate;
      output[c] = (int32_t)(left > least ? left : least);
    }
    input += channels;
    output += channels;
    noise += channels;
  }
  for (int32_t c = 0; c < channels; c++) after[c] = noise[c - channels];
}
