/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with weights stored in less than eight bits (src/compress/formats/FORMAT.md): conv2d; depthwise, with as
 * many groups as input channels; fully connected, 1 x 1 over one row. Each weight is decoded where it is multiplied.
 * Layouts and padding as in conv2d.h; bias[c] = model bias[c] - input_zero_point * sum of the channel's weights. */
#ifndef MOTE_PACKEDCONV_H
#define MOTE_PACKEDCONV_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  int32_t group_out;        /* output channels of a group */
  int32_t depth;            /* input channels of a group */
  const uint8_t *codes;     /* rows of `bits` each; of ternary planes: which are not zero */
  const uint8_t *extra;     /* ternary planes: which are negative; sparse: positions; block: which are kept; else 0 */
  const uint8_t *scales;    /* of groups, less one, four bits each; or 0 */
  const int8_t *table;      /* palette, or 0 */
  const uint16_t *starts;   /* block: blocks kept before each row, or 0 */
  int32_t bits;             /* of a code */
  int32_t code_bytes;       /* of a row of codes */
  int32_t extra_bytes;      /* of a row of `extra` */
  int32_t scale_bytes;      /* of a row of scales */
  int32_t group_shift;      /* log2 of the columns that share a scale */
  int32_t table_step;       /* entries from one row's table to the next; 0: one table */
  int32_t sparse_n;         /* sparse: kept of each 2^block_shift columns */
  int32_t block_shift;      /* sparse: log2 m; block: log2 of its width */
  const uint16_t *outlier_starts;  /* entries before each row, or 0 */
  const uint16_t *outlier_columns; /* rising within a row */
  const int8_t *outlier_amounts;   /* what is added to the weight */
  const int32_t *bias;
  const int32_t *multiplier; /* see requantize.h */
  const int8_t *shift;
  int32_t requantize_step; /* 1: one multiplier and shift per channel; 0: one for all */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_packedconv;

typedef mote_packedconv mote_packedconv_s8int;
typedef mote_packedconv mote_packedconv_s8ternary;
typedef mote_packedconv mote_packedconv_s8trits;
typedef mote_packedconv mote_packedconv_s8binary;
typedef mote_packedconv mote_packedconv_s8palette;
typedef mote_packedconv mote_packedconv_s8sparse;
typedef mote_packedconv mote_packedconv_s8block;

void mote_packedconv_s8int__ref(const mote_packedconv_s8int *p, const int8_t *input, int8_t *output);
void mote_packedconv_s8ternary__ref(const mote_packedconv_s8ternary *p, const int8_t *input, int8_t *output);
void mote_packedconv_s8trits__ref(const mote_packedconv_s8trits *p, const int8_t *input, int8_t *output);
void mote_packedconv_s8binary__ref(const mote_packedconv_s8binary *p, const int8_t *input, int8_t *output);
void mote_packedconv_s8palette__ref(const mote_packedconv_s8palette *p, const int8_t *input, int8_t *output);
void mote_packedconv_s8sparse__ref(const mote_packedconv_s8sparse *p, const int8_t *input, int8_t *output);
void mote_packedconv_s8block__ref(const mote_packedconv_s8block *p, const int8_t *input, int8_t *output);

#endif
