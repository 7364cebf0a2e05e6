// SPDX-License-Identifier: Apache-2.0
// Whether a window could have been interrupted: looked at on the core itself, not concluded from what start-up did.
#ifndef MOTE_FIRMWARE_INTERRUPTS_H
#define MOTE_FIRMWARE_INTERRUPTS_H

#include "mote_board.h"

#include <stdint.h>

#include "uart.h"

#define MOTE_INTERRUPTS_OTHERS 1u  // handlers that are not the counter's
#define MOTE_INTERRUPTS_COUNTER 2u // SysTick's, where it is the counter

#if defined(__arm__)
// PRIMASK, NVIC_ISER, SYST_CSR (Armv6-M ARM, DDI 0419, B1.4.3, B3.4.3, B3.3.3): 16 words of enables from Armv7-M on, of
// which those that a chip does not have read as zero.
static inline uint8_t mote_interrupts_now(void) {
  uint32_t masked;
  __asm__ volatile("mrs %0, primask" : "=r"(masked));
  if ((masked & 1u) != 0) return 0;
#if __ARM_ARCH >= 7
  const uint32_t words = 16;
#else
  const uint32_t words = 1;
#endif
  uint32_t enabled = 0;
  for (uint32_t i = 0; i < words; i++) enabled |= MOTE_REGISTER(0xE000E100u + 4u * i);
  const int ticks = (MOTE_REGISTER(0xE000E010u) & 3u) == 3u; // ENABLE and TICKINT
#ifdef MOTE_COUNTER_SYSTICK
  return (uint8_t)((enabled != 0 ? MOTE_INTERRUPTS_OTHERS : 0u) | (ticks ? MOTE_INTERRUPTS_COUNTER : 0u));
#else
  return enabled != 0 || ticks ? MOTE_INTERRUPTS_OTHERS : 0u;
#endif
}
#elif defined(__riscv)
// mstatus.MIE (Privileged ISA, 3.1.6.1). Which are enabled is not asked: not every core has mie (ESP32-C3, ECLIC).
static inline uint8_t mote_interrupts_now(void) {
  uintptr_t status; // as wide as the register
  __asm__ volatile("csrr %0, mstatus" : "=r"(status));
  return (status & 8u) != 0 ? MOTE_INTERRUPTS_OTHERS : 0u;
}
#else
static inline uint8_t mote_interrupts_now(void) { return 0; }
#endif

#endif
