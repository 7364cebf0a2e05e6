/* SPDX-License-Identifier: Apache-2.0 */
/* int16 by int8 depthwise convolution: eight channels in the lanes, two taps to a multiply; a product is at most 2^22, so
 * the sum of 256 taps fits 32 bits. */
#include "mote/requantize.h"
#include "mote/simddepthwise.h"

MOTE_SIMD_POINT(point, int16_t)
MOTE_SIMD_EXPAND(expand, int16_t)

static void finish(const mote_simddepthwise_s16s8 *p, const int32_t *sums, int32_t c, int16_t *output) {
  const int32_t count = p->out_c < 8 ? p->out_c : 8;
  for (int32_t i = 0; i < count; i++) {
    const int64_t acc = sums[i] + p->bias[c + i];
    const int32_t q = (c + i) * p->requantize_step;
    const int32_t scaled = p->accumulator_bits == 64
                               ? mote_requantize64(acc, p->multiplier[q], p->shift[q])
                               : mote_requantize((int32_t)acc, p->multiplier[q], p->shift[q], p->rounding);
    output[c + i] = (int16_t)mote_clamp(scaled, p->output_min, p->output_max);
  }
}

/* All channels of one output pixel. */
static void pixel(const mote_simddepthwise_s16s8 *p, const int16_t *const *taps, int16_t *output) {
  const int32_t last = p->out_c < 8 ? 0 : p->out_c - 8;
  const int8_t *w = p->weights;
  for (int32_t block = 0; block < p->out_c; block += 8) {
    const int32_t c = block < last ? block : last;
    v128_t low = wasm_i32x4_const_splat(0);
    v128_t high = low;
    int32_t sums[8];
    for (int32_t t = 0; t < p->taps; t += 2) {
      const v128_t a = wasm_v128_load(taps[t] + c);
      const v128_t b = wasm_v128_load(taps[t + 1] + c);
      const v128_t ab0 = wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      const v128_t ab1 = wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
      low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(ab0, wasm_i16x8_load8x8(w)));
      high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(ab1, wasm_i16x8_load8x8(w + 8)));
      w += 16;
    }
    wasm_v128_store(sums, low);
    wasm_v128_store(sums + 4, high);
    finish(p, sums, c, output);
  }
}

void mote_simddepthwise_s16s8__simd128(const mote_simddepthwise_s16s8 *p, const int16_t *input, int16_t *output,
                                       void *scratch) {
  const mote_simd_window *const w = &p->window;
  const int32_t count = w->kernel_h * w->kernel_w;
  const int16_t **const taps = scratch;
  int16_t *const outside = (int16_t *)(taps + p->taps);
  int16_t *const rows = outside + ((w->in_c + 7) & ~7);
  mote_simd_place place = mote_simd_first(w);
  for (int32_t c = 0; c < w->in_c; c++) outside[c] = 0;
  for (int32_t n = w->out_h * w->out_w; n > 0; n--) {
    point(w, &place, input, taps, outside);
    mote_simd_next(w, &place);
    if (p->expand) {
      for (int32_t t = 0; t < count; t++) {
        expand(taps[t], w->in_c, p->channel_multiplier, rows + t * p->row);
        taps[t] = rows + t * p->row;
      }
    }
    taps[p->taps - 1] = taps[count - 1];
    pixel(p, taps, output);
    output += p->out_c;
  }
}
