// SPDX-License-Identifier: Apache-2.0
// The four functions that a freestanding compiler may call, so that no libc is linked. A barrier in each loop keeps the
// compiler from seeing memcpy in memcpy and calling itself.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);

typedef uint32_t __attribute__((may_alias)) word;
#define WORD_BYTES sizeof(word)
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

static int aligned(const void *a, const void *b) { return (((uintptr_t)a | (uintptr_t)b) & (WORD_BYTES - 1u)) == 0; }

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (aligned(t, f)) {
    for (; count >= WORD_BYTES; count -= WORD_BYTES, t += WORD_BYTES, f += WORD_BYTES) {
      *(word *)(void *)t = *(const word *)(const void *)f;
      KEEP_LOOP();
    }
  }
  for (; count > 0; count--) {
    *t++ = *f++;
    KEEP_LOOP();
  }
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if ((uintptr_t)t - (uintptr_t)f >= count) { // no byte is written before it is read (also when to < from)
    for (size_t i = 0; i < count; i++) {
      t[i] = f[i];
      KEEP_LOOP();
    }
  } else {
    for (size_t i = count; i > 0; i--) {
      t[i - 1] = f[i - 1];
      KEEP_LOOP();
    }
  }
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *t = to;
  uint8_t byte = (uint8_t)value;
  if (aligned(t, t)) {
    word pattern = (word)byte * 0x01010101u;
    for (; count >= WORD_BYTES; count -= WORD_BYTES, t += WORD_BYTES) {
      *(word *)(void *)t = pattern;
      KEEP_LOOP();
    }
  }
  for (; count > 0; count--) {
    *t++ = byte;
    KEEP_LOOP();
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t count) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  for (size_t i = 0; i < count; i++) {
    if (left[i] != right[i]) return left[i] - right[i];
    KEEP_LOOP();
  }
  return 0;
}
