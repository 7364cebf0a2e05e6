/* SPDX-License-Identifier: Apache-2.0 */
/* float32 fully connected layer, plain C. */
#include "mote/dot.h"
#include "mote/fullyconnected.h"

void mote_fullyconnected_f32f32__ref(const mote_fullyconnected_f32f32 *p, const float *input, float *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    const float *w = p->weights;
    for (int32_t c = 0; c < p->out_c; c++) {
      const float acc = mote_dot_f32f32(0.0f, input, w, p->in_c) + p->bias[c];
      output[c] = acc < p->output_min ? p->output_min : acc > p->output_max ? p->output_max : acc;
      w += p->in_c;
    }
    input += p->in_c;
    output += p->out_c;
  }
}
