/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer, plain C. */
#include "mote/dot.h"
#include "mote/fullyconnected.h"
#include "mote/requantize.h"

void mote_fullyconnected_s8s8__ref(const mote_fullyconnected_s8s8 *p, const int8_t *input, int8_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    const int8_t *w = p->weights;
    const int32_t correction =
        p->weight_zero_point == 0 ? 0 : -p->weight_zero_point * mote_weight_sum(input, p->in_c);
    for (int32_t c = 0; c < p->out_c; c++) {
      const int32_t acc = mote_dot_s8s8(correction, input, w, p->in_c);
      const int32_t q = c * p->requantize_step;
      output[c] = (int8_t)mote_requantize_to(mote_wrap_add(acc, p->bias[c]), p->multiplier[q], p->shift[q],
                                             p->rounding, p->output_zero_point, p->output_min, p->output_max);
      w += p->in_c;
    }
    input += p->in_c;
    output += p->out_c;
  }
}
