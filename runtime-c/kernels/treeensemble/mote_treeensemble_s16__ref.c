/* SPDX-License-Identifier: Apache-2.0 */
/* int16 decision trees. */
#include "mote/requantize.h"
#include "mote/treeensemble.h"

static int32_t leaf_of(const mote_treeensemble_s16 *p, int32_t root, const int16_t *x) {
  int32_t i = root;
  for (int32_t head = p->nodes[2 * i]; head >= 0; head = p->nodes[2 * i]) {
    const int32_t feature = x[head & 4095];
    const int32_t follows = head >> 12 == 0 ? feature <= p->values[i] : feature == p->values[i];
    i += follows ? 1 : p->nodes[2 * i + 1];
  }
  return i;
}

static void one_row(const mote_treeensemble_s16 *p, const int16_t *x, int16_t *y, int32_t *sums) {
  for (int32_t t = 0; t < p->targets; t++) sums[t] = 0;
  for (int32_t k = 0; k < p->trees; k++) {
    int32_t i = leaf_of(p, p->roots[k], x);
    sums[p->nodes[2 * i + 1]] += p->values[i];
    for (; p->nodes[2 * i] == -2; i++) sums[p->nodes[2 * i + 3]] += p->values[i + 1];
  }
  for (int32_t t = 0; t < p->targets; t++)
    y[t] = (int16_t)mote_requantize_to(sums[t], p->multiplier, p->shift, p->rounding, p->output_zero_point, -32768, 32767);
}

void mote_treeensemble_s16__ref(const mote_treeensemble_s16 *p, const int16_t *input, int16_t *output, uint8_t *scratch) {
  int32_t *const sums = (int32_t *)(void *)scratch;
  for (int32_t r = 0; r < p->rows; r++) one_row(p, input + r * p->features, output + r * p->targets, sums);
}
