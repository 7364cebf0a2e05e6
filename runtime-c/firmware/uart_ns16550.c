// SPDX-License-Identifier: Apache-2.0
// National NS16550A (data sheet PC16550D), registers one byte apart: the UART of QEMU's RISC-V `virt` machine.
#include "mote_board.h"

#ifdef MOTE_UART_NS16550
#include "uart.h"

#define REGISTER(index) (*(volatile uint8_t *)(uintptr_t)(MOTE_UART_BASE + (index)))
#define DATA REGISTER(0u) // divisor low byte while LCR bit 7 is set
#define IER REGISTER(1u)  // divisor high byte while LCR bit 7 is set
#define FCR REGISTER(2u)
#define LCR REGISTER(3u)
#define LSR REGISTER(5u) // bit 0 RX ready, bit 5 TX holding register empty

#define DIVIDER ((MOTE_UART_CLOCK_HZ + 8u * MOTE_UART_BAUD) / (16u * MOTE_UART_BAUD))

void mote_uart_init(void) {
  uint32_t divider = DIVIDER == 0 ? 1u : DIVIDER;
  IER = 0;
  LCR = 0x83u;
  DATA = (uint8_t)divider;
  IER = (uint8_t)(divider >> 8);
  LCR = 0x03u; // 8N1
  FCR = 0xC7u; // FIFOs on and emptied; level 14: QEMU hands over at most that many bytes at once
  (void)DATA; // drops what came before; QEMU's chardev also asks the UART for room only after a read
}

uint8_t mote_uart_get(void) {
  while ((LSR & 1u) == 0) {}
  return DATA;
}

void mote_uart_put(uint8_t byte) {
  while ((LSR & 1u << 5) == 0) {}
  DATA = byte;
}
#else
typedef int mote_uart_ns16550_unused;
#endif
