/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes the entropy-coded constants of a layer (src/compress/code/FORMAT.md): a rANS stream of one 32-bit state and
 * 16-bit words. How many values there are is the caller's, known when the model was packed: whatever the stream says, no
 * more is written, and nothing is read behind its end. */
#ifndef MOTE_CODED_H
#define MOTE_CODED_H

#include <stdint.h>

/* Small before fast, where it runs once a layer. */
#if defined(__GNUC__)
#define MOTE_CODED_OUT_OF_LINE __attribute__((noinline))
#else
#define MOTE_CODED_OUT_OF_LINE
#endif

#define MOTE_CODED_TABLE_BITS 8 /* frequencies sum to 256 */
#define MOTE_CODED_LIST 32      /* entries of a list */

typedef struct {
  const uint8_t *at, *end;
  uint32_t state; /* 2^16 at least */
} mote_coded;

/* Behind the end there are zeros. */
static inline uint32_t mote_coded_word(mote_coded *s) {
  uint32_t word = 0;
  if (s->at < s->end) word = *s->at++;
  if (s->at < s->end) word |= (uint32_t)*s->at++ << 8;
  return word;
}

static inline void mote_coded_open(mote_coded *s, const uint8_t *code, uint32_t bytes) {
  s->at = code;
  s->end = code + bytes;
  s->state = mote_coded_word(s) << 16;
  s->state |= mote_coded_word(s);
}

/* After a step the state may have lost up to 16 bits. */
static inline void mote_coded_refill(mote_coded *s) {
  if (s->state < 0x10000u) s->state = (s->state << 16) | mote_coded_word(s);
}

static inline uint32_t mote_coded_bits16(mote_coded *s, uint32_t count) {
  uint32_t value = s->state & ((1u << count) - 1u);
  s->state >>= count;
  mote_coded_refill(s);
  return value;
}

/* Up to 32 plain bits, low half first. */
MOTE_CODED_OUT_OF_LINE static uint32_t mote_coded_bits(mote_coded *s, uint32_t count) {
  if (count <= 16u) return mote_coded_bits16(s, count);
  uint32_t low = mote_coded_bits16(s, 16u);
  return low | (mote_coded_bits16(s, (count - 16u) & 31u) << 16);
}

/* Sign last, so that small numbers are short either way. */
MOTE_CODED_OUT_OF_LINE static uint32_t mote_coded_number(mote_coded *s) {
  uint32_t n = mote_coded_bits(s, mote_coded_bits(s, 6u));
  return (n >> 1) ^ (0u - (n & 1u));
}

typedef struct {
  uint8_t symbol[1 << MOTE_CODED_TABLE_BITS]; /* of each slot */
  uint16_t start[258];                        /* first slot of each symbol; start[s + 1] - start[s] of them */
} mote_coded_table;

MOTE_CODED_OUT_OF_LINE static void mote_coded_read_table(mote_coded *s, mote_coded_table *t, uint32_t symbols) {
  uint32_t slot = 0;
  for (uint32_t symbol = 0; symbol < symbols; symbol++) {
    uint32_t width = mote_coded_bits(s, 4u);
    uint32_t count = width > 1u ? (1u << (width - 1u)) + mote_coded_bits(s, width - 1u) : width;
    t->start[symbol] = (uint16_t)slot;
    for (; count > 0u && slot < 1u << MOTE_CODED_TABLE_BITS; count--) t->symbol[slot++] = (uint8_t)symbol;
  }
  t->start[symbols] = (uint16_t)slot;
  /* A stream that mote made fills the table; another must not leave it open. */
  for (; slot < 1u << MOTE_CODED_TABLE_BITS; slot++) t->symbol[slot] = 0;
}

static inline uint32_t mote_coded_symbol(mote_coded *s, const mote_coded_table *t) {
  uint32_t slot = s->state & ((1u << MOTE_CODED_TABLE_BITS) - 1u);
  uint32_t symbol = t->symbol[slot];
  uint32_t start = t->start[symbol];
  s->state = (t->start[symbol + 1u] - start) * (s->state >> MOTE_CODED_TABLE_BITS) + slot - start;
  mote_coded_refill(s);
  return symbol;
}

/* A sequence of an array: `inner` elements of `unit` bytes, `inner_stride` bytes apart, and that `outer` times. */
typedef struct {
  uint32_t offset; /* from the beginning of the decoded constants; aligned to `unit` */
  uint32_t inner, outer, outer_stride;
  uint8_t unit, inner_stride;
  uint8_t form; /* how words follow from each other (src/compress/code/FORMAT.md), 0 for not at all */
} mote_coded_piece;

static inline void mote_coded_put(uint8_t *to, uint32_t unit, uint32_t value) {
  if (unit == 1u) *to = (uint8_t)value;
  else if (unit == 2u) *(uint16_t *)(void *)to = (uint16_t)value;
  else *(uint32_t *)(void *)to = value;
}

enum { MOTE_CODED_CONSTANT, MOTE_CODED_PLAIN, MOTE_CODED_FREQUENCY, MOTE_CODED_LISTED, MOTE_CODED_TRELLIS };

/* How the values of a sequence are made of what the stream holds: base + step * number, or an entry of a list. */
typedef struct {
  uint32_t kind, base, step, width;
  uint32_t list[MOTE_CODED_LIST]; /* of a trellis: each quantizer's least level, then each one's last symbol */
  mote_coded_table table;
} mote_coded_model;

#ifdef MOTE_CODED_WALKS /* whoever has weights along a trellis defines it */
/* Of a trellis the table holds two: starts from here on are the second one's. */
#define MOTE_CODED_SECOND 129u

/* A quantizer's frequencies as starts, and of each two slots the first one's symbol: where to begin to look. */
static inline void mote_coded_read_levels(mote_coded *s, mote_coded_model *m, uint32_t quantizer) {
  m->list[quantizer] = mote_coded_number(s);
  const uint32_t last = mote_coded_bits(s, 7u);
  m->list[2u + quantizer] = last;
  uint16_t *start = m->table.start + quantizer * MOTE_CODED_SECOND;
  uint8_t *symbol = m->table.symbol + (quantizer << 7);
  uint32_t slot = 0, half = 0;
  for (uint32_t k = 0; k <= last; k++) {
    uint32_t width = mote_coded_bits(s, 4u);
    slot += width > 1u ? (1u << (width - 1u)) + mote_coded_bits(s, width - 1u) : width;
    if (slot > 256u) slot = 256u;
    for (; 2u * half < slot; half++) symbol[half] = (uint8_t)k;
    start[k + 1u] = (uint16_t)slot;
  }
  start[0] = 0;
  for (; half < 128u; half++) symbol[half] = (uint8_t)last;
}
#endif

static inline void mote_coded_read_model(mote_coded *s, mote_coded_model *m) {
  m->kind = mote_coded_bits(s, 3u);
  if (m->kind == MOTE_CODED_LISTED) {
    uint32_t entries = mote_coded_bits(s, 8u) + 1u;
    for (uint32_t i = 0; i < entries; i++) m->list[i % MOTE_CODED_LIST] = mote_coded_number(s);
    mote_coded_read_table(s, &m->table, entries);
    return;
  }
#ifdef MOTE_CODED_WALKS
  if (m->kind == MOTE_CODED_TRELLIS) {
    m->width = mote_coded_bits(s, 6u);
    m->step = mote_coded_number(s);
    mote_coded_read_levels(s, m, 0u);
    mote_coded_read_levels(s, m, 1u);
    return;
  }
#endif
  m->base = mote_coded_number(s);
  m->step = m->kind == MOTE_CODED_CONSTANT ? 0u : mote_coded_number(s);
  m->width = m->kind == MOTE_CODED_PLAIN ? mote_coded_bits(s, 6u) : 0u;
  if (m->kind == MOTE_CODED_FREQUENCY) mote_coded_read_table(s, &m->table, mote_coded_bits(s, 8u) + 1u);
}

static inline uint32_t mote_coded_value(mote_coded *s, const mote_coded_model *m) {
  if (m->kind == MOTE_CODED_LISTED) return m->list[mote_coded_symbol(s, &m->table) % MOTE_CODED_LIST];
  if (m->kind == MOTE_CODED_FREQUENCY) return m->base + m->step * mote_coded_symbol(s, &m->table);
  return m->base + m->step * mote_coded_bits(s, m->width);
}

/* Bytes by frequency: what weights are. */
static inline void mote_coded_bytes(mote_coded *stream, const mote_coded_model *m, const mote_coded_piece *p, uint8_t *to) {
  mote_coded s = *stream;
  const uint32_t base = m->base, step = m->step, stride = p->inner_stride, inner = p->inner;
  for (uint32_t o = p->outer; o > 0u; o--, to += p->outer_stride) {
    uint8_t *at = to;
    for (uint32_t i = inner; i > 0u; i--, at += stride) *at = (uint8_t)(base + step * mote_coded_symbol(&s, &m->table));
  }
  *stream = s;
}

static inline void mote_coded_others(mote_coded *s, const mote_coded_model *m, const mote_coded_piece *p, uint8_t *to) {
  for (uint32_t o = p->outer; o > 0u; o--, to += p->outer_stride) {
    uint8_t *at = to;
    for (uint32_t i = p->inner; i > 0u; i--, at += p->inner_stride) mote_coded_put(at, p->unit, mote_coded_value(s, m));
  }
}

#ifdef MOTE_CODED_WALKS
/* What comes after each of the eight states, four bits each from the lowest, on an even and on an odd level. */
#define MOTE_CODED_EVEN 0x43526170u
#define MOTE_CODED_ODD 0x61704352u

/* Multiples along a trellis (dependent quantization): odd states have odd ones and zero. Lanes go their own ways. */
static inline void mote_coded_walk(mote_coded *stream, const mote_coded_model *m, const mote_coded_piece *p, uint8_t *to) {
  mote_coded s = *stream;
  uint8_t states[64];
  for (uint32_t i = 0; i < 64u; i++) states[i] = 0;
  for (uint32_t o = p->outer; o > 0u; o--, to += p->outer_stride) {
    uint8_t *at = to;
    for (uint32_t i = 0; i < p->inner; i++, at += p->inner_stride) {
      uint8_t *lane = states + (i & m->width & 63u);
      const uint32_t state = *lane;
      const uint32_t quantizer = state & 1u, last = m->list[2u + quantizer];
      const uint16_t *start = m->table.start + quantizer * MOTE_CODED_SECOND;
      const uint32_t slot = s.state & 255u;
      uint32_t symbol = m->table.symbol[(quantizer << 7) + (slot >> 1)];
      while (symbol < last && slot >= start[symbol + 1u]) symbol++;
      s.state = (uint32_t)(start[symbol + 1u] - start[symbol]) * (s.state >> 8) + slot - start[symbol];
      mote_coded_refill(&s);
      const uint32_t level = m->list[quantizer] + symbol;
      const uint32_t sign = (level >> 31) != 0u ? 0u - 1u : (uint32_t)(level != 0u);
      mote_coded_put(at, p->unit, m->step * (2u * level - (quantizer & 1u) * sign));
      *lane = (uint8_t)(((level & 1u ? MOTE_CODED_ODD : MOTE_CODED_EVEN) >> (4u * state)) & 7u);
    }
  }
  *stream = s;
}
#endif

enum { MOTE_CODED_ALONE, MOTE_CODED_BORROWED, MOTE_CODED_SUMS, MOTE_CODED_ROUNDS, MOTE_CODED_COLUMNS };

/* One period of a piece. Where bytes lie, 32 bits are read as such: whoever has them decoded wants them so. */
static inline void mote_coded_form(const mote_coded_piece *p, uint8_t *to) {
  uint32_t *words = (uint32_t *)(void *)to;
  const uint32_t stride = p->inner_stride / 4u;
  switch (p->form) {
    case MOTE_CODED_BORROWED:
      for (uint32_t i = 0; i < p->inner; i += 2u) to[i + 1u] = (uint8_t)(to[i + 1u] - (to[i] >> 7));
      break;
    case MOTE_CODED_SUMS:
      for (uint32_t i = 0; i + 1u < p->inner; i += 2u) words[i + 1u] = (words[i + 1u] << 8) + words[i];
      break;
    case MOTE_CODED_ROUNDS: /* words are the shifts, each behind its rounding */
      for (uint32_t i = 0; i < p->inner; i++, words += stride)
        words[-1] = (1u << ((words[0] - 1u) & 31u)) + (words[-1] << (words[0] & 31u));
      break;
    case MOTE_CODED_COLUMNS:
      for (uint32_t k = p->inner / 3u; k-- > 0u;) {
        const uint8_t *from = to + 3u * k;
        const uint32_t low = from[0], middle = from[1], high = from[2];
        words[k] = low | middle << 8 | middle << 16 | high << 24;
      }
      break;
    default:
      break;
  }
}

/* All constants of a layer. */
MOTE_CODED_OUT_OF_LINE static void mote_decode(uint8_t *to, const uint8_t *code, uint32_t bytes, const mote_coded_piece *p, uint32_t pieces) {
  mote_coded s;
  mote_coded_model m;
  mote_coded_open(&s, code, bytes);
  for (; pieces > 0u; pieces--, p++) {
    mote_coded_read_model(&s, &m);
    if (m.kind == MOTE_CODED_FREQUENCY && p->unit == 1u) mote_coded_bytes(&s, &m, p, to + p->offset);
#ifdef MOTE_CODED_WALKS
    else if (m.kind == MOTE_CODED_TRELLIS) mote_coded_walk(&s, &m, p, to + p->offset);
#endif
    else mote_coded_others(&s, &m, p, to + p->offset);
    if (p->form != MOTE_CODED_ALONE)
      for (uint32_t o = 0; o < p->outer; o++) mote_coded_form(p, to + p->offset + o * p->outer_stride);
  }
}

#endif
