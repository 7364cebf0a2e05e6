/* SPDX-License-Identifier: Apache-2.0 */
/* RVV 1.0 (Zve32x): accumulators of up to VLMAX(e32, m8) channels -> int8, both roundings, exact.
 *
 * tflite: vsmul with vxrm = rnu is the saturating rounding doubling high multiply. The rounding divide by 2^s with ties
 * away from zero is vnclip (rnu) of y - (y < 0), where s > 0; the packer rejects layers with left shifts.
 * single: floor((x * m + 2^(t - 1)) / 2^t) with t >= 33 needs only the high word of the product: vmulh, then vnclip (rnu)
 * by t - 32. The packer chooses pre_shift so that t >= 33 holds for x << pre_shift, which does not overflow.
 * vnclip saturates at 16 bits, and so does the addition of the zero point: the last clamp to int8 makes both exact. */
#ifndef MOTE_RVV_RESCALE_H
#define MOTE_RVV_RESCALE_H

#include <riscv_vector.h>
#include <stdint.h>

#include "mote/requantize.h"

typedef struct {
  const int32_t *bias;       /* one per channel */
  const int32_t *multiplier; /* one per channel */
  const int16_t *shift;      /* one per channel, right: tflite s in [0, 31], single t - 32 + pre_shift in [1, 31] */
  int32_t pre_shift;         /* single: left shift of the accumulator */
  int32_t zero_shifts;       /* tflite: 1 where some channel's shift is 0 */
  int32_t output_zero_point;
  int32_t output_min, output_max;
  int32_t rounding;
} mote_rvv_rescale;

/* Assembly, because compilers spill m8 groups here: every instruction works in place (a narrowing result may lie in the
 * lowest part of its operand). v0..v7 are free, accumulators are operands named a0, a1, a2. `each` is MOTE_RVV_ONE or
 * MOTE_RVV_THREE. */
#define MOTE_RVV_ONE(f) f("a0")
#define MOTE_RVV_THREE(f) f("a0") f("a1") f("a2")
#define MOTE_RVV_FREE "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "vl", "vtype", "vxrm", "memory"

#define MOTE_RVV_HIGH(a) "vsll.vx %[" a "], %[" a "], %[pre]\nvmulh.vv %[" a "], %[" a "], v0\n"
#define MOTE_RVV_SMUL(a) "vsmul.vv %[" a "], %[" a "], v0\n"
#define MOTE_RVV_TIES(a) "vmslt.vx v0, %[" a "], zero\nvadd.vi %[" a "], %[" a "], -1, v0.t\n"
#define MOTE_RVV_SOME_TIES(a) \
  "vmslt.vx v0, %[" a "], zero\nvmand.mm v0, v0, v1\nvadd.vi %[" a "], %[" a "], -1, v0.t\n"
#define MOTE_RVV_NARROW(a) "vnclip.wv %[" a "], %[" a "], v4\nvsadd.vx %[" a "], %[" a "], %[zero]\n"
#define MOTE_RVV_BYTES(a) "vnclip.wi %[" a "], %[" a "], 0\n"
#define MOTE_RVV_CLAMP(a) "vmax.vx %[" a "], %[" a "], %[min]\nvmin.vx %[" a "], %[" a "], %[max]\n"

/* Operands: rounding, pre, some (1: some channel has shift 0), multiplier, shift, zero, min, max, vl. */
#define MOTE_RVV_RESCALE(each)                 \
  "vsetvli zero, %[vl], e32, m8, ta, mu\n"     \
  "csrwi vxrm, 0\n"                            \
  "vle32.v v0, (%[multiplier])\n"              \
  "beqz %[rounding], 1f\n" each(MOTE_RVV_HIGH) \
  "vle16.v v4, (%[shift])\n"                   \
  "j 3f\n"                                     \
  "1:\n" each(MOTE_RVV_SMUL)                   \
  "vle16.v v4, (%[shift])\n"                   \
  "bnez %[some], 2f\n" each(MOTE_RVV_TIES)     \
  "j 3f\n"                                     \
  "2:\n"                                       \
  "vsetvli zero, zero, e16, m4, ta, mu\n"      \
  "vmsne.vi v1, v4, 0\n"                       \
  "vsetvli zero, zero, e32, m8, ta, mu\n" each(MOTE_RVV_SOME_TIES) \
  "3:\n"                                       \
  "vsetvli zero, zero, e16, m4, ta, mu\n" each(MOTE_RVV_NARROW) \
  "vsetvli zero, zero, e8, m2, ta, mu\n" each(MOTE_RVV_BYTES) each(MOTE_RVV_CLAMP)

#define MOTE_RVV_RESCALE_INPUTS(r, c, vl)                                                                      \
  [rounding] "r"((r)->rounding), [pre] "r"((r)->pre_shift), [some] "r"((r)->zero_shifts),                      \
      [multiplier] "r"((r)->multiplier + (c)), [shift] "r"((r)->shift + (c)), [zero] "r"((r)->output_zero_point), \
      [min] "r"((r)->output_min), [max] "r"((r)->output_max), [vl] "r"(vl)

/* One accumulator of channels c .. c + vl -> output. */
static inline void mote_rvv_put1(const mote_rvv_rescale *r, int32_t c, size_t vl, vint32m8_t a0, int8_t *output) {
  __asm__ volatile(MOTE_RVV_RESCALE(MOTE_RVV_ONE) "vse8.v %[a0], (%[o])\n"
                   : [a0] "+vr"(a0)
                   : [o] "r"(output), MOTE_RVV_RESCALE_INPUTS(r, c, vl)
                   : MOTE_RVV_FREE);
}

/* Three accumulators of channels c .. c + vl -> three places, which may be the same for equal accumulators. */
static inline void mote_rvv_put3(const mote_rvv_rescale *r, int32_t c, size_t vl, vint32m8_t a0, vint32m8_t a1,
                                 vint32m8_t a2, int8_t *o0, int8_t *o1, int8_t *o2) {
  __asm__ volatile(MOTE_RVV_RESCALE(MOTE_RVV_THREE)
                   "vse8.v %[a0], (%[o0])\n"
                   "vse8.v %[a1], (%[o1])\n"
                   "vse8.v %[a2], (%[o2])\n"
                   : [a0] "+vr"(a0), [a1] "+vr"(a1), [a2] "+vr"(a2)
                   : [o0] "r"(o0), [o1] "r"(o1), [o2] "r"(o2), MOTE_RVV_RESCALE_INPUTS(r, c, vl)
                   : MOTE_RVV_FREE);
}

#endif
