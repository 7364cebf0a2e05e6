/* SPDX-License-Identifier: Apache-2.0 */
/* int8 decision trees. */
#include "mote/requantize.h"
#include "mote/treeensemble.h"

static int32_t leaf_of(const mote_treeensemble_s8 *p, int32_t root, const int8_t *x) {
  int32_t i = root;
  for (int32_t head = p->nodes[2 * i]; head >= 0; head = p->nodes[2 * i]) {
    const int32_t feature = x[head & 4095];
    const int32_t follows = head >> 12 == 0 ? feature <= p->values[i] : feature == p->values[i];
    i += follows ? 1 : p->nodes[2 * i + 1];
  }
  return i;
}

static int32_t combine(int32_t aggregate, int32_t a, int32_t b) {
  if (aggregate < 2) return a + b;
  return (aggregate == 2) == (b < a) ? b : a;
}

static void one_row(const mote_treeensemble_s8 *p, const int8_t *x, int8_t *y, int32_t *leaves) {
  const int32_t start = p->aggregate == 2 ? INT32_MAX : p->aggregate == 3 ? INT32_MIN : 0;
  for (int32_t t = 0; t < p->targets; t++) leaves[t] = start;
  for (int32_t k = 0; k < p->trees; k++) {
    int32_t i = leaf_of(p, p->roots[k], x);
    for (int32_t more = 1; more; i++) {
      int32_t *const leaf = &leaves[p->nodes[2 * i + 1]];
      *leaf = combine(p->aggregate, *leaf, p->values[i]);
      more = p->nodes[2 * i] == -2;
    }
  }
  for (int32_t t = 0; t < p->targets; t++) {
    const int32_t value = leaves[t] == start ? 0 : leaves[t]; /* a target without a leaf */
    y[t] = (int8_t)mote_requantize_to(value, p->multiplier, p->shift, p->rounding, p->output_zero_point, -128, 127);
  }
}

void mote_treeensemble_s8__ref(const mote_treeensemble_s8 *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
  int32_t *const leaves = (int32_t *)(void *)scratch;
  for (int32_t r = 0; r < p->rows; r++) one_row(p, input + r * p->features, output + r * p->targets, leaves);
}
