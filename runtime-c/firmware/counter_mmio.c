// SPDX-License-Identifier: Apache-2.0
// A free-running 32-bit up counter at a fixed address, such as the MPS2 FPGAIO COUNTER (Arm AN386).
#include "mote_board.h"

#ifdef MOTE_COUNTER_MMIO
#include "counter.h"

void mote_counter_init(void) {}

uint64_t mote_counter_now(void) { return MOTE_REGISTER(MOTE_COUNTER_BASE); }

uint64_t mote_counter_start(void) { return mote_counter_now(); }

uint64_t mote_counter_span(uint64_t start, uint64_t end) { return (uint32_t)(end - start); }
#else
typedef int mote_counter_mmio_unused;
#endif
