/* SPDX-License-Identifier: Apache-2.0 */
/* float32 layer norm and RMS norm. */
#include "mote/layernorm.h"

#include "mote/floatmath.h"

static void normalize(const mote_layernorm_f32 *p, const float *x, float *y) {
  float mean = 0.0f;
  float square = 0.0f;
  for (int32_t i = 0; i < p->depth; i++) mean += x[i];
  mean = p->centre ? mean / (float)p->depth : 0.0f;
  for (int32_t i = 0; i < p->depth; i++) square += (x[i] - mean) * (x[i] - mean);
  const float factor = 1.0f / mote_sqrtf(square / (float)p->depth + p->epsilon);
  for (int32_t i = 0; i < p->depth; i++) {
    float v = (x[i] - mean) * factor;
    if (p->scale) v = v * p->scale[i];
    if (p->bias) v = v + p->bias[i];
    y[i] = v;
  }
}

void mote_layernorm_f32__ref(const mote_layernorm_f32 *p, const float *input, float *output) {
  for (int32_t r = 0; r < p->rows; r++) normalize(p, input + r * p->depth, output + r * p->depth);
}
