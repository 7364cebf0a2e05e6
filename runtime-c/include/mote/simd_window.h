/* SPDX-License-Identifier: Apache-2.0 */
/* The windows of a layer for WebAssembly's 128-bit SIMD: elements of a window one after the other, in the order kernel_h,
 * kernel_w, in_c, with `outside` where the window leaves the image. */
#ifndef MOTE_SIMD_WINDOW_H
#define MOTE_SIMD_WINDOW_H

#include <stdint.h>
#include <wasm_simd128.h>

#include "mote/window.h"

typedef struct {
  int32_t in_h, in_w, in_c;
  int32_t out_h, out_w;
  int32_t kernel_h, kernel_w;
  int32_t stride_h, stride_w;
  int32_t dilation_h, dilation_w;
  int32_t pad_top, pad_left;
} mote_simd_window;

/* An output position, and where its window begins in the image. */
typedef struct {
  int32_t column;
  int32_t y, x;
} mote_simd_place;

static inline mote_simd_place mote_simd_first(const mote_simd_window *w) {
  const mote_simd_place place = {0, -w->pad_top, -w->pad_left};
  return place;
}

/* To the next position, row by row. */
static inline void mote_simd_next(const mote_simd_window *w, mote_simd_place *place) {
  place->x += w->stride_w;
  if (++place->column == w->out_w) {
    place->column = 0;
    place->x = -w->pad_left;
    place->y += w->stride_h;
  }
}

/* int8 -> int16. The last vector overlaps the one before, so that nothing past either end is touched. */
static inline void mote_simd_widen(int16_t *to, const int8_t *from, int32_t count) {
  if (count < 8) {
    for (int32_t i = 0; i < count; i++) to[i] = from[i];
    return;
  }
  for (int32_t i = 0; i < count - 8; i += 8) wasm_v128_store(to + i, wasm_i16x8_load8x8(from + i));
  wasm_v128_store(to + count - 8, wasm_i16x8_load8x8(from + count - 8));
}

static inline void mote_simd_copy16(int16_t *to, const int16_t *from, int32_t count) {
  if (count < 8) {
    for (int32_t i = 0; i < count; i++) to[i] = from[i];
    return;
  }
  for (int32_t i = 0; i < count - 8; i += 8) wasm_v128_store(to + i, wasm_v128_load(from + i));
  wasm_v128_store(to + count - 8, wasm_v128_load(from + count - 8));
}

static inline void mote_simd_copy32(float *to, const float *from, int32_t count) {
  if (count < 4) {
    for (int32_t i = 0; i < count; i++) to[i] = from[i];
    return;
  }
  for (int32_t i = 0; i < count - 4; i += 4) wasm_v128_store(to + i, wasm_v128_load(from + i));
  wasm_v128_store(to + count - 4, wasm_v128_load(from + count - 4));
}

/* NAME(window, place, input, patch, outside): one window of FROM elements as TO elements. */
#define MOTE_SIMD_GATHER(NAME, FROM, TO, COPY)                                                                       \
  static inline void NAME(const mote_simd_window *w, const mote_simd_place *place, const FROM *input, TO *patch,     \
                          TO outside) {                                                                              \
    const mote_range kx = mote_window_range(place->x, w->dilation_w, w->kernel_w, w->in_w);                          \
    const int32_t row = w->kernel_w * w->in_c;                                                                       \
    int32_t y = place->y;                                                                                            \
    for (int32_t i = 0; i < w->kernel_h; i++) {                                                                      \
      const int there = y >= 0 && y < w->in_h && kx.begin < kx.end;                                                  \
      const int32_t begin = there ? kx.begin : 0;                                                                    \
      const int32_t end = there ? kx.end : 0;                                                                        \
      for (int32_t k = 0; k < begin * w->in_c; k++) patch[k] = outside;                                              \
      for (int32_t k = end * w->in_c; k < row; k++) patch[k] = outside;                                              \
      if (there) {                                                                                                   \
        const FROM *from = input + (y * w->in_w + place->x + begin * w->dilation_w) * w->in_c;                       \
        if (w->dilation_w == 1) {                                                                                    \
          COPY(patch + begin * w->in_c, from, (end - begin) * w->in_c);                                              \
        } else {                                                                                                     \
          for (int32_t j = begin; j < end; j++) {                                                                    \
            COPY(patch + j * w->in_c, from, w->in_c);                                                                \
            from += w->dilation_w * w->in_c;                                                                         \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      patch += row;                                                                                                  \
      y += w->dilation_h;                                                                                            \
    }                                                                                                                \
  }

#endif
