/* SPDX-License-Identifier: Apache-2.0 */
/* int8 depthwise convolution, 3 x 3, on Helium: 16 channels (or channels of neighbouring pixels) in the lanes, a pointer
 * to each tap in r0 ... r8 that walks along the row.
 *
 * Sums in 32 bits would cost two instructions per four lanes and pair of taps to widen. Instead, with P_i the product of
 * tap i: L = P_0 + ... + P_8 modulo 2^16, and H = ((P_0 + P_1 + P_2 + P_3) / 2 + (P_4 + P_5 + P_6) / 2) / 2 by halving
 * adds, which cannot overflow and lose at most 1 in all. So the sum is 4 H + D, where D = P_7 + P_8 + (0 ... 4) fits 16
 * bits and is therefore L - 4 H modulo 2^16: exact, and widened once. */
#ifndef MOTE_MVE_DEPTHWISE3X3_H
#define MOTE_MVE_DEPTHWISE3X3_H

#include "mote/depthwiseconv2d.h"
#include "mote/mve_stream.h"

typedef struct {
  const int8_t *taps[9];
  const int8_t *stream;
  int8_t *output;
  int32_t zero_point;
  int32_t periods; /* to do: one and more */
  int32_t blocks;  /* of a period */
  int32_t skip;    /* added to each tap after a period */
} run_state;

/* Offsets in run_state. */
#define STREAM "#36"
#define OUTPUT "#40"
#define ZERO_POINT "#44"
#define PERIODS "#48"
#define BLOCKS "#52"
#define SKIP "#56"

#define LOAD(TAP) \
  "vldrb.8 q2, [" TAP "], #16\n" \
  "vldrb.8 q3, [r9], #16\n"
#define EVEN(Q) "vmullb.s8 " Q ", q2, q3\n"
#define ODD(Q) "vmullt.s8 " Q ", q2, q3\n"
#define ADD(Q, P) "vadd.i16 " Q ", " Q ", " P "\n"
#define HALF(Q, A, B) "vhadd.s16 " Q ", " A ", " B "\n"
/* After products went into q2, for want of a register: the odd ones need the input once more. */
#define AGAIN(TAP) "vldrb.8 q2, [" TAP ", #-16]\n"
#define WIDEN(Q, HALF, L) \
  "vmovl" HALF ".s16 q6, " L "\n" \
  "vadd.i32 " Q ", " Q ", q6\n"
#define PUSH(TAP) "add " TAP ", " TAP ", r11\n"

#define SCALE_TFLITE(Q) \
  "vldrb.8 q6, [r9], #16\n" \
  "vldrb.8 q7, [r9], #16\n" \
  "vadd.i32 " Q ", " Q ", q6\n" \
  "vqrdmulh.s32 " Q ", " Q ", q7\n" \
  "vldrb.8 q6, [r9], #16\n" \
  MOTE_MVE_AWAY(Q, "r12") \
  "vrshl.s32 " Q ", " Q ", q6\n"
#define SCALE_SINGLE(Q) \
  "vldrb.8 q6, [r9], #16\n" \
  "vldrb.8 q7, [r9], #16\n" \
  "vadd.i32 " Q ", " Q ", q6\n" \
  "vmulh.s32 " Q ", " Q ", q7\n" \
  "vldrb.8 q6, [r9], #16\n" \
  "vrshl.s32 " Q ", " Q ", q6\n"

/* L in q0 (even channels) and q1 (odd ones), H in q6 and q7. Clamping to [-128, 127] is VQMOVN's. */
#define RUN(SCALE, BEFORE, AFTER) \
  "ldm.w r12, {r0, r1, r2, r3, r4, r5, r6, r7, r8}\n" \
  "ldr r10, [r12, " OUTPUT "]\n" \
  "1:\n" \
  "ldr r11, [r12, " BLOCKS "]\n" \
  "ldr r9, [r12, " STREAM "]\n" \
  "dls lr, r11\n" \
  "ldr r11, [r12, " ZERO_POINT "]\n" \
  BEFORE \
  "2:\n" \
  LOAD("r0") EVEN("q0") ODD("q1") \
  LOAD("r1") EVEN("q4") ODD("q5") ADD("q0", "q4") ADD("q1", "q5") \
  LOAD("r2") EVEN("q4") ODD("q5") \
  LOAD("r3") EVEN("q6") ODD("q7") ADD("q4", "q6") ADD("q5", "q7") \
  HALF("q6", "q0", "q4") ADD("q0", "q4") HALF("q7", "q1", "q5") ADD("q1", "q5") \
  LOAD("r4") EVEN("q4") ODD("q5") \
  LOAD("r5") EVEN("q2") ADD("q4", "q2") AGAIN("r5") ODD("q2") ADD("q5", "q2") \
  ADD("q0", "q4") ADD("q1", "q5") \
  LOAD("r6") EVEN("q2") ADD("q0", "q2") HALF("q4", "q4", "q2") \
  AGAIN("r6") ODD("q2") ADD("q1", "q2") HALF("q5", "q5", "q2") \
  HALF("q6", "q6", "q4") HALF("q7", "q7", "q5") \
  LOAD("r7") EVEN("q4") ODD("q5") ADD("q0", "q4") ADD("q1", "q5") \
  LOAD("r8") EVEN("q4") ODD("q5") ADD("q0", "q4") ADD("q1", "q5") \
  "vshl.i16 q4, q6, #2\n" \
  "vsub.i16 q0, q0, q4\n" \
  "vshl.i16 q5, q7, #2\n" \
  "vsub.i16 q1, q1, q5\n" \
  "vshllb.s16 q2, q6, #2\n" \
  "vshllt.s16 q3, q6, #2\n" \
  "vshllb.s16 q4, q7, #2\n" \
  "vshllt.s16 q5, q7, #2\n" \
  WIDEN("q2", "b", "q0") WIDEN("q3", "t", "q0") WIDEN("q4", "b", "q1") WIDEN("q5", "t", "q1") \
  SCALE("q2") SCALE("q3") SCALE("q4") SCALE("q5") \
  "vqmovnb.s32 q2, q2\n" \
  "vqmovnt.s32 q2, q3\n" \
  "vqmovnb.s32 q4, q4\n" \
  "vqmovnt.s32 q4, q5\n" \
  "vqadd.s16 q2, q2, r11\n" \
  "vqadd.s16 q4, q4, r11\n" \
  "vqmovnb.s16 q2, q2\n" \
  "vqmovnt.s16 q2, q4\n" \
  "vstrb.8 q2, [r10], #16\n" \
  "le lr, 2b\n" \
  AFTER \
  "ldr r11, [r12, " PERIODS "]\n" \
  "subs r11, r11, #1\n" \
  "str r11, [r12, " PERIODS "]\n" \
  "beq 3f\n" \
  "ldr r11, [r12, " SKIP "]\n" \
  "cmp r11, #0\n" \
  "beq 1b\n" \
  PUSH("r0") PUSH("r1") PUSH("r2") PUSH("r3") PUSH("r4") PUSH("r5") PUSH("r6") PUSH("r7") PUSH("r8") \
  "b 1b\n" \
  "3:\n"

/* All periods of a run. Long, and so in the program once. */
__attribute__((noinline)) static void run(run_state *state, int32_t rounding) {
  register run_state *r12 __asm__("r12") = state;
  if (rounding == MOTE_ROUNDING_SINGLE) {
    __asm__ volatile(RUN(SCALE_SINGLE, "", "")
                     : "+r"(r12)
                     :
                     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2",
                       "q3", "q4", "q5", "q6", "q7", "memory", "cc");
  } else {
    __asm__ volatile(RUN(SCALE_TFLITE, "push {r12}\n mov r12, #1\n", "pop {r12}\n")
                     : "+r"(r12)
                     :
                     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "lr", "q0", "q1", "q2",
                       "q3", "q4", "q5", "q6", "q7", "memory", "cc");
  }
}

static void advance(run_state *state, int32_t bytes) {
  for (int32_t i = 0; i < 9; i++) state->taps[i] += bytes;
  state->output += bytes;
}

/* `bytes` outputs of a row at stride 1, where a pixel is no whole number of vectors. The last part of a vector is
 * computed in `spare` (ten vectors): nothing past the image is read, nothing past the run is written. */
static void run_part(const mote_depthwiseconv2d_s8s8_stream3x3 *p, run_state *state, int32_t bytes, int8_t *spare) {
  const int32_t vectors = bytes >> 4;
  const int32_t left = bytes & 15;
  const int32_t periods = vectors / p->period;
  const int32_t blocks = vectors - periods * p->period;
  if (periods > 0) {
    state->periods = periods;
    run(state, p->rounding);
    advance(state, periods * p->period * 16);
  }
  state->blocks = blocks;
  state->periods = 1;
  if (blocks > 0) {
    run(state, p->rounding);
    advance(state, blocks * 16);
  }
  if (left > 0) {
    int8_t *const output = state->output;
    for (int32_t i = 0; i < 9; i++) {
      mote_mve_copy(spare + i * 16, state->taps[i], left);
      state->taps[i] = spare + i * 16;
    }
    state->output = spare + 144;
    state->stream = p->stream + blocks * 336;
    state->blocks = 1;
    state->periods = 1;
    run(state, p->rounding);
    mote_mve_copy(output, spare + 144, left);
  }
}

static void clamp_row(const mote_depthwiseconv2d_s8s8_stream3x3 *p, int8_t *output, int32_t bytes) {
  if (p->output_min == -128 && p->output_max == 127) return;
  const int8x16_t min = vdupq_n_s8((int8_t)p->output_min);
  const int8x16_t max = vdupq_n_s8((int8_t)p->output_max);
  while (bytes > 0) {
    const mve_pred16_t lanes = vctp8q((uint32_t)bytes);
    vstrbq_p_s8(output, vminq_s8(vmaxq_s8(vldrbq_z_s8(output, lanes), min), max), lanes);
    output += 16;
    bytes -= 16;
  }
}

/* Taps of the window at column x0; rows outside the image and taps beside it are `outside`. */
static void point(const mote_depthwiseconv2d_s8s8_stream3x3 *p, run_state *state, const int8_t *const *rows, int32_t x0,
                  const int8_t *outside) {
  for (int32_t j = 0; j < 3; j++) {
    const int32_t column = x0 + j * p->dilation_w;
    const int beside = column < 0 || column >= p->in_w;
    const int32_t at = column * p->in_c;
    for (int32_t i = 0; i < 3; i++) state->taps[i * 3 + j] = beside ? outside : rows[i] + at;
  }
}

static inline void mote_mve_depthwise3x3(const mote_depthwiseconv2d_s8s8_stream3x3 *p, const int8_t *input,
                                              int8_t *output, void *scratch) {
  int8_t *const spare = scratch;
  int8_t *const outside = spare + 160;
  const int32_t row_bytes = p->in_w * p->in_c;
  const int32_t reach = 2 * p->dilation_w;
  run_state state;
  state.zero_point = p->output_zero_point;
  state.skip = (p->stride_w - 1) * p->in_c;
  mote_mve_fill(outside, p->input_zero_point, row_bytes);
  for (int32_t y = 0; y < p->out_h; y++) {
    const int8_t *rows[3];
    int32_t row = y * p->stride_h - p->pad_top;
    for (int32_t i = 0; i < 3; i++) {
      rows[i] = row < 0 || row >= p->in_h ? outside : input + row * row_bytes;
      row += p->dilation_h;
    }
    int32_t x = 0;
    while (x < p->out_w) {
      const int32_t x0 = x * p->stride_w - p->pad_left;
      int32_t pixels = 1;
      if (x0 >= 0 && x0 + reach < p->in_w) {
        /* All windows that lie inside the image: one run. */
        const int32_t inside = (p->in_w - 1 - reach - x0) / p->stride_w + 1;
        pixels = inside < p->out_w - x ? inside : p->out_w - x;
      }
      point(p, &state, rows, x0, outside);
      state.stream = p->stream;
      state.output = output + x * p->in_c;
      state.blocks = p->period;
      if ((p->in_c & 15) == 0) {
        state.periods = pixels;
        run(&state, p->rounding);
      } else {
        run_part(p, &state, pixels * p->in_c, spare);
      }
      x += pixels;
    }
    clamp_row(p, output, p->out_w * p->in_c);
    output += p->out_w * p->in_c;
  }
}

#endif
