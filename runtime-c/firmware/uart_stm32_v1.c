// SPDX-License-Identifier: Apache-2.0
// STM32 USART of the F1, F2 and F4 series (RM0090). One byte of buffer: the console never leaves it long.
#include "mote_board.h"

#ifdef MOTE_UART_STM32_V1
#include "uart.h"

#define SR MOTE_REGISTER(MOTE_UART_BASE + 0x00u) // bit 5 RXNE, bit 7 TXE; an overrun clears by reading SR, then DR
#define DR MOTE_REGISTER(MOTE_UART_BASE + 0x04u)
#define BRR MOTE_REGISTER(MOTE_UART_BASE + 0x08u)
#define CR1 MOTE_REGISTER(MOTE_UART_BASE + 0x0Cu)
#define CR2 MOTE_REGISTER(MOTE_UART_BASE + 0x10u)
#define CR3 MOTE_REGISTER(MOTE_UART_BASE + 0x14u)

void mote_uart_init(void) {
  CR1 = 0;
  CR2 = 0;
  CR3 = 0;
  BRR = (MOTE_UART_CLOCK_HZ + MOTE_UART_BAUD / 2u) / MOTE_UART_BAUD; // oversampling by 16: 12.4 bits of clock / baud
  CR1 = 1u << 13 | 1u << 3 | 1u << 2;                                // UE, TE, RE
  (void)DR; // drops what came before; QEMU's chardev also asks the UART for room only after a read
}

uint8_t mote_uart_get(void) {
  while ((SR & 1u << 5) == 0) {}
  return (uint8_t)DR;
}

void mote_uart_put(uint8_t byte) {
  while ((SR & 1u << 7) == 0) {}
  DR = byte;
}
#else
typedef int mote_uart_stm32_v1_unused;
#endif
