/* SPDX-License-Identifier: Apache-2.0 */
/* int32 accumulators -> int8 on WebAssembly's 128-bit SIMD, four channels in the lanes, both roundings of requantize.h,
 * exact.
 *
 * y = the high word of (acc << pre_shift) * multiplier. tflite: pre_shift is 1 and 2^31 is added before, which is the
 * rounding doubling high multiply; single: floor((x m + 2^(t-1)) / 2^t) needs no bit below 2^32 where t >= 33, and
 * pre_shift sees to that.
 * Then y is divided by 2^e and rounded in float32, as floor(y * scale + offset) with scale = 2^-e and
 * offset = output zero point + 1/2. That is exact because e <= 15: a quotient within the range of int8 has at most 9
 * bits before the point and e after it, and one beyond that range stays beyond it however it is rounded. tflite rounds
 * ties away from zero: a negative y first loses 1 (`ties` is -1; 0 where e is 0, and for single). Where e is larger, y is
 * shifted right by k = e - 15 or more before, which cuts bits that no rounding looks at: by a multiplication with
 * `deep` = 2^(32 - k), of which the high word is kept. */
#ifndef MOTE_SIMD_RESCALE_H
#define MOTE_SIMD_RESCALE_H

#include <stdint.h>
#include <wasm_simd128.h>

/* Arrays have a value per channel, as the kernel orders its channels, to whole vectors. */
typedef struct {
  const int32_t *bias;
  const int32_t *multiplier;
  const int32_t *ties;
  const float *scale;
  const int32_t *deep; /* 0 for channels without; null where no channel has it */
  int32_t pre_shift;
  int32_t half; /* 1: add 2^31 to the product */
  float offset;
  float min, max;
} mote_simd_rescale;

/* The high words of the products of four lanes each, `half` added before. */
static inline v128_t mote_simd_high(v128_t x, v128_t m, v128_t half) {
  const v128_t low = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, m), half);
  const v128_t high = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, m), half);
  return wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
}

/* Four channels from c on -> four int32 in [-128, 127]. The bias is in the accumulators already. */
static inline v128_t mote_simd_rescaled(const mote_simd_rescale *r, v128_t acc, int32_t c) {
  const v128_t half = wasm_i64x2_splat(r->half ? (int64_t)1 << 31 : 0);
  const v128_t x = wasm_i32x4_shl(acc, (uint32_t)r->pre_shift);
  v128_t y = mote_simd_high(x, wasm_v128_load(r->multiplier + c), half);
  y = wasm_i32x4_add(y, wasm_v128_and(wasm_i32x4_shr(y, 31), wasm_v128_load(r->ties + c)));
  if (r->deep) {
    const v128_t deep = wasm_v128_load(r->deep + c);
    const v128_t cut = mote_simd_high(y, deep, wasm_i64x2_const_splat(0));
    y = wasm_v128_bitselect(y, cut, wasm_i32x4_eq(deep, wasm_i32x4_const_splat(0)));
  }
  v128_t v = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(y), wasm_v128_load(r->scale + c));
  v = wasm_f32x4_floor(wasm_f32x4_add(v, wasm_f32x4_splat(r->offset)));
  v = wasm_f32x4_pmin(wasm_f32x4_pmax(v, wasm_f32x4_splat(r->min)), wasm_f32x4_splat(r->max));
  /* 1.5 * 2^23 + n has n in its low bits: cheaper than the saturating conversion. */
  return wasm_i32x4_sub(wasm_f32x4_add(v, wasm_f32x4_splat(12582912.0f)), wasm_i32x4_splat(0x4B400000));
}

/* Eight channels -> `count` bytes. */
static inline void mote_simd_store(int8_t *output, v128_t first, v128_t second, int32_t count) {
  const v128_t words = wasm_i16x8_narrow_i32x4(first, second);
  const v128_t bytes = wasm_i8x16_narrow_i16x8(words, words);
  if (count >= 8) {
    wasm_v128_store64_lane(output, bytes, 0);
    return;
  }
  int8_t all[16];
  wasm_v128_store(all, bytes);
  for (int32_t i = 0; i < count; i++) output[i] = all[i];
}

static inline void mote_simd_put(const mote_simd_rescale *r, v128_t first, v128_t second, int32_t c, int8_t *output,
                                 int32_t count) {
  mote_simd_store(output, mote_simd_rescaled(r, first, c), mote_simd_rescaled(r, second, c + 4), count);
}

#endif
