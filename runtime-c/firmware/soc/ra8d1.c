// SPDX-License-Identifier: Apache-2.0
// RA8D1 of the EK-RA8D1: everything at 20 MHz from the board's crystal (the flash then needs no wait states), the
// instruction cache, and SCI9 on PA14 and PA15 (the J-Link OB). The program runs in the secure state, as after reset, so
// the secure registers are used. Addresses, fields: Renesas FSP, cmsis/Device/RENESAS/Include/R7FA8D1BH.h; the order of the
// clock settings: Apache NuttX, arch/arm/src/ra8m1/ra_clockconfig.c, which cites the RA8M1's manual; crystal and pins:
// Zephyr, boards/renesas/ek_ra8d1.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 20000000u || MOTE_UART_CLOCK_HZ != 20000000u || MOTE_UART_BASE != 0x40358900u
#error "the crystal has 20 MHz, the pins are those of SCI9"
#endif

void mote_soc_init(void);

#define REG8(address) (*(volatile uint8_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG(address) (*(volatile uint32_t *)(address))

enum { SCKDIVCR = 0x4001E020, SCKDIVCR2 = 0x4001E024, SCKSCR = 0x4001E026, MOSCCR = 0x4001E032, OSCSF = 0x4001E03C };
enum { SCICKDIVCR = 0x4001E054, SCICKCR = 0x4001E055, MOSCWTCR = 0x4001E0A2, PRCR = 0x4001E3FA, MOMCR = 0x4001EA50 };
enum { MSTPCRB = 0x40203004, PWPRS = 0x40400D14, PA14PFS = 0x40400AB8, PA15PFS = 0x40400ABC };
#define SCB_CCR 0xE000ED14u
#define SCB_ICIALLU 0xE000EF50u

enum { UNLOCK_CLOCKS_AND_STOPS = 0xA503, LOCK = 0xA500 };
enum { FROM_CRYSTAL = 3, SWITCHING_ASKED = 1 << 6, SWITCHING_READY = 1 << 7 };
#define SCI_9 (5u << 24)

static void startCrystal(void) {
  if ((REG8(MOSCCR) & 1u) != 0u) {  // its settings are written while it stands still
    REG8(MOMCR) = 3u << 1 | 1u << 4;  // drive for less than 24 MHz; bit 4 is always 1
    REG8(MOSCWTCR) = 9u;              // the longest wait
    REG8(MOSCCR) = 0u;
  }
  while ((REG8(OSCSF) & (1u << 3)) == 0u) {}
}

static void clockFromCrystal(void) {
  REG8(SCKSCR) = FROM_CRYSTAL;
  while (REG8(SCKSCR) != FROM_CRYSTAL) {}
  REG8(SCKDIVCR2) = 0u;
  REG(SCKDIVCR) = 0u;
  (void)REG(SCKDIVCR);
}

// The SCIs' clock is stopped, changed and started again.
static void clockSci(void) {
  REG8(SCICKCR) |= SWITCHING_ASKED;
  while ((REG8(SCICKCR) & SWITCHING_READY) == 0u) {}
  REG8(SCICKDIVCR) = 0u;
  REG8(SCICKCR) = FROM_CRYSTAL | SWITCHING_ASKED;
  REG8(SCICKCR) = FROM_CRYSTAL;
  while ((REG8(SCICKCR) & SWITCHING_READY) != 0u) {}
}

static void connectPins(void) {
  REG8(PWPRS) = 0u;
  REG8(PWPRS) = 1u << 6;
  REG(PA14PFS) = 0u;  // a pin's function is chosen while it is a general one
  REG(PA15PFS) = 0u;
  REG(PA14PFS) = SCI_9 | 1u << 10;  // TXD9, middle drive
  REG(PA15PFS) = SCI_9;
  REG(PA14PFS) = SCI_9 | 1u << 16 | 1u << 10;
  REG(PA15PFS) = SCI_9 | 1u << 16;
  REG8(PWPRS) = 0u;
  REG8(PWPRS) = 1u << 7;
}

static void enableInstructionCache(void) {
  __asm volatile("dsb\n isb" ::: "memory");
  REG(SCB_ICIALLU) = 0u;
  __asm volatile("dsb\n isb" ::: "memory");
  REG(SCB_CCR) |= 1u << 17;
  __asm volatile("dsb\n isb" ::: "memory");
}

void mote_soc_init(void) {
  REG16(PRCR) = UNLOCK_CLOCKS_AND_STOPS;
  startCrystal();
  clockFromCrystal();
  clockSci();
  REG(MSTPCRB) &= ~(1u << 22);  // SCI9 runs
  (void)REG(MSTPCRB);
  REG16(PRCR) = LOCK;
  connectPins();
  enableInstructionCache();
}
