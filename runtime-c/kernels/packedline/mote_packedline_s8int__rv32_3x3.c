/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise 3x3 convolution with packed weights for RV32IM, along lines. */
#include "mote/dwline_rv32.h"
#include "mote/packedline_decode.h"

/* Columns become lines. */
static void turn(int8_t *w) {
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t j = 0; j < i; j++) {
      const int8_t other = w[3 * i + j];
      w[3 * i + j] = w[3 * j + i];
      w[3 * j + i] = other;
    }
  }
}

void mote_packedline_s8int__rv32_3x3(const mote_packedline_s8int *p, const int8_t *input, int8_t *output, void *scratch) {
  int8_t *const weights = (int8_t *)scratch + p->layer_bytes;
  for (int32_t c = 0; c < p->layer.in_c; c++) {
    mote_line_filter(&p->filters, c, 9, weights + 9 * c, 1);
    if (p->turned) turn(weights + 9 * c);
  }
  mote_dwline_run(&p->layer, weights, input, output, scratch);
}
