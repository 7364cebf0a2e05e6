/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution from a padded plane of one channel (mote_depthwiseconv2d_s8s8_plane in depthwiseconv2d.h) with
 * weights stored in few bits: those of a channel are decoded before its plane is convolved. */
#ifndef MOTE_PACKEDPLANE_H
#define MOTE_PACKEDPLANE_H

#include <stdint.h>

typedef struct {
  int32_t in_c, out_c, channel_multiplier;
  int32_t lines, columns;         /* of outputs: across and along a line */
  int32_t line_stride;            /* plane bytes from the first tap of a line of outputs to the next one's */
  int32_t out_line, out_column;   /* output bytes from line to line, and along a line */
  int32_t in_lines, in_columns;   /* of the image that lie in the plane */
  int32_t in_line, in_column;     /* input bytes likewise */
  int32_t plane_bytes;            /* a multiple of 4 */
  int32_t plane_start;            /* where the first line of the image is */
  int32_t plane_line;             /* bytes from line to line */
  int32_t phases;                 /* the stride along a line */
  int32_t first_phase;            /* of the image's first column */
  const int16_t *phase_start;     /* for each phase, the image's first column of it in its line */
  const int16_t *taps;            /* for each tap, where it is in the plane; a multiple of 3 of them */
  int32_t tap_count;
  const uint8_t *codes;           /* of each channel's taps, in a row of bytes; bits as in packedweights.h */
  int32_t code_bytes, bits;       /* of a row, of a code */
  int32_t coded;                  /* taps that have a code; the others are 0 */
  const int8_t *table;            /* the weight of each code, to be multiplied by */
  int32_t table_step;             /* entries from one channel's table to the next; 0: one table */
  const uint8_t *scales;          /* of groups of taps, a byte each, or 0 */
  int32_t group_shift;            /* log2 of the taps of a group */
  int32_t groups;                 /* of a channel */
  const int32_t *bias;            /* for input + 128 */
  const int32_t *scale;           /* for each channel, a mote_thumb_scale */
  int32_t outside;                /* input zero point + 128 */
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_packedplane_s8int;

/* Scratch as there. */
void mote_packedplane_s8int__thumb(const mote_packedplane_s8int *p, const int8_t *input, int8_t *output,
                                   void *scratch);
void mote_packedplane_s8int__rv32(const mote_packedplane_s8int *p, const int8_t *input, int8_t *output,
                                  void *scratch);

#endif
