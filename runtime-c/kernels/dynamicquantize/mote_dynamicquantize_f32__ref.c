/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/dynamicquantize.h"
#include "mote/dynamicrow.h"

void mote_dynamicquantize_f32__ref(const mote_dynamicquantize_f32 *p, const float *input, int8_t *output, float *scales) {
  for (int32_t row = 0; row < p->rows; row++) {
    scales[row] = mote_dynamic_row(input, p->depth, output);
    input += p->depth;
    output += p->depth;
  }
}
