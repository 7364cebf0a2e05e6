/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution for Armv6-M: channel by channel from a padded plane, four pixels of a line at a time. */
#define MOTE_PLANE mote_depthwiseconv2d_s8s8_plane
#include "mote/plane.h"

static void set_weights(const MOTE_PLANE *p, mote_line_tap *taps, int32_t c) {
  const int8_t *w = p->weights + c * p->tap_count;
  for (int32_t t = 0; t < p->tap_count; t++) taps[t].weight = *w++;
}

void mote_depthwiseconv2d_s8s8_plane__thumb(const mote_depthwiseconv2d_s8s8_plane *p, const int8_t *input,
                                            int8_t *output, void *scratch) {
  plane_convolve(p, input, output, scratch);
}
