/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 fully connected layer, plain C. */
#include "mote/dot.h"
#include "mote/fullyconnected.h"
#include "mote/requantize.h"

void mote_fullyconnected_s16s8__ref(const mote_fullyconnected_s16s8 *p, const int16_t *input, int16_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    const int8_t *w = p->weights;
    for (int32_t c = 0; c < p->out_c; c++) {
      const int64_t acc = mote_dot_long(p->bias[c], input, w, p->in_c);
      const int32_t q = c * p->requantize_step;
      const int32_t scaled = p->accumulator_bits == 64
                                 ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                                 : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
      output[c] = (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
      w += p->in_c;
    }
    input += p->in_c;
    output += p->out_c;
  }
}
