/* SPDX-License-Identifier: Apache-2.0 */
/* int8 fully connected layer with blocks of weights kept or left out, by DSP instructions: packedfc.h. */
#include "mote/dsp_clamp.h"
#include "mote/dsp_finish.h"
#include "mote/dsp_widen.h"
#include "mote/packedfc.h"

static inline int32_t smlad(uint32_t a, int32_t b, int32_t sum) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}

/* The widened row, the sum of each block's taps times the codes' offset, and how codes lie in words. */
typedef struct {
  const int32_t *x, *x_end;
  const int32_t *corrections;
  int32_t block, bits;
} row;

/* Gives the end of the channel's codes. */
static const int32_t *dot(const row *r, const uint8_t *scales, const int32_t *codes, int32_t *sum) {
  const uint32_t mask = 0x00010001u * ((1u << r->bits) - 1);
  const int32_t *correction = r->corrections;
  uint32_t word = 0;
  int32_t left = 0;
  for (const int32_t *x = r->x; x < r->x_end; correction++) {
    const int32_t *const end = r->x_end - x < r->block ? r->x_end : x + r->block;
    const int32_t scale = *scales++;
    if (scale == 0) {
      x = end;
      continue;
    }
    int32_t own = -*correction;
    for (; x < end; x++, left--, word >>= r->bits) {
      if (left == 0) {
        word = (uint32_t)*codes++;
        left = 16 / r->bits;
      }
      own = smlad(word & mask, *x, own);
    }
    *sum += 16 * scale * own;
  }
  return codes;
}

static void channels(const mote_packedfc *p, const row *r, int32_t blocks, int8_t *output) {
  const int32_t *k = p->weights + MOTE_FC_HEAD;
  for (int32_t c = 0; c < p->out_c; c++) {
    int32_t sum = k[0];
    const int32_t *const next = dot(r, (const uint8_t *)(k + 4), k + 4 + (blocks + 3) / 4, &sum);
    output[c] = mote_dsp_finish(sum, k + 1, p->mode);
    k = next;
  }
}

void mote_packedfc_s8block__dsp(const mote_packedfc_s8block *p, const int8_t *input, int8_t *output, void *scratch) {
  int32_t *const x = (int32_t *)scratch;
  int32_t *const corrections = x + p->steps;
  const int32_t block = p->weights[MOTE_FC_GROUP];
  const row r = {x, x + p->steps, corrections, block, p->weights[MOTE_FC_BITS]};
  for (int32_t i = 0; i < p->rows; i++) {
    for (int32_t *rest = mote_dsp_widen_row(x, input + i * p->in_c, p->in_c); rest != x + p->steps;) *rest++ = 0;
    int32_t blocks = 0;
    for (int32_t at = 0; at < p->steps; at += block) {
      int32_t sum = 0;
      for (int32_t s = at; s < p->steps && s < at + block; s++) sum = smlad(0x00010001u, x[s], sum);
      corrections[blocks++] = sum * (1 << (r.bits - 1));
    }
    channels(p, &r, blocks, output + i * p->out_c);
  }
  mote_dsp_clamp(output, p->rows * p->out_c, p->output_min, p->output_max);
}
