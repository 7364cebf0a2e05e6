/* SPDX-License-Identifier: Apache-2.0 */
/* A constant of 32-bit elements. */
#include "mote/constant.h"

#include <string.h>

void mote_constant_x32__ref(const mote_constant_x32 *p, void *output) {
  memcpy(output, p->data, (uint32_t)p->count * 4u);
}
