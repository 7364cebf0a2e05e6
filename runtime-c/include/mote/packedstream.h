/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution and fully connected layers (1x1 over one row) on Helium with weights stored in less than eight bits
 * (src/compress/formats/FORMAT.md). A tile of pixels shares each group of channels, decoded once into the scratch and then
 * multiplied as int8 (mve_packed.h has both). NHWC, batch 1, one group of input channels; taps outside the image read
 * input_zero_point, which bias has folded in.
 *
 * A unit is 16 weights of one channel, consecutive in the order kernel_h, kernel_w, in_c, zeros up to `depth`. A group of
 * `channels` output channels (missing ones are zero) has depth / 16 times `channels` units: the channels of the first 16
 * weights, then of the next. Codes lie in rows of 16 bytes, a lane of a row for a lane of its units; per row:
 *   8 bits: one unit; 4, 2, 1 bits: two, four, eight units, the first one in the low bits;
 *   3 bits: of eight units, two rows with the low two bits and one with the highest;
 *   6 bits: of four units, two rows with the high four bits and one with the low two;
 *   trits: five units; the byte is ceil(256 n / 243), n the base-3 number with the first unit as highest digit.
 * Sparse: a unit is 16 kept weights, 16 / channels of each channel of the group.
 * Groups begin at whole rows of all their bits. Codes are two's complement, of palettes indices, of binary 1 for -1. */
#ifndef MOTE_PACKEDSTREAM_H
#define MOTE_PACKEDSTREAM_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const uint8_t *codes;
  const uint8_t *extra;            /* block: of each group a bit for each `width` weights, in the order of its units,
                                      kept ones follow one another; sparse: places, in rows like codes; else 0 */
  const uint8_t *scales;           /* four bits each, less one, even ones low; of the channels of a group for its first
                                      scale_units * 16 weights, for the next; block: of each kept 16 weights; or 0 */
  const int8_t *table;             /* palette: 2^bits entries for one channel after the other, or for all; else 0 */
  const int8_t *factors;           /* per group bias, multiplier, shift of its channels, little-endian words (conv2d.h) */
  const int32_t *starts;           /* block, of each group: its first byte of `codes`, its kept weights, its first byte
                                      of `scales`; or 0 */
  const uint16_t *outlier_starts;  /* entries before each group, or 0 */
  const uint16_t *outlier_places;  /* byte of the decoded group */
  const int8_t *outlier_amounts;   /* what is added there */
  int32_t bits;                    /* of a code */
  int32_t code_bytes;              /* of a group's rows of codes */
  int32_t extra_bytes;             /* of a group */
  int32_t scale_bytes;             /* of a group */
  int32_t scale_units;             /* units of one channel that share a scale */
  int32_t table_step;              /* entries from one channel's table to the next; 0: one table */
  int32_t width;                   /* block: weights that are kept together, 4, 8 or 16; sparse: log2 m */
  int32_t sparse_n;                /* sparse: kept of 2^width, 1, 2 or 4 */
  int32_t code_vectors;            /* sparse: units of a group */
  int32_t channels;                /* of a group: 4, or 8 where there is one pixel */
  int32_t depth;                   /* kernel_h * kernel_w * in_c, rounded up to 16 */
  int32_t tile;                    /* pixels that share a decoded group, even or all */
  int32_t direct;                  /* 1: patch i is at input + i * in_c; 0: patches are gathered in the scratch */
  int32_t group_bytes;             /* of the scratch for a decoded group */
  int32_t input_zero_point;
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_packedstream;

typedef mote_packedstream mote_packedstream_s8int;
typedef mote_packedstream mote_packedstream_s8ternary;
typedef mote_packedstream mote_packedstream_s8trits;
typedef mote_packedstream mote_packedstream_s8binary;
typedef mote_packedstream mote_packedstream_s8palette;
typedef mote_packedstream mote_packedstream_s8sparse;
typedef mote_packedstream mote_packedstream_s8block;
/* The same, but a group's kept blocks and their bits channel by channel, and those of a channel begin at a byte. */
typedef mote_packedstream mote_packedstream_s8block_kept;

/* Scratch: group_bytes, then tile * channels, then, where not direct, tile * depth bytes. */
void mote_packedstream_s8int__mve(const mote_packedstream_s8int *p, const int8_t *input, int8_t *output, void *scratch);
void mote_packedstream_s8ternary__mve(const mote_packedstream_s8ternary *p, const int8_t *input, int8_t *output,
                                      void *scratch);
void mote_packedstream_s8trits__mve(const mote_packedstream_s8trits *p, const int8_t *input, int8_t *output,
                                    void *scratch);
void mote_packedstream_s8binary__mve(const mote_packedstream_s8binary *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedstream_s8palette__mve(const mote_packedstream_s8palette *p, const int8_t *input, int8_t *output,
                                      void *scratch);
void mote_packedstream_s8sparse__mve(const mote_packedstream_s8sparse *p, const int8_t *input, int8_t *output,
                                     void *scratch);
void mote_packedstream_s8block__mve(const mote_packedstream_s8block *p, const int8_t *input, int8_t *output,
                                    void *scratch);

/* Scratch: group_bytes, then 2 * depth + 16, tile * depth, then a word for each block (two where width is 8) and four. */
void mote_packedstream_s8block_kept__mve(const mote_packedstream_s8block_kept *p, const int8_t *input, int8_t *output,
                                         void *scratch);

#endif
