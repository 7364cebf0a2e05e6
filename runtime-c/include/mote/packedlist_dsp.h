/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's weights that are not zero, as the DSP kernels read them: the number of pairs of entries, two bytes, then for
 * each pair three bytes: both weights, and how many taps to leave out before the first (lower half) and the second. A tap
 * farther off than 15 has entries of weight 0 on the way, and so has the pair of an odd last entry. */
#ifndef MOTE_PACKEDLIST_DSP_H
#define MOTE_PACKEDLIST_DSP_H

#include <stdint.h>

static inline int32_t mote_list_pairs(const uint8_t *list) {
  return list[0] | list[1] << 8;
}

#endif
