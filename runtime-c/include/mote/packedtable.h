/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution and fully connected layers (1x1 over one row) for cores without SIMD, with weights that are codes into a
 * table, whatever it holds. One pixel: the products of a few inputs with all the weights that there are
 * are made once, and looked up for several codes of a channel at a time (LUT-GEMM, arXiv:2206.09557). More: a tile of pixels
 * shares each channel's weights, decoded once. NHWC, batch 1, one group of input channels; the output may overlap the input as far as a tile's
 * windows are gathered before its outputs are written. */
#ifndef MOTE_PACKEDTABLE_H
#define MOTE_PACKEDTABLE_H

#include <stdint.h>

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w, out_c;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
  const uint8_t *codes;   /* of each channel a row of bytes, bits as in packedweights.h */
  int32_t code_bytes, bits;
  const int8_t *table;    /* the weight of each code */
  int32_t table_step;     /* entries from one channel's table to the next; 0: one table */
  const uint8_t *scales;  /* of each group of columns, a byte each; or 0 */
  int32_t group;          /* columns of a group; all */
  int32_t groups;         /* of a channel */
  int32_t columns;        /* products of an output */
  int32_t tile;           /* pixels: 1, or a multiple of 4 */
  int32_t chunk;          /* one pixel: columns whose products are tabulated together, in a group; 0: none are */
  int32_t words;          /* of the scratch: one for each pixel of a tile; or for each channel and 16 for each four bits of a chunk */
  const int32_t *bias;    /* for input + 128 */
  const int32_t *scale;   /* for each channel, a mote_thumb_scale */
  int32_t outside;        /* input zero point + 128 */
  int32_t output_min, output_max;
  int32_t half, signs; /* see thumb_requantize.h */
} mote_packedtable_s8palette;

/* Scratch: `words`, then a byte for each column of each pixel of a tile, then one for each column. */
void mote_packedtable_s8palette__scalar(const mote_packedtable_s8palette *p, const int8_t *input, int8_t *output,
                                        void *scratch);

#endif
