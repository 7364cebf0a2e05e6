// SPDX-License-Identifier: Apache-2.0
// DWT cycle counter (ARMv7-M ARM, DDI 0403, C1.8): 32 bits of core clock, so a window may last 2^32 cycles.
#include "mote_board.h"

#ifdef MOTE_COUNTER_DWT
#include "counter.h"

#define DEMCR MOTE_REGISTER(0xE000EDFCu)      // bit 24 TRCENA
#define DWT_CTRL MOTE_REGISTER(0xE0001000u)   // bit 0 CYCCNTENA
#define DWT_CYCCNT MOTE_REGISTER(0xE0001004u)
#define DWT_LAR MOTE_REGISTER(0xE0001FB0u)    // Cortex-M7: writes are locked until this key comes

void mote_counter_init(void) {
  DEMCR |= 1u << 24;
  DWT_LAR = 0xC5ACCE55u;
  DWT_CYCCNT = 0;
  DWT_CTRL |= 1u;
}

uint64_t mote_counter_now(void) { return DWT_CYCCNT; }

uint64_t mote_counter_start(void) { return mote_counter_now(); }

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return (uint32_t)(end - start); }
#else
typedef int mote_counter_dwt_unused;
#endif
