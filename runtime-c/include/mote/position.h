/* SPDX-License-Identifier: Apache-2.0 */
/* The step of a sequence: position is count, held within 0 ... limit - 1, and new_count one more. new_count may be count. */
#ifndef MOTE_POSITION_H
#define MOTE_POSITION_H

#include <stdint.h>

typedef struct {
  int32_t limit;
} mote_position_s32;

void mote_position_s32__ref(const mote_position_s32 *p, const int32_t *count, int32_t *position, int32_t *new_count);

#endif
