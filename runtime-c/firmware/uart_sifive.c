// SPDX-License-Identifier: Apache-2.0
// SiFive's UART as the K210 has it (UARTHS) and QEMU's SiFive machines: SiFive FU540-C000 Manual, chapter "UART";
// uarths.h of Canaan's kendryte-standalone-sdk has the same registers.
#include "mote_board.h"

#ifdef MOTE_UART_SIFIVE
#include "uart.h"

#define TXDATA MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define RXDATA MOTE_REGISTER(MOTE_UART_BASE + 0x04u)
#define TXCTRL MOTE_REGISTER(MOTE_UART_BASE + 0x08u)
#define RXCTRL MOTE_REGISTER(MOTE_UART_BASE + 0x0Cu)
#define IE MOTE_REGISTER(MOTE_UART_BASE + 0x10u)
#define DIV MOTE_REGISTER(MOTE_UART_BASE + 0x18u)

#define BUSY 0x80000000u // TXDATA: full; RXDATA: empty
#define ENABLE 1u        // and one stop bit

void mote_uart_init(void) {
  DIV = MOTE_UART_CLOCK_HZ / MOTE_UART_BAUD - 1u;
  IE = 0;
  TXCTRL = ENABLE;
  RXCTRL = ENABLE;
}

uint8_t mote_uart_get(void) {
  uint32_t data;
  do data = RXDATA;
  while ((data & BUSY) != 0);
  return (uint8_t)data;
}

void mote_uart_put(uint8_t byte) {
  while ((TXDATA & BUSY) != 0) {}
  TXDATA = byte;
}
#else
typedef int mote_uart_sifive_unused;
#endif
