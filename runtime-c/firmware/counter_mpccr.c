// SPDX-License-Identifier: Apache-2.0
// The cycle counter of Espressif's RISC-V cores, which have no mcycle: machine performance counter, 32 bits
// (ESP32-C3 Technical Reference Manual, registers 1.12 to 1.14; ESP-IDF components/riscv/include/riscv/rv_utils.h).
#include "mote_board.h"

#ifdef MOTE_COUNTER_MPCCR
#include "counter.h"

#define EVENTS "0x7E0" // mpcer: bit 0 counts clock cycles
#define MODE "0x7E1"   // mpcmr: bit 0 counts, bit 1 stops at the largest value
#define COUNT "0x7E2"  // mpccr

void mote_counter_init(void) {
  __asm__ volatile("csrw " EVENTS ", %0" ::"r"(1u));
  __asm__ volatile("csrw " MODE ", %0" ::"r"(1u));
}

uint64_t mote_counter_now(void) {
  uint32_t count;
  __asm__ volatile("csrr %0, " COUNT : "=r"(count)::"memory");
  return count;
}

uint64_t mote_counter_start(void) { return mote_counter_now(); }

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return (uint32_t)(end - start); }
#else
typedef int mote_counter_mpccr_unused;
#endif
