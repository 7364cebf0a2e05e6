/* SPDX-License-Identifier: Apache-2.0 */
/* log(softmax(x)) over rows of `depth` elements. The output may be the buffer of the input. */
#ifndef MOTE_LOGSOFTMAX_H
#define MOTE_LOGSOFTMAX_H

#include <stdint.h>

typedef struct {
  int32_t rows, depth;
} mote_logsoftmax_f32;

void mote_logsoftmax_f32__ref(const mote_logsoftmax_f32 *p, const float *input, float *output);

/* multiplier and shift: differences to Q5.26, as in softmax; real_: to steps of
 * 2^(log_shift - 20); output_: those to the output. */
typedef struct {
  int32_t rows, depth; /* depth at most 4095 */
  int32_t multiplier, shift, diff_min;
  int32_t real_multiplier, real_shift, log_shift;
  int32_t output_multiplier, output_shift, output_zero_point;
  int32_t rounding;
} mote_logsoftmax_s8;

void mote_logsoftmax_s8__ref(const mote_logsoftmax_s8 *p, const int8_t *input, int8_t *output);

/* int16 without a zero point of the output. */
typedef struct {
  int32_t rows, depth; /* depth at most 4095 */
  int32_t multiplier, shift, diff_min;
  int32_t real_multiplier, real_shift, log_shift;
  int32_t output_multiplier, output_shift;
  int32_t rounding;
} mote_logsoftmax_s16;

void mote_logsoftmax_s16__ref(const mote_logsoftmax_s16 *p, const int16_t *input, int16_t *output);

#endif
