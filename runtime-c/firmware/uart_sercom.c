// SPDX-License-Identifier: Apache-2.0
// SERCOM of the SAM D21 as a USART with its own clock (data sheet, "SERCOM USART"): transmitter on pad 0, receiver on
// pad 1. soc/samd21.c gives it its clock and pins.
#include "mote_board.h"

#ifdef MOTE_UART_SERCOM
#include "uart.h"

#define CTRLA MOTE_REGISTER(MOTE_UART_BASE + 0x00u) // bit 0 reset, bit 1 enable
#define CTRLB MOTE_REGISTER(MOTE_UART_BASE + 0x04u) // bit 16 TXEN, bit 17 RXEN
#define BAUD (*(volatile uint16_t *)(uintptr_t)(MOTE_UART_BASE + 0x0Cu))
#define INTFLAG (*(volatile uint8_t *)(uintptr_t)(MOTE_UART_BASE + 0x18u)) // bit 0 data register empty, bit 2 received
#define SYNCBUSY MOTE_REGISTER(MOTE_UART_BASE + 0x1Cu)
#define DATA (*(volatile uint16_t *)(uintptr_t)(MOTE_UART_BASE + 0x28u))

// Arithmetic baud rate, 16 samples a bit: 65536 * (1 - 16 * baud / clock).
#define BAUD_VALUE (65536u - (uint32_t)((uint64_t)65536u * 16u * MOTE_UART_BAUD / MOTE_UART_CLOCK_HZ))

void mote_uart_init(void) {
  CTRLA = 1u;
  while ((SYNCBUSY & 1u) != 0) {}
  CTRLA = 1u << 30 | 1u << 20 | 1u << 2; // least significant bit first, RXPO 1, TXPO 0, internal clock
  CTRLB = 1u << 17 | 1u << 16;           // 8 bits, one stop bit
  while ((SYNCBUSY & 1u << 2) != 0) {}
  BAUD = (uint16_t)BAUD_VALUE;
  CTRLA |= 1u << 1;
  while ((SYNCBUSY & 1u << 1) != 0) {}
}

uint8_t mote_uart_get(void) {
  while ((INTFLAG & 1u << 2) == 0) {}
  return (uint8_t)DATA;
}

void mote_uart_put(uint8_t byte) {
  while ((INTFLAG & 1u) == 0) {}
  DATA = byte;
}
#else
typedef int mote_uart_sercom_unused;
#endif
