/* SPDX-License-Identifier: Apache-2.0 */
/* int8 average pooling for cores without SIMD: four channels at a time, and a multiply instead of a division where the
 * window is small. */
#include "mote/averagepool2d.h"
#include "mote/requantize.h"
#include "mote/window.h"

/* |sum| + divisor / 2 < 2^15 for at most 255 int8. */
enum { SHORT_WINDOW = 255, SHIFT = 23 };

typedef struct {
  int32_t divisor;
  uint32_t reciprocal; /* floor(2^23 / divisor) + 1; 0: divide */
  int32_t outside;     /* what padding adds to a sum */
  int32_t min, max;
} quotient;

/* sum / divisor, to nearest, ties away from zero. For x < 2^15, floor(x * reciprocal / 2^23) is floor(x / divisor): the
 * error is x * divisor / 2^23 / divisor at most, less than 1 / divisor. The product is below 2^31. */
static int8_t divide(const quotient *d, int32_t sum) {
  sum += d->outside;
  const uint32_t x = (uint32_t)(sum < 0 ? -sum : sum) + (uint32_t)(d->divisor >> 1);
  const int32_t q = (int32_t)(d->reciprocal ? (x * d->reciprocal) >> SHIFT : x / (uint32_t)d->divisor);
  return (int8_t)mote_clamp(sum < 0 ? -q : q, d->min, d->max);
}

/* All channels of one output pixel whose window holds rows x columns pixels of the image, from `first` on. */
static void pixel(const mote_averagepool2d_s8 *p, const quotient *d, const int8_t *first, int8_t *output, int32_t rows,
                  int32_t columns) {
  const int32_t step = p->channels;
  const int32_t next_row = (p->in_w - columns) * step;
  int32_t left = p->channels;
  for (; left >= 4; left -= 4) {
    const int8_t *x = first;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t i = rows; i > 0; i--) {
      for (int32_t j = columns; j > 0; j--) {
        s0 += x[0];
        s1 += x[1];
        s2 += x[2];
        s3 += x[3];
        x += step;
      }
      x += next_row;
    }
    output[0] = divide(d, s0);
    output[1] = divide(d, s1);
    output[2] = divide(d, s2);
    output[3] = divide(d, s3);
    output += 4;
    first += 4;
  }
  for (; left > 0; left--) {
    const int8_t *x = first++;
    int32_t sum = 0;
    for (int32_t i = rows; i > 0; i--) {
      for (int32_t j = columns; j > 0; j--) {
        sum += *x;
        x += step;
      }
      x += next_row;
    }
    *output++ = divide(d, sum);
  }
}

void mote_averagepool2d_s8__scalar(const mote_averagepool2d_s8 *p, const int8_t *input, int8_t *output) {
  const int32_t window = p->kernel_h * p->kernel_w;
  quotient d = {0, 0, 0, p->output_min, p->output_max};
  int32_t y0 = -p->pad_top;
  for (int32_t y = 0; y < p->out_h; y++) {
    const mote_range ky = mote_window_range(y0, 1, p->kernel_h, p->in_h);
    int32_t x0 = -p->pad_left;
    for (int32_t x = 0; x < p->out_w; x++) {
      const mote_range kx = mote_window_range(x0, 1, p->kernel_w, p->in_w);
      const int32_t inside = (ky.end - ky.begin) * (kx.end - kx.begin);
      const int32_t divisor = p->count_include_pad ? window : inside;
      if (divisor != d.divisor) {
        d.divisor = divisor;
        d.reciprocal = divisor <= SHORT_WINDOW ? (1u << SHIFT) / (uint32_t)divisor + 1u : 0u;
      }
      d.outside = (divisor - inside) * p->zero_point;
      pixel(p, &d, input + ((y0 + ky.begin) * p->in_w + x0 + kx.begin) * p->channels, output, ky.end - ky.begin,
            kx.end - kx.begin);
      output += p->channels;
      x0 += p->stride_w;
    }
    y0 += p->stride_h;
  }
}
