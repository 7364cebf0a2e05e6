// SPDX-License-Identifier: Apache-2.0
// The cycle counter of the Armv8.1-M Performance Monitoring Unit (Cortex-M55, -M85): 32 bits of core clock. Registers as
// in CMSIS' pmu_armv8.h and Arm's "Armv8.1-M Performance Monitoring User Guide". Cortex-M55 Technical Reference Manual
// (101051), PMU: PMU_CCNTR is another name of DWT_CYCCNT, so counter_dwt.c counts the same and is what boards name by
// default; this one is for a core that shows the counter here only.
#include "mote_board.h"

#ifdef MOTE_COUNTER_PMU
#include "counter.h"

#define DEMCR MOTE_REGISTER(0xE000EDFCu)       // bit 24 TRCENA
#define PMU_CCNTR MOTE_REGISTER(0xE000307Cu)
#define PMU_CNTENSET MOTE_REGISTER(0xE0003C00u) // bit 31: the cycle counter
#define PMU_CTRL MOTE_REGISTER(0xE0003E04u)     // bit 0 enable, bit 2 clears the cycle counter

void mote_counter_init(void) {
  DEMCR |= 1u << 24;
  PMU_CTRL |= 1u | 1u << 2;
  PMU_CNTENSET = 1u << 31;
}

uint64_t mote_counter_now(void) { return PMU_CCNTR; }

uint64_t mote_counter_start(void) { return mote_counter_now(); }

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return (uint32_t)(end - start); }
#else
typedef int mote_counter_pmu_unused;
#endif
