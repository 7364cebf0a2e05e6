/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution with weights that are codes into a table, for cores without SIMD (packedtable.h). */
#include "mote/packedtable.h"

#include "mote/packedweights.h"
#include "mote/thumb_requantize.h"

/* Each has the registers to itself. */
#define ALONE __attribute__((noinline))

/* USE(column, code) for columns i .. end of a row; i begins at a byte. */
#define EACH_CODE(USE)                                                                          \
  switch (bits) {                                                                               \
    case 4:                                                                                     \
      for (; i + 2 <= end; i += 2) {                                                            \
        const uint32_t word = *codes++;                                                         \
        USE(i, word & 15u);                                                                     \
        USE(i + 1, word >> 4);                                                                  \
      }                                                                                         \
      break;                                                                                    \
    case 2:                                                                                     \
      for (; i + 4 <= end; i += 4) {                                                            \
        const uint32_t word = *codes++;                                                         \
        USE(i, word & 3u);                                                                      \
        USE(i + 1, word >> 2 & 3u);                                                             \
        USE(i + 2, word >> 4 & 3u);                                                             \
        USE(i + 3, word >> 6);                                                                  \
      }                                                                                         \
      break;                                                                                    \
    case 6:                                                                                     \
      for (; i + 4 <= end; i += 4, codes += 3) {                                                \
        const uint32_t word = codes[0] | (uint32_t)codes[1] << 8 | (uint32_t)codes[2] << 16;    \
        USE(i, word & 63u);                                                                     \
        USE(i + 1, word >> 6 & 63u);                                                            \
        USE(i + 2, word >> 12 & 63u);                                                           \
        USE(i + 3, word >> 18);                                                                 \
      }                                                                                         \
      break;                                                                                    \
    case 3:                                                                                     \
      for (; i + 8 <= end; i += 8, codes += 3) {                                                \
        uint32_t word = codes[0] | (uint32_t)codes[1] << 8 | (uint32_t)codes[2] << 16;          \
        for (int32_t k = 0; k < 8; k++, word >>= 3) USE(i + k, word & 7u);                      \
      }                                                                                         \
      break;                                                                                    \
    default:                                                                                    \
      break;                                                                                    \
  }                                                                                             \
  for (; i < end; i++) USE(i, mote_code_at(row, i, bits))

/* The weights of a channel. */
ALONE static void decode(const mote_packedtable_s8palette *p, int32_t c, int8_t *w) {
  const uint8_t *const row = p->codes + c * p->code_bytes;
  const int8_t *const table = p->table + c * p->table_step;
  const uint8_t *scales = p->scales + c * p->groups;
  const int32_t bits = p->bits;
  for (int32_t from = 0; from < p->columns; from += p->group) {
    const int32_t end = from + p->group < p->columns ? from + p->group : p->columns;
    const int32_t scale = p->scales ? *scales++ : 1;
    const uint8_t *codes = row + (from * bits >> 3);
    int32_t i = from;
    if (scale == 1) {
#define STORE(at, code) w[at] = table[code]
      EACH_CODE(STORE);
    } else {
#define STORE_SCALED(at, code) w[at] = (int8_t)(table[code] * scale)
      EACH_CODE(STORE_SCALED);
    }
  }
}

/* The sum of one pixel and a channel. */
ALONE static int32_t row_sum(const mote_packedtable_s8palette *p, int32_t c, const uint8_t *x) {
  const uint8_t *const row = p->codes + c * p->code_bytes;
  const int8_t *const table = p->table + c * p->table_step;
  const uint8_t *scales = p->scales + c * p->groups;
  const int32_t bits = p->bits;
  int32_t total = p->bias[c];
  for (int32_t from = 0; from < p->columns; from += p->group) {
    const int32_t end = from + p->group < p->columns ? from + p->group : p->columns;
    const uint8_t *codes = row + (from * bits >> 3);
    int32_t sum = 0;
    int32_t i = from;
#define ADD(at, code) sum += table[code] * x[at]
    EACH_CODE(ADD);
    total += p->scales ? sum * *scales++ : sum;
  }
  return total;
}

/* What every value of a field of codes adds: columns `count` from x on. */
ALONE static void products_of(const mote_packedtable_s8palette *p, const uint8_t *x, int32_t count, int32_t *to) {
  const int32_t entries = 1 << p->bits;
  int32_t made = 1;
  to[0] = 0;
  for (; count > 0; count--, made *= entries) {
    const int32_t value = *x++;
    for (int32_t code = entries - 1; code >= 0; code--) {
      const int32_t product = p->table[code] * value;
      for (int32_t i = 0; i < made; i++) to[code * made + i] = to[i] + product;
    }
  }
}

/* Fields of four bits, two to a byte. */
ALONE static int32_t nibble_sum(const uint8_t *codes, int32_t bytes, const int32_t *products) {
  const uint8_t *const end = codes + bytes;
  int32_t sum = 0;
  do {
    const uint32_t word = *codes++;
    sum += products[word & 15u];
    sum += products[16 + (word >> 4)];
    products += 32;
  } while (codes != end);
  return sum;
}

/* All channels of one pixel, with one table: the products of a few inputs with all weights that there are, then a look-up
 * for each field of each channel. */
static void pixel_sums(const mote_packedtable_s8palette *p, const uint8_t *x, int32_t *products, int32_t *sums) {
  const int32_t together = 4 / p->bits;
  const uint8_t *codes = p->codes;
  for (int32_t c = 0; c < p->out_c; c++) sums[c] = p->bias[c];
  for (int32_t from = 0; from < p->columns; from += p->chunk) {
    const int32_t end = from + p->chunk < p->columns ? from + p->chunk : p->columns;
    const int32_t bytes = ((end - from) * p->bits + 7) >> 3;
    for (int32_t i = 0; i < 2 * bytes; i++) {
      const int32_t at = from + i * together;
      int32_t *const to = products + (i << 4);
      if (at + together <= end) {
        products_of(p, x + at, together, to);
      } else {
        /* What is beyond the columns counts nothing: its codes are 0. */
        to[0] = 0;
        if (at < end) products_of(p, x + at, end - at, to);
      }
    }
    const uint8_t *row = codes;
    const uint8_t *scale = p->scales + from / p->group;
    for (int32_t c = 0; c < p->out_c; c++, row += p->code_bytes) {
      const int32_t sum = nibble_sum(row, bytes, products);
      if (p->scales) {
        sums[c] += sum * *scale;
        scale += p->groups;
      } else {
        sums[c] += sum;
      }
    }
    codes += p->chunk * p->bits >> 3;
  }
}

/* Sums of four pixels whose bytes alternate. */
ALONE static void quad_sums(const uint8_t *x, const int8_t *w, const int8_t *end, int32_t bias, int32_t *sums) {
  int32_t a = bias;
  int32_t b = bias;
  int32_t c = bias;
  int32_t d = bias;
  do {
    const int32_t v = *w++;
    a += x[0] * v;
    b += x[1] * v;
    c += x[2] * v;
    d += x[3] * v;
    x += 4;
  } while (w != end);
  sums[0] = a;
  sums[1] = b;
  sums[2] = c;
  sums[3] = d;
}

/* The window whose first tap is at (y, x), `step` bytes from one to the next. */
ALONE static void gather(const mote_packedtable_s8palette *p, const int8_t *input, int32_t y, int32_t x, uint8_t *to,
                   int32_t step) {
  for (int32_t i = 0; i < p->kernel_h; i++, y += p->dilation_h) {
    int32_t at = x;
    for (int32_t j = 0; j < p->kernel_w; j++, at += p->dilation_w) {
      const int inside = (uint32_t)y < (uint32_t)p->in_h && (uint32_t)at < (uint32_t)p->in_w;
      const int8_t *from = input + (y * p->in_w + at) * p->in_c;
      for (int32_t k = 0; k < p->in_c; k++, to += step) *to = (uint8_t)(inside ? from[k] + 128 : p->outside);
    }
  }
}

/* All channels of one pixel. */
static void pixel_of(const mote_packedtable_s8palette *p, mote_thumb_finish *job, const uint8_t *x, int32_t *sums,
                     int8_t *output) {
  if (p->chunk > 0) pixel_sums(p, x, sums + p->out_c, sums);
  else
    for (int32_t c = 0; c < p->out_c; c++) sums[c] = row_sum(p, c, x);
  job->acc = sums;
  job->output = output;
  job->scale = (const mote_thumb_scale *)p->scale;
  job->acc_bytes = 4;
  job->acc_step = 4;
  job->channels = p->out_c;
  mote_thumb_finish_channels(job);
}

/* All channels of the pixels gathered in `x`. */
static void tile_of(const mote_packedtable_s8palette *p, mote_thumb_finish *job, const uint8_t *x, int32_t count,
                    int32_t *sums, int8_t *w, int8_t *output) {
  for (int32_t c = 0; c < p->out_c; c++) {
    decode(p, c, w);
    for (int32_t i = 0; i < count; i += 4)
      quad_sums(x + i * p->columns, w, w + p->columns, p->bias[c], sums + i);
    job->acc = sums;
    job->output = output + c;
    job->scale = (const mote_thumb_scale *)p->scale + c;
    job->acc_bytes = 4 * count;
    job->channels = 1;
    mote_thumb_finish_channels(job);
  }
}

void mote_packedtable_s8palette__scalar(const mote_packedtable_s8palette *p, const int8_t *input, int8_t *output,
                                        void *scratch) {
  int32_t *const sums = scratch;
  uint8_t *const patches = (uint8_t *)(sums + p->words);
  int8_t *const w = (int8_t *)patches + p->tile * p->columns;
  const int32_t end_x = p->out_w * p->stride_w - p->pad_left;
  const int32_t step = p->tile == 1 ? 1 : 4;
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, p->out_c, p->signs, 0, 0, 0, 0, 0, 0};
  int32_t y = -p->pad_top;
  int32_t x = -p->pad_left;
  for (int32_t left = p->out_h * p->out_w; left > 0; left -= p->tile) {
    const int32_t count = left < p->tile ? left : p->tile;
    for (int32_t i = 0; i < count; i++) {
      gather(p, input, y, x, patches + (i & ~(step - 1)) * p->columns + (i & (step - 1)), step);
      x += p->stride_w;
      if (x == end_x) {
        x = -p->pad_left;
        y += p->stride_h;
      }
    }
    if (p->tile == 1) pixel_of(p, &job, patches, sums, output);
    else tile_of(p, &job, patches, count, sums, w, output);
    output += count * p->out_c;
  }
}
