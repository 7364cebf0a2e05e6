// SPDX-License-Identifier: Apache-2.0
// RISC-V minstret or mcycle (Privileged ISA, "Hardware Performance Monitor"): 64 bits in two 32-bit CSRs.
#include "mote_board.h"

#if defined(MOTE_COUNTER_MINSTRET) || defined(MOTE_COUNTER_MCYCLE)
#include "counter.h"

#ifdef MOTE_COUNTER_MINSTRET
#define LOW "minstret"
#define HIGH "minstreth"
#else
#define LOW "mcycle"
#define HIGH "mcycleh"
#endif

void mote_counter_init(void) {}

uint64_t mote_counter_now(void) {
  uint32_t high;
  uint32_t low;
  uint32_t again;
  do { // again, when the low half wrapped between the reads
    __asm__ volatile("csrr %0, " HIGH : "=r"(high)::"memory");
    __asm__ volatile("csrr %0, " LOW : "=r"(low)::"memory");
    __asm__ volatile("csrr %0, " HIGH : "=r"(again)::"memory");
  } while (high != again);
  return (uint64_t)high << 32 | low;
}

uint64_t mote_counter_start(void) { return mote_counter_now(); }

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return end - start; }
#else
typedef int mote_counter_riscv_unused;
#endif
