/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution and fully connected layers (1x1 over one row) on RVV with weights stored in less than eight bits
 * (src/compress/formats/FORMAT.md), output channels in vector lanes. A tile of pixels shares the weights of a strip of
 * channels and a chunk of columns, decoded once into the scratch (rvv_packed.h). NHWC, batch 1, one group of input
 * channels; taps outside the image read input_zero_point, which bias has folded in. Nothing depends on the vector length.
 *
 * A unit is one column (a product of one output, in the order kernel_h, kernel_w, in_c) of all channels. Codes lie in rows
 * of out_c bytes, as in packedstream.h: a byte has the codes of one channel for 8 / bits columns, and so on. Blocks are as
 * FORMAT.md has them. */
#ifndef MOTE_PACKEDLANES_H
#define MOTE_PACKEDLANES_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const uint8_t *codes;
  const uint8_t *places;            /* sparse: in rows like codes, a unit is one kept column of all channels; block:
                                       which are kept, rows of place_bytes; else 0 */
  const uint8_t *scales;            /* less one, four bits, in rows like codes, a unit is a group of columns; block: a byte for each
                                       kept one; or 0 */
  const uint16_t *starts;           /* block: kept blocks before each channel; or 0 */
  const int8_t *table;              /* palette: 2^bits entries for one channel after the other, or for all; else 0 */
  const uint16_t *outlier_starts;   /* entries before each channel, or 0 */
  const uint16_t *outlier_columns;  /* rising in a channel */
  const int8_t *outlier_amounts;    /* what is added to the weight */
  int32_t bits;                     /* of a code */
  int32_t scale_shift;              /* log2 of the columns that share a scale */
  int32_t table_step;               /* entries from one channel's table to the next; 0: one table */
  int32_t sparse_n, sparse_shift;   /* sparse: kept of 2^sparse_shift; block: of 2^sparse_shift columns */
  int32_t code_bytes, place_bytes;  /* block: of the codes of a kept block; of a row of places */
  int32_t columns;                  /* kernel_h * kernel_w * in_c */
  int32_t chunk;                    /* columns that are decoded together: all, or whole rows and groups */
  int32_t written;                  /* columns that decoding a chunk may write: whole rows */
  int32_t lanes;                    /* channels of a strip, at most */
  int32_t tile;                     /* pixels that share what is decoded */
  int32_t direct;                   /* 1: patch i is at input + i * in_c; 0: patches are gathered in the scratch */
  const int32_t *bias;
  const int32_t *multiplier; /* see rvv_rescale.h */
  const int16_t *shift;
  int32_t pre_shift, zero_shifts;
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_packedlanes;

typedef mote_packedlanes mote_packedlanes_s8int;
typedef mote_packedlanes mote_packedlanes_s8ternary;
typedef mote_packedlanes mote_packedlanes_s8trits;
typedef mote_packedlanes mote_packedlanes_s8binary;
typedef mote_packedlanes mote_packedlanes_s8palette;
typedef mote_packedlanes mote_packedlanes_s8sparse;
typedef mote_packedlanes mote_packedlanes_s8block;

/* Scratch: 2 * written * lanes bytes, rounded up to 4; where a chunk is not all, 4 * tile * lanes; where not direct, tile * columns. */
void mote_packedlanes_s8int__rvv(const mote_packedlanes_s8int *p, const int8_t *input, int8_t *output, void *scratch);
void mote_packedlanes_s8ternary__rvv(const mote_packedlanes_s8ternary *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedlanes_s8trits__rvv(const mote_packedlanes_s8trits *p, const int8_t *input, int8_t *output,
                                   void *scratch);
void mote_packedlanes_s8binary__rvv(const mote_packedlanes_s8binary *p, const int8_t *input, int8_t *output,
                                    void *scratch);
void mote_packedlanes_s8palette__rvv(const mote_packedlanes_s8palette *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedlanes_s8sparse__rvv(const mote_packedlanes_s8sparse *p, const int8_t *input, int8_t *output,
                                    void *scratch);
void mote_packedlanes_s8block__rvv(const mote_packedlanes_s8block *p, const int8_t *input, int8_t *output,
                                   void *scratch);

#endif
