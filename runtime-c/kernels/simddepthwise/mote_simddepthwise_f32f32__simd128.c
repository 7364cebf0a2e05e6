/* SPDX-License-Identifier: Apache-2.0 */
/* float32 depthwise convolution: four channels in the lanes, each summed tap by tap as the reference kernel does. */
#include "mote/simddepthwise.h"

MOTE_SIMD_POINT(point, float)
MOTE_SIMD_EXPAND(expand, float)

/* All channels of one output pixel. */
static void pixel(const mote_simddepthwise_f32f32 *p, const float *const *taps, float *output) {
  const int32_t last = p->out_c < 4 ? 0 : p->out_c - 4;
  const float *w = p->weights;
  for (int32_t block = 0; block < p->out_c; block += 4) {
    const int32_t c = block < last ? block : last;
    v128_t v = wasm_f32x4_const_splat(0.0f);
    for (int32_t t = 0; t < p->taps; t++) {
      v = wasm_f32x4_add(v, wasm_f32x4_mul(wasm_v128_load(taps[t] + c), wasm_v128_load(w)));
      w += 4;
    }
    v = wasm_f32x4_add(v, wasm_v128_load(p->bias + block));
    v = wasm_f32x4_pmin(wasm_f32x4_pmax(v, wasm_f32x4_splat(p->output_min)), wasm_f32x4_splat(p->output_max));
    if (p->out_c >= 4) {
      wasm_v128_store(output + c, v);
    } else {
      float all[4];
      wasm_v128_store(all, v);
      for (int32_t i = 0; i < p->out_c; i++) output[i] = all[i];
    }
  }
}

void mote_simddepthwise_f32f32__simd128(const mote_simddepthwise_f32f32 *p, const float *input, float *output,
                                        void *scratch) {
  const mote_simd_window *const w = &p->window;
  const int32_t count = w->kernel_h * w->kernel_w;
  const float **const taps = scratch;
  float *const outside = (float *)(taps + p->taps);
  float *const rows = outside + ((w->in_c + 7) & ~7);
  mote_simd_place place = mote_simd_first(w);
  for (int32_t c = 0; c < w->in_c; c++) outside[c] = 0.0f;
  for (int32_t n = w->out_h * w->out_w; n > 0; n--) {
    point(w, &place, input, taps, outside);
    mote_simd_next(w, &place);
    if (p->expand) {
      for (int32_t t = 0; t < count; t++) {
        expand(taps[t], w->in_c, p->channel_multiplier, rows + t * p->row);
        taps[t] = rows + t * p->row;
      }
    }
    pixel(p, taps, output);
    output += p->out_c;
  }
}
