// SPDX-License-Identifier: Apache-2.0
// The marker pin: idles high, falls at each end of a window and stays low for 100 us (a PPK2 samples its inputs every
// 10 us; EEMBC's runner drops pulses under 50 us). Registers come from the board file; a board without one has no pin.
#ifndef MOTE_FIRMWARE_MARKER_H
#define MOTE_FIRMWARE_MARKER_H

#include "mote_board.h"

#include "counter.h"
#include "uart.h"

#define MOTE_MARKER_LOW_TICKS (MOTE_COUNTER_HZ / 10000u)

#ifdef MOTE_MARKER_SETUP
static inline void mote_marker_init(void) {
  static const struct { uint32_t address, clear, set; } setup[] = MOTE_MARKER_SETUP;
  for (uint32_t i = 0; i < sizeof setup / sizeof setup[0]; i++) {
    MOTE_REGISTER(setup[i].address) = (MOTE_REGISTER(setup[i].address) & ~setup[i].clear) | setup[i].set;
  }
  MOTE_REGISTER(MOTE_MARKER_HIGH_ADDRESS) = MOTE_MARKER_HIGH_VALUE;
}

static inline void mote_marker_fall(void) { MOTE_REGISTER(MOTE_MARKER_LOW_ADDRESS) = MOTE_MARKER_LOW_VALUE; }

static inline void mote_marker_rise(void) { MOTE_REGISTER(MOTE_MARKER_HIGH_ADDRESS) = MOTE_MARKER_HIGH_VALUE; }
#else
static inline void mote_marker_init(void) {}
static inline void mote_marker_fall(void) {}
static inline void mote_marker_rise(void) {}
#endif

/// Falls now, rises when it has been low for long enough.
static inline void mote_marker_pulse(void) {
  uint64_t start = mote_counter_now();
  mote_marker_fall();
  while (mote_counter_span(start, mote_counter_now()) < MOTE_MARKER_LOW_TICKS) {}
  mote_marker_rise();
}

#endif
