/* SPDX-License-Identifier: Apache-2.0 */
#include "mote/position.h"

void mote_position_s32__ref(const mote_position_s32 *p, const int32_t *count, int32_t *position, int32_t *new_count) {
  int32_t at = count[0];
  if (at < 0) at = 0;
  if (at >= p->limit) at = p->limit - 1;
  position[0] = at;
  new_count[0] = at + 1;
}
