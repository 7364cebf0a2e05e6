/* SPDX-License-Identifier: Apache-2.0 */
/* Both parts of a number at once. The first butterflies scale the frame, in the order that they need it. Where a turn is the
 * first one, 32767 / 32768, the product is left out: rounded, it changes no number that was divided before. */
#include "mote/dsp_complex.h"
#include "mote/fftorder.h"
#include "mote/rfft.h"

enum { HALF = 2 * 16383, QUARTER = 2 * 8191 };

static inline void put_four(int16_t *x, int32_t m, uint32_t zero, uint32_t one, uint32_t two, uint32_t three) {
  const uint32_t even = mote_dsp_plus(zero, two);
  const uint32_t odd = mote_dsp_minus(zero, two);
  const uint32_t other = mote_dsp_plus(one, three);
  const uint32_t turned = mote_dsp_minus(one, three);
  mote_dsp_put_complex(x, mote_dsp_plus(even, other));
  mote_dsp_put_complex(x + 2 * m, mote_dsp_minus_i(odd, turned));
  mote_dsp_put_complex(x + 4 * m, mote_dsp_minus(even, other));
  mote_dsp_put_complex(x + 6 * m, mote_dsp_plus_i(odd, turned));
}

static void begin_by_two(const int16_t *frame, int32_t exponent, int16_t *x, int32_t count) {
  const int32_t factor = HALF * (1 << (exponent + 1));
  uint32_t from = 0;
  for (int32_t i = 0; i < count; i += 2) {
    const uint32_t zero = mote_dsp_scaled(mote_dsp_complex(frame + 2 * from), factor);
    const uint32_t one = mote_dsp_scaled(mote_dsp_complex(frame + 2 * from + count), factor);
    mote_dsp_put_complex(x + 2 * i, mote_dsp_plus(zero, one));
    mote_dsp_put_complex(x + 2 * i + 2, mote_dsp_minus(zero, one));
    from = mote_fft_next(from, (uint32_t)count / 2u, 0);
  }
}

static void begin_by_four(const int16_t *frame, int32_t exponent, int16_t *x, int32_t count) {
  const int32_t factor = QUARTER * (1 << (exponent + 1));
  const int32_t quarter = count / 2; /* elements */
  uint32_t from = 0;
  for (int32_t i = 0; i < count; i += 4) {
    const int16_t *const at = frame + 2 * from;
    const uint32_t zero = mote_dsp_scaled(mote_dsp_complex(at), factor);
    const uint32_t one = mote_dsp_scaled(mote_dsp_complex(at + quarter), factor);
    const uint32_t two = mote_dsp_scaled(mote_dsp_complex(at + 2 * quarter), factor);
    const uint32_t three = mote_dsp_scaled(mote_dsp_complex(at + 3 * quarter), factor);
    put_four(x + 2 * i, 1, zero, one, two, three);
    from = mote_fft_next(from, (uint32_t)count / 4u, 0);
  }
}

static void by_four(int16_t *x, int32_t count, int32_t m) {
  for (const int16_t *const end = x + 2 * count; x != end; x += 8 * m) {
    const uint32_t zero = mote_dsp_divided(mote_dsp_complex(x), QUARTER);
    const uint32_t one = mote_dsp_divided(mote_dsp_complex(x + 2 * m), QUARTER);
    const uint32_t two = mote_dsp_divided(mote_dsp_complex(x + 4 * m), QUARTER);
    const uint32_t three = mote_dsp_divided(mote_dsp_complex(x + 6 * m), QUARTER);
    put_four(x, m, zero, one, two, three);
  }
}

/* All butterflies of one stage that turn alike. */
static void by_four_turned(int16_t *x, int32_t count, int32_t m, const int16_t *turns, int32_t turn) {
  const uint32_t first = mote_dsp_complex(turns + 2 * turn);
  const uint32_t second = mote_dsp_complex(turns + 4 * turn);
  const uint32_t third = mote_dsp_complex(turns + 6 * turn);
  for (int32_t left = count; left > 0; left -= 4 * m) {
    const uint32_t zero = mote_dsp_divided(mote_dsp_complex(x), QUARTER);
    const uint32_t one = mote_dsp_turned(mote_dsp_divided(mote_dsp_complex(x + 2 * m), QUARTER), first);
    const uint32_t two = mote_dsp_turned(mote_dsp_divided(mote_dsp_complex(x + 4 * m), QUARTER), second);
    const uint32_t three = mote_dsp_turned(mote_dsp_divided(mote_dsp_complex(x + 6 * m), QUARTER), third);
    put_four(x, m, zero, one, two, three);
    x += 8 * m;
  }
}

/* From the spectrum of even and odd samples as one complex signal to that of all samples. */
static void split(int16_t *x, int32_t count, const int16_t *turns) {
  const uint32_t first = mote_dsp_divided(mote_dsp_complex(x), HALF);
  x[0] = (int16_t)((int16_t)first + (int16_t)(first >> 16));
  int16_t *low = x + 2;
  int16_t *high = x + 2 * count - 2;
  for (; low <= high; low += 2, high -= 2, turns += 2) {
    const uint32_t a = mote_dsp_divided(mote_dsp_complex(low), HALF);
    const uint32_t b = mote_dsp_divided(mote_dsp_complex(high), HALF);
    const uint32_t plus = mote_dsp_plus(a, b);
    const uint32_t minus = mote_dsp_minus(a, b);
    const uint32_t sum = mote_dsp_parts(plus, minus);
    const uint32_t turned = mote_dsp_turned(mote_dsp_parts(minus, plus), mote_dsp_complex(turns));
    mote_dsp_put_complex(low, mote_dsp_half_plus(sum, turned));
    mote_dsp_put_complex(high, mote_dsp_parts(mote_dsp_half_minus(sum, turned), mote_dsp_half_minus(turned, sum)));
  }
}

/* How far the frame can be scaled up. */
static int32_t exponent_of(const int16_t *frame, int32_t size) {
  uint32_t bits = 0;
  for (int32_t i = 0; i < size; i += 8) {
    bits |= mote_dsp_magnitudes(mote_dsp_complex(frame + i));
    bits |= mote_dsp_magnitudes(mote_dsp_complex(frame + i + 2));
    bits |= mote_dsp_magnitudes(mote_dsp_complex(frame + i + 4));
    bits |= mote_dsp_magnitudes(mote_dsp_complex(frame + i + 6));
  }
  bits = (bits | (bits >> 16)) & 0xFFFFu;
  int32_t exponent = 15;
  for (; bits > 0u; bits >>= 1) exponent--;
  return exponent > 0 ? exponent : 0;
}

void mote_rfft_s16__dsp(const mote_rfft_s16 *p, const int16_t *input, int16_t *output) {
  const int32_t count = p->size / 2;
  const int32_t by_two_first = mote_fft_begins_by_two((uint32_t)count);
  for (int32_t f = 0; f < p->frames; f++) {
    const int32_t exponent = exponent_of(input, p->size);
    if (by_two_first) {
      begin_by_two(input, exponent, output, count);
    } else {
      begin_by_four(input, exponent, output, count);
    }
    for (int32_t m = by_two_first ? 2 : 4; m < count; m *= 4) {
      const int32_t step = count / (4 * m);
      by_four(output, count, m);
      for (int32_t j = 1; j < m; j++) by_four_turned(output + 2 * j, count, m, p->turns, j * step);
    }
    split(output, count, p->split);
    output[1] = (int16_t)exponent;
    input += p->size;
    output += p->size;
  }
}
