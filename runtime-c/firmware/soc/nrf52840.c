// SPDX-License-Identifier: Apache-2.0
// nRF52840: the 64 MHz that it has from reset, the crystal behind it (the UART is then exact), and the console's pins.
// Addresses and fields: nRF52840 Product Specification (CLOCK, NVMC, GPIO).
#include <stdint.h>
#include "mote_board.h"

#if MOTE_CLOCK_HZ != 64000000u
#error "this chip runs at 64 MHz"
#endif

void mote_soc_init(void);

#define REG(address) (*(volatile uint32_t *)(address))

enum { HFCLKSTART = 0x40000000, HFCLKSTARTED = 0x40000100, NVMC_ICACHECNF = 0x4001E540 };
enum { WAIT_TURNS = 100000 };  // the crystal starts within some 3 ms; without it the internal oscillator goes on

/// 32 * port + pin -> the port's registers, 0x300 apart.
static uint32_t portOf(uint32_t pin) { return 0x50000000u + (pin >> 5) * 0x300u; }

static void configure(uint32_t pin, uint32_t value) { REG(portOf(pin) + 0x700u + 4u * (pin & 31u)) = value; }

void mote_soc_init(void) {
  REG(HFCLKSTARTED) = 0u;
  REG(HFCLKSTART) = 1u;
  for (uint32_t turn = 0; turn < WAIT_TURNS && REG(HFCLKSTARTED) == 0u; turn++) {}
  REG(NVMC_ICACHECNF) = 1u;
  REG(portOf(MOTE_UART_TX_PIN) + 0x508u) = 1u << (MOTE_UART_TX_PIN & 31u);  // OUTSET: the line idles high
  configure(MOTE_UART_TX_PIN, 3u);                                         // output, input buffer off
  configure(MOTE_UART_RX_PIN, 3u << 2);                                    // input with pull-up
}
