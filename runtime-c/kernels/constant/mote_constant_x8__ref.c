/* SPDX-License-Identifier: Apache-2.0 */
/* A constant of 8-bit elements. */
#include "mote/constant.h"

#include <string.h>

void mote_constant_x8__ref(const mote_constant_x8 *p, void *output) {
  memcpy(output, p->data, (uint32_t)p->count);
}
