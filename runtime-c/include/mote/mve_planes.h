/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of products with the planes of planefc.h. Where a byte v has the channels a (high) and b (low), v = 16 a + b. So the
 * sums P of x v and Q of x (v & 15) give those of both channels, (P - Q) / 16 and Q, for one instruction more than a load:
 * as many in all as int8 takes. Crumbs and bits go on like that. */
#ifndef MOTE_MVE_PLANES_H
#define MOTE_MVE_PLANES_H

#include "mote/mve_stream.h"

/* Of channels 0 ... 3 and 4 ... 7. */
typedef struct {
  int32x4_t first, second;
} mote_mve_eight;

#define MOTE_MVE_NIBBLE_ROW(OP, P, Q) \
  "vldrb.8 q1, [r5], #16\n"           \
  OP " " P ", q0, q1\n"               \
  "vand q2, q1, q4\n"                 \
  OP " " Q ", q0, q2\n"
#define MOTE_MVE_NIBBLE_BLOCK(OP)        \
  "vldrb.8 q0, [r1], #16\n"              \
  MOTE_MVE_NIBBLE_ROW(OP, "r0", "r8")    \
  MOTE_MVE_NIBBLE_ROW(OP, "r2", "r10")   \
  MOTE_MVE_NIBBLE_ROW(OP, "r4", "r12")   \
  MOTE_MVE_NIBBLE_ROW(OP, "r6", "lr")

#define MOTE_MVE_CRUMB_ROW(OP, P, Q, R, S) \
  "vldrb.8 q1, [r5], #16\n"                \
  OP " " P ", q0, q1\n"                    \
  "vand q2, q1, q6\n"                      \
  OP " " Q ", q0, q2\n"                    \
  "vand q2, q1, q5\n"                      \
  OP " " R ", q0, q2\n"                    \
  "vand q2, q1, q4\n"                      \
  OP " " S ", q0, q2\n"
#define MOTE_MVE_CRUMB_BLOCK(OP)                   \
  "vldrb.8 q0, [r1], #16\n"                        \
  MOTE_MVE_CRUMB_ROW(OP, "r0", "r8", "r4", "r12")  \
  MOTE_MVE_CRUMB_ROW(OP, "r2", "r10", "r6", "lr")

#define MOTE_MVE_BIT_BLOCK(OP) \
  "vldrb.8 q0, [r1], #16\n"    \
  "vldrb.8 q1, [r5], #16\n"    \
  "vshr.u8 q2, q1, #4\n"       \
  OP " r0, q0, q2\n"           \
  "vand q3, q2, q5\n"          \
  OP " r2, q0, q3\n"           \
  "vand q3, q2, q6\n"          \
  OP " r4, q0, q3\n"           \
  "vand q3, q2, q7\n"          \
  OP " r6, q0, q3\n"           \
  "vand q2, q1, q4\n"          \
  OP " r8, q0, q2\n"           \
  "vand q3, q1, q5\n"          \
  OP " r10, q0, q3\n"          \
  "vand q3, q1, q6\n"          \
  OP " r12, q0, q3\n"          \
  "vand q3, q1, q7\n"          \
  OP " lr, q0, q3\n"

/* A digit is the high half of three times the byte, the low half is the next fraction (packedstream.h). */
#define MOTE_MVE_TRIT(OP, R, X)   \
  "vmulh.u8 q6, q5, q7\n"         \
  OP " " R ", " X ", q6\n"
#define MOTE_MVE_NEXT_TRIT(OP, R, X) \
  "vmul.i8 q5, q5, q7\n"             \
  MOTE_MVE_TRIT(OP, R, X)
#define MOTE_MVE_TRIT_ROW(OP, R)             \
  "vldrb.8 q5, [r5], #16\n"                  \
  MOTE_MVE_TRIT(OP, R, "q0")                 \
  MOTE_MVE_NEXT_TRIT("vmladava.s8", R, "q1") \
  MOTE_MVE_NEXT_TRIT("vmladava.s8", R, "q2") \
  MOTE_MVE_NEXT_TRIT("vmladava.s8", R, "q3") \
  MOTE_MVE_NEXT_TRIT("vmladava.s8", R, "q4")
#define MOTE_MVE_TRIT_BLOCK(OP)  \
  "vldrb.8 q0, [r1], #16\n"      \
  "vldrb.8 q1, [r1], #16\n"      \
  "vldrb.8 q2, [r1], #16\n"      \
  "vldrb.8 q3, [r1], #16\n"      \
  "vldrb.8 q4, [r1], #16\n"      \
  MOTE_MVE_TRIT_ROW(OP, "r0")    \
  MOTE_MVE_TRIT_ROW(OP, "r2")    \
  MOTE_MVE_TRIT_ROW(OP, "r4")    \
  MOTE_MVE_TRIT_ROW(OP, "r6")    \
  MOTE_MVE_TRIT_ROW(OP, "r8")    \
  MOTE_MVE_TRIT_ROW(OP, "r10")   \
  MOTE_MVE_TRIT_ROW(OP, "r12")   \
  MOTE_MVE_TRIT_ROW(OP, "lr")

#define MOTE_MVE_PLANE(BLOCK)      \
  BLOCK("vmladav.s8")              \
  "cmp r1, r9\n"                   \
  "beq 3f\n"                       \
  "2:\n"                           \
  BLOCK("vmladava.s8")             \
  "cmp r1, r9\n"                   \
  "bne 2b\n"                       \
  "3:\n"                           \
  "vmov q0[2], q0[0], r0, r4\n"    \
  "vmov q0[3], q0[1], r2, r6\n"    \
  "vmov q1[2], q1[0], r8, r12\n"   \
  "vmov q1[3], q1[1], r10, lr\n"
#define MOTE_MVE_PLANE_CLOBBERS "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "memory", "cc"

/* The sums of a plane over columns > 0, a multiple of its block, from *codes on, which moves behind it. */
static inline __attribute__((always_inline)) mote_mve_eight mote_mve_nibbles(const int8_t *x, int32_t columns,
                                                                             const int8_t **codes) {
  register const int8_t *r1 __asm__("r1") = x;
  register const int8_t *r5 __asm__("r5") = *codes;
  register const int8_t *r9 __asm__("r9") = x + columns;
  register int8x16_t q4 __asm__("q4") = vdupq_n_s8(15);
  register int32x4_t q0 __asm__("q0");
  register int32x4_t q1 __asm__("q1");
  __asm__ volatile(MOTE_MVE_PLANE(MOTE_MVE_NIBBLE_BLOCK)
                   : "+r"(r1), "+r"(r5), "=&w"(q0), "=&w"(q1)
                   : "r"(r9), "w"(q4)
                   : "q2", MOTE_MVE_PLANE_CLOBBERS);
  *codes = r5;
  const mote_mve_eight s = {vsubq_s32(q0, q1), q1};
  return s;
}

static inline __attribute__((always_inline)) mote_mve_eight mote_mve_crumbs(const int8_t *x, int32_t columns,
                                                                            const int8_t **codes) {
  register const int8_t *r1 __asm__("r1") = x;
  register const int8_t *r5 __asm__("r5") = *codes;
  register const int8_t *r9 __asm__("r9") = x + columns;
  register int8x16_t q4 __asm__("q4") = vdupq_n_s8(3);
  register int8x16_t q5 __asm__("q5") = vdupq_n_s8(15);
  register int8x16_t q6 __asm__("q6") = vdupq_n_s8(63);
  register int32x4_t q0 __asm__("q0");
  register int32x4_t q1 __asm__("q1");
  __asm__ volatile(MOTE_MVE_PLANE(MOTE_MVE_CRUMB_BLOCK)
                   : "+r"(r1), "+r"(r5), "=&w"(q0), "=&w"(q1)
                   : "r"(r9), "w"(q4), "w"(q5), "w"(q6)
                   : "q2", MOTE_MVE_PLANE_CLOBBERS);
  *codes = r5;
  const int32x4_t none = vdupq_n_s32(0);
  const int32x4_t third = vreinterpretq_s32_s64(
      vsetq_lane_s64(vgetq_lane_s64(vreinterpretq_s64_s32(q0), 1), vreinterpretq_s64_s32(none), 0));
  const mote_mve_eight s = {vsubq_s32(q0, q1), vsubq_s32(q1, third)};
  return s;
}

/* Each lane less the next one, the last one as it is. */
static inline int32x4_t mote_mve_steps(int32x4_t v) {
  int32_t t[5] = {0, 0, 0, 0, 0};
  vstrwq_s32(t, v);
  return vsubq_s32(v, vldrwq_s32(t + 1));
}

static inline __attribute__((always_inline)) mote_mve_eight mote_mve_bits(const int8_t *x, int32_t columns,
                                                                          const int8_t **codes) {
  register const int8_t *r1 __asm__("r1") = x;
  register const int8_t *r5 __asm__("r5") = *codes;
  register const int8_t *r9 __asm__("r9") = x + columns;
  register int8x16_t q4 __asm__("q4") = vdupq_n_s8(15);
  register int8x16_t q5 __asm__("q5") = vdupq_n_s8(7);
  register int8x16_t q6 __asm__("q6") = vdupq_n_s8(3);
  register int8x16_t q7 __asm__("q7") = vdupq_n_s8(1);
  register int32x4_t q0 __asm__("q0");
  register int32x4_t q1 __asm__("q1");
  __asm__ volatile(MOTE_MVE_PLANE(MOTE_MVE_BIT_BLOCK)
                   : "+r"(r1), "+r"(r5), "=&w"(q0), "=&w"(q1)
                   : "r"(r9), "w"(q4), "w"(q5), "w"(q6), "w"(q7)
                   : "q2", "q3", MOTE_MVE_PLANE_CLOBBERS);
  *codes = r5;
  const mote_mve_eight s = {mote_mve_steps(q0), mote_mve_steps(q1)};
  return s;
}

static inline __attribute__((always_inline)) mote_mve_eight mote_mve_trits(const int8_t *x, int32_t columns,
                                                                           const int8_t **codes) {
  register const int8_t *r1 __asm__("r1") = x;
  register const int8_t *r5 __asm__("r5") = *codes;
  register const int8_t *r9 __asm__("r9") = x + columns;
  register int8x16_t q7 __asm__("q7") = vdupq_n_s8(3);
  register int32x4_t q0 __asm__("q0");
  register int32x4_t q1 __asm__("q1");
  __asm__ volatile(MOTE_MVE_PLANE(MOTE_MVE_TRIT_BLOCK)
                   : "+r"(r1), "+r"(r5), "=&w"(q0), "=&w"(q1)
                   : "r"(r9), "w"(q7)
                   : "q2", "q3", "q4", "q5", "q6", MOTE_MVE_PLANE_CLOBBERS);
  *codes = r5;
  const mote_mve_eight s = {q0, q1};
  return s;
}

#endif
