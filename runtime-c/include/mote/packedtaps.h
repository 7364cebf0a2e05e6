/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution with one filter per channel and weights stored in few bits, channels in vector lanes. The filters
 * are decoded into the scratch, once for all pixels, and convolved as int8: filters are short, images are not. The output
 * may overlap the input as in depthwiseconv2d.h and lanedepthwise.h.
 *
 * A unit is one tap of all lanes, in the order kernel_h, kernel_w. Codes lie in rows of a byte for each lane, as in
 * packedstream.h; they are two's complement or, with a table, unsigned indices. */
#ifndef MOTE_PACKEDTAPS_H
#define MOTE_PACKEDTAPS_H

#include <stdint.h>

#include "mote/depthwiseconv2d.h"

/* On Helium: blocks of 16 lanes, each as the int8 kernel's stream has them (depthwiseconv2d.h). */
typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const uint8_t *codes;
  const int8_t *table;    /* 2^bits entries for each lane, or for all; 0: none */
  const uint8_t *scales;  /* of each block for each group of taps 16 bytes; 0: none */
  const int8_t *factors;  /* of each block the 192 bytes that follow its taps */
  int32_t bits;
  int32_t code_bytes;     /* of a block */
  int32_t table_step;     /* entries from one lane's table to the next; 0: one table */
  int32_t group;          /* taps that share a scale */
  int32_t taps;           /* of a block: 9, or an even number */
  int32_t blocks;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_packedtaps_s8int;

typedef mote_packedtaps_s8int mote_packedtaps_s8int_3x3;

/* Scratch: blocks * (16 * taps + 192) bytes, then that of the int8 kernel. */
void mote_packedtaps_s8int__mve(const mote_packedtaps_s8int *p, const int8_t *input, int8_t *output, void *scratch);
void mote_packedtaps_s8int_3x3__mve(const mote_packedtaps_s8int_3x3 *p, const int8_t *input, int8_t *output,
                                    void *scratch);

/* On RVV: a lane for each channel; multiplier and so on as in lanedepthwise.h. */
typedef struct {
  int32_t in_h, in_w, channels;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t inner_begin, triples;
  int32_t inner_top, inner_bottom;
  const uint8_t *codes;
  const int8_t *table;    /* 2^bits entries for each channel, or for all; 0: none */
  const uint8_t *scales;  /* for each group of taps a byte for each channel; 0: none */
  int32_t bits;
  int32_t table_step;     /* entries from one channel's table to the next; 0: one table */
  int32_t group;          /* taps that share a scale */
  const int32_t *bias;
  const int32_t *multiplier;
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_packedtaps_s8int_lanes;

/* Scratch: that of mote_lanedepthwise_s8s8__rvv, then a byte for each tap of each channel. */
void mote_packedtaps_s8int_lanes__rvv(const mote_packedtaps_s8int_lanes *p, const int8_t *input, int8_t *output,
                                      void *scratch);

/* With DSP instructions: filters of channels in rows of bytes, bits as in packedweights.h. */
typedef struct {
  const uint8_t *codes;
  int32_t code_bytes, bits; /* of a row, of a code */
  const int8_t *table;      /* the weight of each code (where sums would be small, times a power of 2), to be multiplied by */
  int32_t table_step;       /* entries from one channel's table to the next; 0: one table */
  const uint8_t *scales;    /* of groups of taps, a byte each, or 0 */
  int32_t group_shift;      /* log2 of the taps of a group */
  int32_t groups;           /* of a channel */
  const int32_t *factors;   /* of each channel: bias, multiplier */
  const uint8_t *shifts;    /* of each channel; rounds follow from them (dsp_requantize.h) */
  int32_t output_zero_point;
} mote_packed_filters;

typedef struct {
  mote_depthwiseconv2d_s8s8_3x3 layer; /* without constants */
  mote_packed_filters filters;
} mote_packedtaps_s8int_rows;

typedef struct {
  mote_depthwiseconv2d_s8s8_any layer;
  mote_packed_filters filters;
} mote_packedtaps_s8int_pixels;

/* Four channels are decoded at a time. Scratch: 4 * 28 bytes, then that of the int8 kernel. */
void mote_packedtaps_s8int_rows__dsp(const mote_packedtaps_s8int_rows *p, const int8_t *input, int8_t *output,
                                     void *scratch);
/* All filters are decoded first. Scratch: 64 + 16 * tap_pairs bytes for each four channels, then that of the int8 kernel. */
void mote_packedtaps_s8int_pixels__dsp(const mote_packedtaps_s8int_pixels *p, const int8_t *input, int8_t *output,
                                       void *scratch);

#endif
