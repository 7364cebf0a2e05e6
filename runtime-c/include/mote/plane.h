/* SPDX-License-Identifier: Apache-2.0 */
/* Depthwise convolution channel by channel from a padded plane, four pixels of a line at a time. The file that includes
 * this says MOTE_PLANE, its struct, and defines set_weights. */
#include <string.h>

#include "mote/depthwiseconv2d.h"
#include "mote/thumb_requantize.h"

typedef struct {
  int32_t offset, weight;
} plane_tap;

static void set_weights(const MOTE_PLANE *p, plane_tap *taps, int32_t c);

#ifdef __thumb__
/* A tap of four pixels: r3 walks the taps, r12 is the place of the first pixel. */
#define TAP                \
  "ldmia r3!, {r0, r1}\n"  \
  "add r0, r12\n"          \
  "ldrb r2, [r0]\n"        \
  "muls r2, r1, r2\n"      \
  "adds r4, r4, r2\n"      \
  "ldrb r2, [r0, #1]\n"    \
  "muls r2, r1, r2\n"      \
  "adds r5, r5, r2\n"      \
  "ldrb r2, [r0, #2]\n"    \
  "muls r2, r1, r2\n"      \
  "adds r6, r6, r2\n"      \
  "ldrb r2, [r0, #3]\n"    \
  "muls r1, r2, r1\n"      \
  "adds r7, r7, r1\n"

/* Sums of the pixels from `begin` to `end` of the plane, a multiple of 4, into the words in front of `taps`, which has a
 * multiple of 3. Takes every register: r8 bias, r9 taps, r10 sums, r11 end, lr the taps' end. */
__attribute__((naked, noinline)) static void line_sums(const uint8_t *begin, const uint8_t *end, int32_t *sums,
                                                       const plane_tap *taps, const plane_tap *taps_end,
                                                       int32_t bias) {
  __asm volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "mov r12, r0\n"
      "mov r11, r1\n"
      "mov r10, r2\n"
      "mov r9, r3\n"
      "ldr r0, [sp, #36]\n"
      "mov lr, r0\n"
      "ldr r0, [sp, #40]\n"
      "mov r8, r0\n"
      "1:\n"
      "mov r3, r9\n"
      "mov r4, r8\n"
      "mov r5, r8\n"
      "mov r6, r8\n"
      "mov r7, r8\n"
      "2:\n" TAP TAP TAP
      "cmp r3, lr\n"
      "bne 2b\n"
      "mov r0, r10\n"
      "stmia r0!, {r4, r5, r6, r7}\n"
      "mov r10, r0\n"
      "movs r0, #4\n"
      "add r12, r0\n"
      "cmp r12, r11\n"
      "bne 1b\n"
      "pop {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#else /* the same in C, for RV32IM and the host */
static void line_sums(const uint8_t *begin, const uint8_t *end, int32_t *sums, const plane_tap *taps,
                      const plane_tap *taps_end, int32_t bias) {
  for (; begin != end; begin += 4) {
    int32_t a = bias;
    int32_t b = bias;
    int32_t c = bias;
    int32_t d = bias;
    for (const plane_tap *t = taps; t != taps_end; t++) {
      const uint8_t *at = begin + t->offset;
      const int32_t w = t->weight;
      a += at[0] * w;
      b += at[1] * w;
      c += at[2] * w;
      d += at[3] * w;
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    sums += 4;
  }
}
#endif

/* Columns of one phase of a line of the image. */
static void gather_phase(const MOTE_PLANE *p, uint8_t *to, const int8_t *from, int32_t count) {
  const int32_t step = p->in_column * p->phases;
  for (; count > 0; count--) {
    *to++ = (uint8_t)(*from + 128);
    from += step;
  }
}

/* One channel of the image into the middle of the plane. */
static void gather_channel(const MOTE_PLANE *p, uint8_t *plane, const int8_t *input) {
  uint8_t *line = plane + p->plane_start;
  for (int32_t i = 0; i < p->in_lines; i++) {
    int32_t phase = p->first_phase;
    const int8_t *from = input;
    for (int32_t first = 0; first < p->phases && first < p->in_columns; first++) {
      int32_t count = 1;
      for (int32_t at = first + p->phases; at < p->in_columns; at += p->phases) count++;
      gather_phase(p, line + p->phase_start[phase], from, count);
      from += p->in_column;
      if (++phase == p->phases) phase = 0;
    }
    line += p->plane_line;
    input += p->in_line;
  }
}

/* The lines of outputs of channel c. */
static void plane_lines(const MOTE_PLANE *p, mote_thumb_finish *job, const uint8_t *plane, int32_t *sums,
                        const plane_tap *taps, int32_t c, int8_t *line) {
  for (int32_t y = 0; y < p->lines; y++) {
    line_sums(plane, plane + ((p->columns + 3) & ~3), sums, taps, taps + p->tap_count, p->bias[c]);
    job->acc = sums;
    job->output = line;
    job->scale = (const mote_thumb_scale *)p->scale + c;
    job->channels = 1;
    mote_thumb_finish_channels(job);
    plane += p->line_stride;
    line += p->out_line;
  }
}

/* All channels; set_weights gives the taps those of channel c. */
static void plane_convolve(const MOTE_PLANE *p, const int8_t *input, int8_t *output, void *scratch) {
  uint8_t *plane = scratch;
  int32_t *sums = (int32_t *)scratch + (p->plane_bytes >> 2);
  plane_tap *taps = (plane_tap *)(sums + ((p->columns + 3) & ~3));
  mote_thumb_finish job = {p->half, p->output_min, p->output_max, p->out_column, p->signs, 0, 0, 0, 4 * p->columns, 0, 0};
  memset(plane, p->outside, (uint32_t)p->plane_bytes);
  for (int32_t t = 0; t < p->tap_count; t++) taps[t].offset = p->taps[t];
  int32_t left = 1;
  for (int32_t c = 0; c < p->out_c; c++) {
    if (--left == 0) {
      left = p->channel_multiplier;
      gather_channel(p, plane, input++);
    }
    set_weights(p, taps, c);
    plane_lines(p, &job, plane, sums, taps, c, output + c);
  }
}
