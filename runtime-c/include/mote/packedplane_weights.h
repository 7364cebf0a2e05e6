/* SPDX-License-Identifier: Apache-2.0 */
/* The decoding of packedplane.h. */
#define MOTE_PLANE mote_packedplane_s8int
#include "mote/packedplane.h"
#include "mote/packedweights.h"
#include "mote/plane.h"

static void set_weights(const MOTE_PLANE *p, mote_line_tap *taps, int32_t c) {
  const uint8_t *row = p->codes + c * p->code_bytes;
  const int8_t *table = p->table + c * p->table_step;
  for (int32_t t = 0; t < p->coded; t++) {
    const int32_t scale = p->scales ? p->scales[c * p->groups + (t >> p->group_shift)] : 1;
    taps[t].weight = table[mote_code_at(row, t, p->bits)] * scale;
  }
  for (int32_t t = p->coded; t < p->tap_count; t++) taps[t].weight = 0;
}
