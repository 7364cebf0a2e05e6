/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution channel by channel from a padded plane, four pixels of a line at a time. The file that includes
 * this says MOTE_PLANE, its struct, and defines set_weights. */
#include <string.h>

#include "mote/depthwiseconv2d.h"
#include "mote/thumb_requantize.h"

typedef uint8_t mote_line_place;
#define MOTE_PLACE_LOAD "ldrb"
#define MOTE_PLACE_BYTES "1"
#include "mote/thumb_line.h"

static void set_weights(const MOTE_PLANE *p, mote_line_tap *taps, int32_t c);

/* Columns of one phase of a line of the image. */
static void gather_phase(const MOTE_PLANE *p, uint8_t *to, const int8_t *from, int32_t count) {
  const int32_t step = p->in_column * p->phases;
  for (; count > 0; count--) {
    *to++ = (uint8_t)(*from + 128);
    from += step;
  }
}

/* One channel of the image into the middle of the plane. */
static void gather_channel(const MOTE_PLANE *p, uint8_t *plane, const int8_t *input) {
  uint8_t *line = plane + p->plane_start;
  for (int32_t i = 0; i < p->in_lines; i++) {
    int32_t phase = p->first_phase;
    const int8_t *from = input;
    for (int32_t first = 0; first < p->phases && first < p->in_columns; first++) {
      int32_t count = 1;
      for (int32_t at = first + p->phases; at < p->in_columns; at += p->phases) count++;
      gather_phase(p, line + p->phase_start[phase], from, count);
      from += p->in_column;
      if (++phase == p->phases) phase = 0;
    }
    line += p->plane_line;
    input += p->in_line;
  }
}

/* The lines of outputs of channel c. */
static void plane_lines(const MOTE_PLANE *p, mote_thumb_finish *job, const uint8_t *plane, int32_t *sums,
                        const mote_line_tap *taps, int32_t c, int8_t *line) {
  for (int32_t y = 0; y < p->lines; y++) {
    mote_line_sums(plane, plane + ((p->columns + 3) & ~3), sums, taps, taps + p->tap_count, p->bias[c]);
    job->acc = sums;
    job->output = line;
    job->scale = (const mote_thumb_scale *)p->scale + c;
    job->channels = 1;
    mote_thumb_finish_channels(job);
    plane += p->line_stride;
    line += p->out_line;
  }
}

/* All channels; set_weights gives the taps those of channel c. */
static void plane_convolve(const MOTE_PLANE *p, const int8_t *input, int8_t *output, void *scratch) {
  uint8_t *plane = scratch;
  int32_t *sums = (int32_t *)scratch + (p->plane_bytes >> 2);
  mote_line_tap *taps = (mote_line_tap *)(sums + ((p->columns + 3) & ~3));
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, p->out_column, p->signs, 0, 0, 0, 4 * p->columns, 0, 0};
  memset(plane, p->outside, (uint32_t)p->plane_bytes);
  for (int32_t t = 0; t < p->tap_count; t++) taps[t].offset = p->taps[t];
  int32_t left = 1;
  for (int32_t c = 0; c < p->out_c; c++) {
    if (--left == 0) {
      left = p->channel_multiplier;
      gather_channel(p, plane, input++);
    }
    set_weights(p, taps, c);
    plane_lines(p, &job, plane, sums, taps, c, output + c);
  }
}
