// SPDX-License-Identifier: Apache-2.0
// SysTick (ARMv6-M ARM, DDI 0419, B3.3): 24 bits of core clock counting down, extended by counting its interrupts.
// Each interrupt costs the window some 30 cycles every 2^24: 2 millionths.
#include "mote_board.h"

#ifdef MOTE_COUNTER_SYSTICK
#include "counter.h"

#define SYST_CSR MOTE_REGISTER(0xE000E010u) // bit 0 enable, bit 1 interrupt, bit 2 core clock
#define SYST_RVR MOTE_REGISTER(0xE000E014u)
#define SYST_CVR MOTE_REGISTER(0xE000E018u)
#define ICSR MOTE_REGISTER(0xE000ED04u) // bit 26 SysTick pending

#define PERIOD 0x01000000u

static volatile uint32_t wraps;

void mote_systick_irq(void);
void mote_systick_irq(void) { wraps++; }

void mote_counter_init(void) {
  wraps = 0;
  SYST_RVR = PERIOD - 1u;
  SYST_CVR = 0;
  SYST_CSR = 7u;
}

uint64_t mote_counter_now(void) {
  uint32_t before;
  uint32_t value;
  do { // again, when the counter wrapped between the reads
    before = wraps;
    value = SYST_CVR;
    __asm__ volatile("isb" ::: "memory"); // lets a pending interrupt in
  } while (before != wraps || (ICSR & 1u << 26) != 0);
  // The interrupt comes on the step from 1 to 0, so a value of 0 already belongs to the next period.
  return (uint64_t)before * PERIOD + ((PERIOD - value) & (PERIOD - 1u));
}

uint64_t mote_counter_start(void) {
  SYST_CVR = 0; // any write clears it and what it would have interrupted for
  wraps = 0;
  return mote_counter_now();
}

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return end - start; }
#else
typedef int mote_counter_systick_unused;
#endif
