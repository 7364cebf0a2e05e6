/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer with few weights that are not zero, by DSP instructions: packedfc.h. */
#include "mote/dsp_clamp.h"
#include "mote/dsp_finish.h"
#include "mote/packedfc.h"
#include "mote/packedlist_dsp.h"

static inline int32_t product(uint32_t weight, int32_t tap, int32_t sum) {
  return sum + (int8_t)weight * tap;
}

/* A last entry that only fills its pair may lie beyond the row. */
static int32_t dot(const uint8_t *list, int32_t pairs, const int8_t *row) {
  int32_t sum = 0;
  for (; pairs > 0; pairs--, list += 3) {
    row += list[2] & 15;
    sum = product(list[0], *row, sum);
    row += 1 + (list[2] >> 4);
    if (pairs > 1 || list[1]) sum = product(list[1], *row, sum);
    row++;
  }
  return sum;
}

void mote_packedfc_s8sparse__dsp(const mote_packedfc_s8sparse *p, const int8_t *input, int8_t *output) {
  for (int32_t r = 0; r < p->rows; r++) {
    const int32_t *k = p->weights;
    for (int32_t c = 0; c < p->out_c; c++) {
      const uint8_t *const list = (const uint8_t *)(k + 4);
      const int32_t pairs = mote_list_pairs(list);
      *output++ = mote_dsp_finish(k[0] + 16 * dot(list + 2, pairs, input), k + 1, p->mode);
      k += 4 + (2 + 3 * pairs + 3) / 4;
    }
    input += p->in_c;
  }
  const int32_t count = p->rows * p->out_c;
  mote_dsp_clamp(output - count, count, p->output_min, p->output_max);
}
