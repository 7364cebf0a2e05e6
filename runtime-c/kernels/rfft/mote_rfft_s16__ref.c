/* SPDX-License-Identifier: Apache-2.0 */
/* int16: every frame is scaled up as far as it goes; butterflies divide before they add and round as KISS FFT does with
 * FIXED_POINT=16 (tflite-micro's SignalFftAutoScale and SignalRfft). */
#include "mote/fftorder.h"
#include "mote/rfft.h"

typedef struct {
  int16_t re, im;
} complex_s16;

static inline int16_t from_q15(int32_t x) {
  return (int16_t)((x + (1 << 14)) >> 15);
}

/* x / 2 or x / 4, by 32767 / 2 or 32767 / 4 in Q15. */
static inline complex_s16 divided(complex_s16 x, int32_t factor) {
  const complex_s16 y = {from_q15(x.re * factor), from_q15(x.im * factor)};
  return y;
}

static inline complex_s16 times(complex_s16 x, const int16_t *turn) {
  const complex_s16 y = {from_q15(x.re * turn[0] - x.im * turn[1]), from_q15(x.re * turn[1] + x.im * turn[0])};
  return y;
}

static inline complex_s16 plus(complex_s16 a, complex_s16 b) {
  const complex_s16 y = {(int16_t)(a.re + b.re), (int16_t)(a.im + b.im)};
  return y;
}

static inline complex_s16 minus(complex_s16 a, complex_s16 b) {
  const complex_s16 y = {(int16_t)(a.re - b.re), (int16_t)(a.im - b.im)};
  return y;
}

/* a - i b */
static inline complex_s16 minus_i(complex_s16 a, complex_s16 b) {
  const complex_s16 y = {(int16_t)(a.re + b.im), (int16_t)(a.im - b.re)};
  return y;
}

static inline complex_s16 plus_i(complex_s16 a, complex_s16 b) {
  const complex_s16 y = {(int16_t)(a.re - b.im), (int16_t)(a.im + b.re)};
  return y;
}

static inline void by_two(complex_s16 *x, int32_t count, const int16_t *turns) {
  for (int32_t i = 0; i < count; i += 2) {
    const complex_s16 zero = divided(x[i], 16383);
    const complex_s16 one = times(divided(x[i + 1], 16383), turns);
    x[i] = plus(zero, one);
    x[i + 1] = minus(zero, one);
  }
}

/* One butterfly of x[0], x[m], x[2m] and x[3m]. */
static inline void by_four(complex_s16 *x, int32_t m, const int16_t *turns, int32_t turn) {
  const complex_s16 zero = divided(x[0], 8191);
  const complex_s16 one = times(divided(x[m], 8191), turns + 2 * turn);
  const complex_s16 two = times(divided(x[2 * m], 8191), turns + 4 * turn);
  const complex_s16 three = times(divided(x[3 * m], 8191), turns + 6 * turn);
  const complex_s16 even = plus(zero, two);
  const complex_s16 odd = minus(zero, two);
  const complex_s16 other = plus(one, three);
  const complex_s16 turned = minus(one, three);
  x[0] = plus(even, other);
  x[m] = minus_i(odd, turned);
  x[2 * m] = minus(even, other);
  x[3 * m] = plus_i(odd, turned);
}

static void butterflies(complex_s16 *x, int32_t count, const int16_t *turns) {
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
static void split(complex_s16 *x, int32_t count, const int16_t *turns) {
  const complex_s16 first = divided(x[0], 16383);
  x[0].re = (int16_t)(first.re + first.im);
  for (int32_t k = 1; k <= count / 2; k++) {
    const complex_s16 low = divided(x[k], 16383);
    const complex_s16 high = divided(x[count - k], 16383);
    const complex_s16 mirrored = {high.re, (int16_t)-high.im};
    const complex_s16 sum = plus(low, mirrored);
    const complex_s16 turned = times(minus(low, mirrored), turns + 2 * (k - 1));
    x[k].re = (int16_t)((sum.re + turned.re) >> 1);
    x[k].im = (int16_t)((sum.im + turned.im) >> 1);
    x[count - k].re = (int16_t)((sum.re - turned.re) >> 1);
    x[count - k].im = (int16_t)((turned.im - sum.im) >> 1);
  }
}

/* How far the frame can be scaled up. */
static int32_t exponent_of(const int16_t *frame, int32_t size) {
  int32_t most = 0;
  int32_t exponent = 15;
  for (int32_t i = 0; i < size; i++) {
    const int32_t x = frame[i] < 0 ? -frame[i] : frame[i];
    if (x > most) most = x;
  }
  for (; most > 0; most >>= 1) exponent--;
  return exponent > 0 ? exponent : 0;
}

void mote_rfft_s16__ref(const mote_rfft_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t count = p->size / 2;
  const int32_t by_two_first = mote_fft_begins_by_two((uint32_t)count);
  for (int32_t f = 0; f < p->frames; f++) {
    complex_s16 *x = (complex_s16 *)(void *)output;
    const int32_t exponent = exponent_of(input, p->size);
    uint32_t from = 0;
    for (int32_t i = 0; i < count; i++) {
      x[i].re = (int16_t)(input[2 * from] * (1 << exponent));
      x[i].im = (int16_t)(input[2 * from + 1] * (1 << exponent));
      from = mote_fft_next(from, (uint32_t)count, by_two_first);
    }
    butterflies(x, count, p->turns);
    split(x, count, p->split);
    x[0].im = (int16_t)exponent;
    input += p->size;
    output += p->size;
  }
}
