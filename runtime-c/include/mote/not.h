/* SPDX-License-Identifier: Apache-2.0 */
/* 1 where a bool is 0, else 0. The output may be the buffer of the input. */
#ifndef MOTE_NOT_H
#define MOTE_NOT_H

#include <stdint.h>

typedef struct {
  int32_t count;
} mote_not_b8;

void mote_not_b8__ref(const mote_not_b8 *p, const uint8_t *input, uint8_t *output);

#endif
