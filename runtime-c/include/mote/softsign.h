/* SPDX-License-Identifier: Apache-2.0 */
/* softsign: x / (1 + |x|). The output may be the buffer of the input. */
#ifndef MOTE_SOFTSIGN_H
#define MOTE_SOFTSIGN_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_softsign_f32;

void mote_softsign_f32__ref(const mote_softsign_f32 *p, const float *input, float *output);

#endif
