/* SPDX-License-Identifier: Apache-2.0 */
/* float32 decision trees. */
#include "mote/treeensemble.h"

static int32_t is_true(int32_t head, float x, float value) {
  if (x != x) return head & (1 << 14);
  const int32_t comparison = (head >> 12) & 3;
  if (comparison == 0) return x <= value;
  return comparison == 1 ? x < value : x == value;
}

static const int16_t *walk(const mote_treeensemble_f32 *p, int32_t root, const float *x, const float **value) {
  const int16_t *node = p->nodes + 2 * root;
  const float *v = p->values + root;
  while (node[0] >= 0) {
    const int32_t step = is_true(node[0], x[node[0] & 4095], *v) ? 1 : node[1];
    node += 2 * step;
    v += step;
  }
  *value = v;
  return node;
}

static float combine(int32_t aggregate, float a, float b) {
  if (aggregate == 2) return b < a ? b : a;
  if (aggregate == 3) return b > a ? b : a;
  return a + b;
}

static void one_row(const mote_treeensemble_f32 *p, const float *x, float *y) {
  const float start = p->aggregate == 2 ? __builtin_inff() : p->aggregate == 3 ? -__builtin_inff() : 0.0f;
  for (int32_t t = 0; t < p->targets; t++) y[t] = start;
  for (int32_t k = 0; k < p->trees; k++) {
    const float *value;
    const int16_t *leaf = walk(p, p->roots[k], x, &value);
    y[leaf[1]] = combine(p->aggregate, y[leaf[1]], *value);
    while (leaf[0] == -2) {
      leaf += 2;
      value++;
      y[leaf[1]] = combine(p->aggregate, y[leaf[1]], *value);
    }
  }
  for (int32_t t = 0; t < p->targets; t++) {
    if (p->aggregate == 1) y[t] = y[t] / (float)p->trees;
    /* A target without a leaf. */
    if (p->aggregate >= 2 && y[t] == start) y[t] = 0.0f;
  }
}

void mote_treeensemble_f32__ref(const mote_treeensemble_f32 *p, const float *input, float *output) {
  for (int32_t r = 0; r < p->rows; r++) one_row(p, input + r * p->features, output + r * p->targets);
}
