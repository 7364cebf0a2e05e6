/* SPDX-License-Identifier: Apache-2.0 */
/* The registers and the RAM of the K210's KPU. Facts: kpu.h and k210_ops.cpp of Canaan's kendryte-standalone-sdk.
 * With MOTE_KPU_ELSEWHERE somebody else plays the KPU: three functions take the place of the addresses. */
#ifndef MOTE_KPU_REGISTERS_H
#define MOTE_KPU_REGISTERS_H

#include <stdint.h>

/* Offsets of 64-bit registers. */
enum {
  mote_kpu_fifo = 0x00,      /* layer words, in order */
  mote_kpu_status = 0x08,    /* interrupts that are not masked; bit 0: calculation done */
  mote_kpu_mask = 0x18,      /* 1: masked */
  mote_kpu_clear = 0x20,
  mote_kpu_threshold = 0x28, /* of the FIFO: full, empty << 4 */
  mote_kpu_eight_bit = 0x40
};

#ifdef MOTE_KPU_ELSEWHERE

void mote_kpu_write(uint32_t offset, uint64_t value);
uint64_t mote_kpu_read(uint32_t offset);
volatile uint8_t *mote_kpu_ram(void);
/* Where the KPU sees memory of the CPU. */
uint32_t mote_kpu_address(const void *memory);

#else

#define MOTE_KPU_BASE 0x40800000u
#define MOTE_KPU_RAM 0x40600000u      /* not cached; 0x80600000 is the same memory through the cache */
#define MOTE_KPU_UNCACHED 0x40000000u /* so much below its cached address memory is seen past the cache */

static inline void mote_kpu_write(uint32_t offset, uint64_t value) {
  __asm__ volatile("fence iorw, iorw" ::: "memory");
  *(volatile uint64_t *)(uintptr_t)(MOTE_KPU_BASE + offset) = value;
}

static inline uint64_t mote_kpu_read(uint32_t offset) {
  const uint64_t value = *(volatile uint64_t *)(uintptr_t)(MOTE_KPU_BASE + offset);
  __asm__ volatile("fence iorw, iorw" ::: "memory");
  return value;
}

static inline volatile uint8_t *mote_kpu_ram(void) { return (volatile uint8_t *)(uintptr_t)MOTE_KPU_RAM; }

static inline uint32_t mote_kpu_address(const void *memory) {
  return (uint32_t)(uintptr_t)memory - MOTE_KPU_UNCACHED;
}

#endif

#endif
