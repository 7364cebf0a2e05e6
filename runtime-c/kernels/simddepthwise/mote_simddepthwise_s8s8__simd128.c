/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution: eight channels in the lanes, two taps to a multiply. */
#include "mote/simddepthwise.h"

MOTE_SIMD_POINT(point, int8_t)
MOTE_SIMD_EXPAND(expand, int8_t)

/* All channels of one output pixel. */
static void pixel(const mote_simddepthwise_s8s8 *p, const int8_t *const *taps, int8_t *output) {
  const int32_t last = p->out_c < 8 ? 0 : p->out_c - 8;
  const int8_t *w = p->weights;
  for (int32_t block = 0; block < p->out_c; block += 8) {
    const int32_t c = block < last ? block : last;
    v128_t low = wasm_v128_load(p->rescale.bias + block);
    v128_t high = wasm_v128_load(p->rescale.bias + block + 4);
    for (int32_t t = 0; t < p->taps; t += 2) {
      const v128_t a = wasm_i16x8_load8x8(taps[t] + c);
      const v128_t b = wasm_i16x8_load8x8(taps[t + 1] + c);
      const v128_t ab0 = wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      const v128_t ab1 = wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
      low = wasm_i32x4_add(low, wasm_i32x4_dot_i16x8(ab0, wasm_i16x8_load8x8(w)));
      high = wasm_i32x4_add(high, wasm_i32x4_dot_i16x8(ab1, wasm_i16x8_load8x8(w + 8)));
      w += 16;
    }
    mote_simd_put(&p->rescale, low, high, block, output + c, p->out_c);
  }
}

void mote_simddepthwise_s8s8__simd128(const mote_simddepthwise_s8s8 *p, const int8_t *input, int8_t *output,
                                      void *scratch) {
  const mote_simd_window *const w = &p->window;
  const int32_t count = w->kernel_h * w->kernel_w;
  const int8_t **const taps = scratch;
  int8_t *const outside = (int8_t *)(taps + p->taps);
  int8_t *const rows = outside + ((w->in_c + 7) & ~7);
  mote_simd_place place = mote_simd_first(w);
  for (int32_t c = 0; c < w->in_c; c++) outside[c] = (int8_t)p->input_zero_point;
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
