// SPDX-License-Identifier: Apache-2.0
// The console UART: polled, 8N1. One uart_*.c is not empty, chosen by mote_board.h; pins and clocks are soc/*.c's.
#ifndef MOTE_FIRMWARE_UART_H
#define MOTE_FIRMWARE_UART_H

#include <stdint.h>

#define MOTE_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

void mote_uart_init(void);
/// Waits for a byte.
uint8_t mote_uart_get(void);
/// Waits for room.
void mote_uart_put(uint8_t byte);

#endif
