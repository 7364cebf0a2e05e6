// SPDX-License-Identifier: Apache-2.0
// RISC-V minstret or mcycle (Privileged ISA, "Hardware Performance Monitor"): 64 bits, of RV32 in two CSRs of 32.
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

#if __riscv_xlen == 64
uint64_t mote_counter_now(void) {
  uint64_t count;
  __asm__ volatile("csrr %0, " LOW : "=r"(count)::"memory");
  return count;
}
#else
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
#endif

uint64_t mote_counter_start(void) { return mote_counter_now(); }

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return end - start; }
#else
typedef int mote_counter_riscv_unused;
#endif
