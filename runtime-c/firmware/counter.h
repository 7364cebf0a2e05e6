// SPDX-License-Identifier: Apache-2.0
// The counter that a window around a layer is measured with. One counter_*.c is not empty, chosen by mote_board.h.
#ifndef MOTE_FIRMWARE_COUNTER_H
#define MOTE_FIRMWARE_COUNTER_H

#include <stdint.h>

#include "uart.h"

/// Keeps the compiler from moving work into or out of a window.
#define MOTE_BARRIER() __asm__ volatile("" ::: "memory")

void mote_counter_init(void);
/// The count at a window's start; a counter that interrupts is restarted, so that equal windows take equal interrupts.
uint64_t mote_counter_start(void);
uint64_t mote_counter_now(void);
/// Counts from `start` to `end`, right over one wrap of a counter that is narrower than 64 bits.
uint64_t mote_counter_span(uint64_t start, uint64_t end);

#endif
