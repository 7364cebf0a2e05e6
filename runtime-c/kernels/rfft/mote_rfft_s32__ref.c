/* SPDX-License-Identifier: Apache-2.0 */
/* int32: nothing is scaled; the input leaves as many bits free as there are stages. */
#include "mote/fftorder.h"
#include "mote/requantize.h"
#include "mote/rfft.h"

typedef struct {
  int32_t re, im;
} complex_s32;

/* A sum of two products with Q15. */
static inline int32_t from_q15(int64_t x) {
  return (int32_t)((x + (1 << 14)) >> 15);
}

static inline int32_t difference(int32_t a, int32_t b) {
  return (int32_t)((uint32_t)a - (uint32_t)b);
}

static inline complex_s32 times(complex_s32 x, const int16_t *turn) {
  const complex_s32 y = {from_q15((int64_t)x.re * turn[0] - (int64_t)x.im * turn[1]),
                         from_q15((int64_t)x.re * turn[1] + (int64_t)x.im * turn[0])};
  return y;
}

static inline complex_s32 plus(complex_s32 a, complex_s32 b) {
  const complex_s32 y = {mote_wrap_add(a.re, b.re), mote_wrap_add(a.im, b.im)};
  return y;
}

static inline complex_s32 minus(complex_s32 a, complex_s32 b) {
  const complex_s32 y = {difference(a.re, b.re), difference(a.im, b.im)};
  return y;
}

/* a - i b */
static inline complex_s32 minus_i(complex_s32 a, complex_s32 b) {
  const complex_s32 y = {mote_wrap_add(a.re, b.im), difference(a.im, b.re)};
  return y;
}

static inline complex_s32 plus_i(complex_s32 a, complex_s32 b) {
  const complex_s32 y = {difference(a.re, b.im), mote_wrap_add(a.im, b.re)};
  return y;
}

static inline void by_two(complex_s32 *x, int32_t count, const int16_t *turns) {
  for (int32_t i = 0; i < count; i += 2) {
    const complex_s32 zero = x[i];
    const complex_s32 one = times(x[i + 1], turns);
    x[i] = plus(zero, one);
    x[i + 1] = minus(zero, one);
  }
}

/* One butterfly of x[0], x[m], x[2m] and x[3m]. */
static inline void by_four(complex_s32 *x, int32_t m, const int16_t *turns, int32_t turn) {
  const complex_s32 zero = x[0];
  const complex_s32 one = times(x[m], turns + 2 * turn);
  const complex_s32 two = times(x[2 * m], turns + 4 * turn);
  const complex_s32 three = times(x[3 * m], turns + 6 * turn);
  const complex_s32 even = plus(zero, two);
  const complex_s32 odd = minus(zero, two);
  const complex_s32 other = plus(one, three);
  const complex_s32 turned = minus(one, three);
  x[0] = plus(even, other);
  x[m] = minus_i(odd, turned);
  x[2 * m] = minus(even, other);
  x[3 * m] = plus_i(odd, turned);
}

static void butterflies(complex_s32 *x, int32_t count, const int16_t *turns) {
  int32_t m = 1;
  if (mote_fft_begins_by_two((uint32_t)count)) {
    by_two(x, count, turns);
    m = 2;
  }
  for (; m < count; m *= 4) {
    const int32_t step = count / (4 * m);
    for (int32_t block = 0; block < count; block += 4 * m) {
      for (int32_t j = 0; j < m; j++) by_four(x + block + j, m, turns, j * step);
    }
  }
}

/* From the spectrum of even and odd samples as one complex signal to that of all samples. */
static void split(complex_s32 *x, int32_t count, const int16_t *turns) {
  const complex_s32 first = x[0];
  x[0].re = mote_wrap_add(first.re, first.im);
  for (int32_t k = 1; k <= count / 2; k++) {
    const complex_s32 low = x[k];
    const complex_s32 high = x[count - k];
    const complex_s32 mirrored = {high.re, difference(0, high.im)};
    const complex_s32 sum = plus(low, mirrored);
    const complex_s32 turned = times(minus(low, mirrored), turns + 2 * (k - 1));
    x[k].re = mote_wrap_add(sum.re, turned.re) >> 1;
    x[k].im = mote_wrap_add(sum.im, turned.im) >> 1;
    x[count - k].re = difference(sum.re, turned.re) >> 1;
    x[count - k].im = difference(turned.im, sum.im) >> 1;
  }
}

void mote_rfft_s32__ref(const mote_rfft_s32 *p, const int32_t *input, int32_t *output) {
  const int32_t count = p->size / 2;
  const int32_t by_two_first = mote_fft_begins_by_two((uint32_t)count);
  for (int32_t f = 0; f < p->frames; f++) {
    complex_s32 *x = (complex_s32 *)(void *)output;
    uint32_t from = 0;
    for (int32_t i = 0; i < count; i++) {
      x[i].re = input[2 * from];
      x[i].im = input[2 * from + 1];
      from = mote_fft_next(from, (uint32_t)count, by_two_first);
    }
    butterflies(x, count, p->turns);
    split(x, count, p->split);
    x[0].im = 0;
    input += p->size;
    output += p->size;
  }
}
