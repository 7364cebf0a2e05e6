// SPDX-License-Identifier: Apache-2.0
// STM32 USART and LPUART of the L4, F7, H7, G0 … series (RM0432).
#include "mote_board.h"

#ifdef MOTE_UART_STM32_V2
#include "uart.h"

#define CR1 MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define CR2 MOTE_REGISTER(MOTE_UART_BASE + 0x04u)
#define CR3 MOTE_REGISTER(MOTE_UART_BASE + 0x08u)
#define BRR MOTE_REGISTER(MOTE_UART_BASE + 0x0Cu)
#define ISR MOTE_REGISTER(MOTE_UART_BASE + 0x1Cu) // bit 5 RXNE, bit 7 TXE
#define ICR MOTE_REGISTER(MOTE_UART_BASE + 0x20u)
#define RDR MOTE_REGISTER(MOTE_UART_BASE + 0x24u)
#define TDR MOTE_REGISTER(MOTE_UART_BASE + 0x28u)

// An LPUART divides 256 times its clock, a USART its clock.
#ifdef MOTE_UART_LPUART
#define CLOCK_FACTOR 256u
#else
#define CLOCK_FACTOR 1u
#endif

void mote_uart_init(void) {
  CR1 = 0;
  CR2 = 0;
  CR3 = 1u << 12; // OVRDIS: a byte too many is lost (the CRC tells), reception goes on
  BRR = (uint32_t)(((uint64_t)CLOCK_FACTOR * MOTE_UART_CLOCK_HZ + MOTE_UART_BAUD / 2u) / MOTE_UART_BAUD);
  CR1 = 1u << 3 | 1u << 2 | 1u; // TE, RE, UE
}

uint8_t mote_uart_get(void) {
  while ((ISR & 1u << 5) == 0) {}
  return (uint8_t)RDR;
}

void mote_uart_put(uint8_t byte) {
  while ((ISR & 1u << 7) == 0) {}
  TDR = byte;
}
#else
typedef int mote_uart_stm32_v2_unused;
#endif
