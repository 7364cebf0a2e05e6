// SPDX-License-Identifier: Apache-2.0
// SAM D21 on the Seeed XIAO: 8 MHz from OSC8M, SERCOM4 on PB08 (D6, TX) and PB09 (D7, RX).
// Addresses and fields: SAM D21 data sheet (SYSCTRL, GCLK, PM, NVMCTRL, PORT). Pins: the XIAO's schematic.
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 8000000u || MOTE_UART_BASE != 0x42001800u
#error "the clock below is 8 MHz, the pins are those of SERCOM4"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))
#define REG16(address) (*(volatile uint16_t *)(address))
#define REG8(address) (*(volatile uint8_t *)(address))

enum { PM_APBCMASK = 0x40000420, OSC8M = 0x40000820, NVMCTRL_CTRLB = 0x41004004 };
enum { GCLK_STATUS = 0x40000C01, GCLK_CLKCTRL = 0x40000C02, GCLK_GENCTRL = 0x40000C04, GCLK_GENDIV = 0x40000C08 };
enum { SERCOM4_CORE = 0x18 };
enum { PORTB_PMUX4 = 0x41004400 + 0x80 + 0x30 + 4, PORTB_PINCFG8 = 0x41004400 + 0x80 + 0x40 + 8, PORTB_PINCFG9 };

static void syncGclk(void) {
  while ((REG8(GCLK_STATUS) & (1u << 7)) != 0u) {}
}

void mote_soc_init(void) {
  // The Arduino boot loader leaves the DFLL at 48 MHz; its flash wait state does no harm at 8.
  REG(NVMCTRL_CTRLB) = (REG(NVMCTRL_CTRLB) & ~(0xFu << 1)) | (1u << 1);
  REG(OSC8M) = (REG(OSC8M) & ~((3u << 8) | (1u << 7))) | (1u << 1);  // prescaler 1, always on
  REG(GCLK_GENDIV) = (1u << 8) | 0u;
  syncGclk();
  REG(GCLK_GENCTRL) = (1u << 16) | (6u << 8) | 0u;  // generator 0 from OSC8M, enabled
  syncGclk();
  REG(PM_APBCMASK) |= 1u << 6;
  REG16(GCLK_CLKCTRL) = (uint16_t)((1u << 14) | (0u << 8) | (uint32_t)SERCOM4_CORE);
  syncGclk();
  REG8(PORTB_PMUX4) = 0x33u;  // function D of both
  REG8(PORTB_PINCFG8) = 1u;
  REG8(PORTB_PINCFG9) = 1u;
}
