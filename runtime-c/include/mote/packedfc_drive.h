/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of packedfc.h share: the widened row, its groups' sums, outliers, outputs. */
#ifndef MOTE_PACKEDFC_DRIVE_H
#define MOTE_PACKEDFC_DRIVE_H

#include "mote/dsp_clamp.h"
#include "mote/dsp_codes.h"
#include "mote/dsp_finish.h"
#include "mote/dsp_widen.h"
#include "mote/packedfc.h"

/* Four channels of a row; read and written by the function below. */
typedef struct {
  int32_t sums[4];
  const int32_t *x, *x_end;
  const int32_t *codes;
  uint32_t mask;
  int32_t group_bytes; /* of widened taps */
  const int32_t *corrections; /* of each group: what it begins with */
} mote_fc_block;

#define MOTE_FC_LOAD_0 "ldm r0!, {r4, r5}\n"
#define MOTE_FC_LOAD_1
#define MOTE_FC_LOAD_2 MOTE_FC_LOAD_0
#define MOTE_FC_LOAD_3
#define MOTE_FC_TAPS_0 "r4"
#define MOTE_FC_TAPS_1 "r5"
#define MOTE_FC_TAPS_2 "r4"
#define MOTE_FC_TAPS_3 "r5"

#define MOTE_FC_STEP(n, a, b, c, d)                          \
  MOTE_FC_LOAD_##n                                           \
  a("r6") "smlad r8, r6, " MOTE_FC_TAPS_##n ", r8\n"         \
  b("r6") "smlad r9, r6, " MOTE_FC_TAPS_##n ", r9\n"         \
  c("r6") "smlad r10, r6, " MOTE_FC_TAPS_##n ", r10\n"       \
  d("r6") "smlad r11, r6, " MOTE_FC_TAPS_##n ", r11\n"

/* A function that adds a row's products to the sums and gives the end of the codes; `four` is one of MOTE_CODES_FOUR_.
 * r0 taps, r1 codes, r7 the end of the group's taps, r8 to r11 the group's sums. */
#define MOTE_FC_SUMS(name, four)                                                                             \
  __attribute__((naked, noinline)) static const int32_t *name(__attribute__((unused)) mote_fc_block *b) {    \
    __asm__ volatile(                                                                                        \
        ".syntax unified\n"                                                                                  \
        "push {r0, r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"                                                  \
        "mov r12, r0\n"                                                                                      \
        "ldr r0, [r12, #16]\n"                                                                               \
        "ldr r1, [r12, #24]\n"                                                                               \
        "1:\n"                                                                                               \
        "ldr r12, [sp]\n"                                                                                    \
        "ldr r2, [r12, #20]\n"                                                                               \
        "ldr lr, [r12, #28]\n"                                                                               \
        "ldrd r3, r4, [r12, #32]\n"                                                                          \
        "ldr r8, [r4], #4\n"                                                                                 \
        "str r4, [r12, #36]\n"                                                                               \
        "add r7, r0, r3\n"                                                                                   \
        "cmp r7, r2\n"                                                                                       \
        "it hi\n"                                                                                            \
        "movhi r7, r2\n"                                                                                     \
        "mov r9, r8\n"                                                                                       \
        "mov r10, r8\n"                                                                                      \
        "mov r11, r8\n"                                                                                      \
        "2:\n"                                                                                               \
        four("r1", MOTE_FC_STEP)                                                                             \
        "cmp r0, r7\n"                                                                                       \
        "bne 2b\n"                                                                                           \
        "ldr lr, [sp]\n"                                                                                     \
        "ldr r4, [r1], #4\n"                                                                                 \
        "ldm lr, {r2, r3, r5, r12}\n"                                                                        \
        "uxtb r6, r4\n"                                                                                      \
        "mla r2, r8, r6, r2\n"                                                                               \
        "uxtb r6, r4, ror #8\n"                                                                              \
        "mla r3, r9, r6, r3\n"                                                                               \
        "uxtb r6, r4, ror #16\n"                                                                             \
        "mla r5, r10, r6, r5\n"                                                                              \
        "lsr r6, r4, #24\n"                                                                                  \
        "mla r12, r11, r6, r12\n"                                                                            \
        "stm lr, {r2, r3, r5, r12}\n"                                                                        \
        "ldr r2, [lr, #20]\n"                                                                                \
        "cmp r0, r2\n"                                                                                       \
        "bne 1b\n"                                                                                           \
        "mov r0, r1\n"                                                                                       \
        "pop {r1, r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");                                                 \
  }

typedef const int32_t *(*mote_fc_sums)(mote_fc_block *b);

/* What each group begins with: -offset times the sum of its taps. */
static inline void mote_fc_correct(const mote_packedfc *p, const int32_t *x, int32_t *corrections) {
  const int32_t group = p->weights[MOTE_FC_GROUP];
  const int32_t offset = p->weights[MOTE_FC_OFFSET];
  for (int32_t at = 0; at < p->steps; at += group) {
    const int32_t end = at + group < p->steps ? at + group : p->steps;
    int32_t sum = 0;
    for (int32_t i = at; i < end; i++)
      __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x[i]), "r"(0x00010001));
    *corrections++ = -offset * sum;
  }
}

static inline const int32_t *mote_fc_outliers(const int32_t *from, const int8_t *row, int32_t *sums) {
  for (const int32_t *const end = from + 1 + *from; ++from != end;) {
    const int32_t entry = *from;
    sums[entry >> 8 & 3] += 16 * (int8_t)entry * row[(uint32_t)entry >> 16];
  }
  return from;
}

static inline void mote_fc_row(const mote_packedfc *p, const int8_t *row, int8_t *output, int32_t *x, mote_fc_sums sums,
                               uint32_t mask) {
  mote_fc_block b = {{0}, x, x + p->steps, 0, mask, 4 * p->weights[MOTE_FC_GROUP], 0};
  int32_t *const corrections = x + p->steps;
  mote_fc_correct(p, x, corrections);
  const int32_t *from = p->weights + MOTE_FC_HEAD;
  for (int32_t c = 0; c < p->out_c; c += 4) {
    __builtin_memcpy(b.sums, from, 16);
    b.codes = from + 4;
    b.corrections = corrections;
    from = sums(&b);
    if (p->weights[MOTE_FC_OUTLIERS]) from = mote_fc_outliers(from, row, b.sums);
    const int32_t left = p->out_c - c < 4 ? p->out_c - c : 4;
#pragma GCC unroll 1
    for (int32_t i = 0; i < left; i++) output[c + i] = mote_dsp_finish(b.sums[i], from + 3 * i, p->mode);
    from += 12;
  }
}

static inline void mote_packedfc_run(const mote_packedfc *p, const int8_t *input, int8_t *output, void *scratch,
                                     mote_fc_sums sums, uint32_t mask) {
  int32_t *const x = (int32_t *)scratch;
  for (int32_t r = 0; r < p->rows; r++) {
    int32_t *const end = mote_dsp_widen_row(x, input + r * p->in_c, p->in_c);
    for (int32_t *rest = end; rest != x + p->steps; rest++) *rest = 0;
    mote_fc_row(p, input + r * p->in_c, output + r * p->out_c, x, sums, mask);
  }
  mote_dsp_clamp(output, p->rows * p->out_c, p->output_min, p->output_max);
}

#endif
