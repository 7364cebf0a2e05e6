// SPDX-License-Identifier: Apache-2.0
// Nordic's UART without DMA (nRF52840 Product Specification, "UART"): six bytes can wait.
#include "mote_board.h"

#ifdef MOTE_UART_NRF
#include "uart.h"

#define STARTRX MOTE_REGISTER(MOTE_UART_BASE + 0x000u)
#define STARTTX MOTE_REGISTER(MOTE_UART_BASE + 0x008u)
#define RXDRDY MOTE_REGISTER(MOTE_UART_BASE + 0x108u)
#define TXDRDY MOTE_REGISTER(MOTE_UART_BASE + 0x11Cu)
#define ENABLE MOTE_REGISTER(MOTE_UART_BASE + 0x500u)
#define PSELRTS MOTE_REGISTER(MOTE_UART_BASE + 0x508u)
#define PSELTXD MOTE_REGISTER(MOTE_UART_BASE + 0x50Cu)
#define PSELCTS MOTE_REGISTER(MOTE_UART_BASE + 0x510u)
#define PSELRXD MOTE_REGISTER(MOTE_UART_BASE + 0x514u)
#define RXD MOTE_REGISTER(MOTE_UART_BASE + 0x518u)
#define TXD MOTE_REGISTER(MOTE_UART_BASE + 0x51Cu)
#define BAUDRATE MOTE_REGISTER(MOTE_UART_BASE + 0x524u)
#define CONFIG MOTE_REGISTER(MOTE_UART_BASE + 0x56Cu)

// The register is baud * 2^32 / 16 MHz, of which the top 20 bits count; the specification's table has 0x01D7E000 for
// 115200, which this gives to within a thousandth.
#define BAUD_VALUE ((uint32_t)((((uint64_t)MOTE_UART_BAUD << 32) / 16000000u + 0x800u) & 0xFFFFF000u))

void mote_uart_init(void) {
  ENABLE = 0;
  PSELRTS = 0xFFFFFFFFu;
  PSELCTS = 0xFFFFFFFFu;
  PSELTXD = MOTE_UART_TX_PIN;
  PSELRXD = MOTE_UART_RX_PIN;
  BAUDRATE = BAUD_VALUE;
  CONFIG = 0; // 8N1, no flow control
  ENABLE = 4u;
  RXDRDY = 0;
  TXDRDY = 0;
  STARTRX = 1u;
  STARTTX = 1u;
}

uint8_t mote_uart_get(void) {
  while (RXDRDY == 0) {}
  RXDRDY = 0; // before the read: the next byte of the FIFO raises it again
  return (uint8_t)RXD;
}

void mote_uart_put(uint8_t byte) {
  static uint8_t sending; // an event register of this chip cannot be set by the program
  while (sending != 0 && TXDRDY == 0) {}
  TXDRDY = 0;
  TXD = byte;
  sending = 1;
}
#else
typedef int mote_uart_nrf_unused;
#endif
