// SPDX-License-Identifier: Apache-2.0
// Arm CMSDK APB UART (Cortex-M System Design Kit TRM, ARM DDI 0479): the UART of the MPS2/MPS3 boards.
#include "mote_board.h"

#ifdef MOTE_UART_CMSDK
#include "uart.h"

#define DATA MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define STATE MOTE_REGISTER(MOTE_UART_BASE + 0x04u) // bit 0 TX full, bit 1 RX full, bits 2 and 3 overruns
#define CTRL MOTE_REGISTER(MOTE_UART_BASE + 0x08u)  // bit 0 TX enable, bit 1 RX enable
#define BAUDDIV MOTE_REGISTER(MOTE_UART_BASE + 0x10u)

void mote_uart_init(void) {
  uint32_t divider = (MOTE_UART_CLOCK_HZ + MOTE_UART_BAUD / 2u) / MOTE_UART_BAUD;
  BAUDDIV = divider < 16u ? 16u : divider; // 16 is the least it accepts
  CTRL = 3u;
  (void)DATA; // drops what came before; QEMU's chardev also asks the UART for room only after a read
}

uint8_t mote_uart_get(void) {
  while ((STATE & 2u) == 0) {}
  return (uint8_t)DATA;
}

void mote_uart_put(uint8_t byte) {
  while ((STATE & 1u) != 0) {}
  DATA = byte;
}
#else
typedef int mote_uart_cmsdk_unused;
#endif
