/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of eight bits by DSP instructions: the row as pairs of int16 in scratch, two outputs at a time. */
#include "mote/dsp_dynamic.h"
#include "mote/dsp_word.h"
#include "mote/dynamicfullyconnected.h"

/* Eight columns of one row of weights. */
static inline int32_t eight(const int8_t *w, const uint32_t *x, int32_t sum) {
  const uint32_t low = mote_dsp_load4(w);
  const uint32_t high = mote_dsp_load4(w + 4);
  sum = mote_dsp_smlad(mote_dsp_even(low), x[0], sum);
  sum = mote_dsp_smlad(mote_dsp_odd(low), x[1], sum);
  sum = mote_dsp_smlad(mote_dsp_even(high), x[2], sum);
  return mote_dsp_smlad(mote_dsp_odd(high), x[3], sum);
}

static int32_t rest(const int8_t *w, const int8_t *x, int32_t count) {
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum += w[i] * x[i];
  return sum;
}

void mote_dynamicfullyconnected_s8s8__dsp(const mote_dynamicfullyconnected_s8s8 *p, const int8_t *input,
                                          const float *input_scales, float *output, uint8_t *scratch) {
  uint32_t *const pairs = (uint32_t *)(void *)scratch;
  const int32_t whole = p->in_c & ~7;
  const int32_t left = p->in_c - whole;
  for (int32_t r = 0; r < p->rows; r++) {
    for (int32_t i = 0; i < whole; i += 4) {
      const uint32_t four = mote_dsp_load4(input + i);
      pairs[i / 2] = mote_dsp_even(four);
      pairs[i / 2 + 1] = mote_dsp_odd(four);
    }
    const uint32_t *const end = pairs + whole / 2;
    const int8_t *w = p->weights;
    int32_t c = 0;
    for (; c + 2 <= p->out_c; c += 2) {
      const int8_t *v = w + p->in_c;
      int32_t a = 0;
      int32_t b = 0;
      for (const uint32_t *x = pairs; x != end; x += 4) {
        a = eight(w, x, a);
        b = eight(v, x, b);
        w += 8;
        v += 8;
      }
      a += rest(w, input + whole, left);
      b += rest(v, input + whole, left);
      w = v + left;
      output[c] = (float)a * (p->scales[c] * input_scales[r]);
      output[c + 1] = (float)b * (p->scales[c + 1] * input_scales[r]);
    }
    if (c < p->out_c) {
      int32_t a = 0;
      for (const uint32_t *x = pairs; x != end; x += 4) {
        a = eight(w, x, a);
        w += 8;
      }
      a += rest(w, input + whole, left);
      output[c] = (float)a * (p->scales[c] * input_scales[r]);
    }
    input += p->in_c;
    output += p->out_c;
  }
}
