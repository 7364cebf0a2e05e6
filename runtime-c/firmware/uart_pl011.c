// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell UART (PL011 TRM, ARM DDI 0183): RP2040 and many others. FIFOs on: 32 bytes can wait.
#include "mote_board.h"

#ifdef MOTE_UART_PL011
#include "uart.h"

#define DR MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define FR MOTE_REGISTER(MOTE_UART_BASE + 0x18u) // bit 4 RX empty, bit 5 TX full
#define IBRD MOTE_REGISTER(MOTE_UART_BASE + 0x24u)
#define FBRD MOTE_REGISTER(MOTE_UART_BASE + 0x28u)
#define LCR_H MOTE_REGISTER(MOTE_UART_BASE + 0x2Cu)
#define CR MOTE_REGISTER(MOTE_UART_BASE + 0x30u)
#define IMSC MOTE_REGISTER(MOTE_UART_BASE + 0x38u)

// Divisor in 64ths: clock / (16 * baud), rounded.
#define DIVIDER_64THS ((4u * MOTE_UART_CLOCK_HZ + MOTE_UART_BAUD / 2u) / MOTE_UART_BAUD)

void mote_uart_init(void) {
  CR = 0;
  IBRD = DIVIDER_64THS >> 6;
  FBRD = DIVIDER_64THS & 63u;
  LCR_H = 3u << 5 | 1u << 4; // 8 bits, FIFOs; this write also latches the divisor
  IMSC = 0;
  CR = 1u << 9 | 1u << 8 | 1u; // RX, TX, UART enable
}

uint8_t mote_uart_get(void) {
  while ((FR & 1u << 4) != 0) {}
  return (uint8_t)DR; // error flags in bits 8 to 11 fall away: the frame's CRC judges the byte
}

void mote_uart_put(uint8_t byte) {
  while ((FR & 1u << 5) != 0) {}
  DR = byte;
}
#else
typedef int mote_uart_pl011_unused;
#endif
