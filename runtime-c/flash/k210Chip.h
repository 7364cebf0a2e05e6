// SPDX-License-Identifier: Apache-2.0
// Registers of the K210: kendryte-standalone-sdk lib/drivers/include (uarths.h, spi.h, sysctl.h) and lib/bsp/include
// (platform.h). The boot ROM talks by UARTHS at pins IO4 and IO5, 26 MHz from the crystal.
#ifndef MOTE_K210_CHIP_H
#define MOTE_K210_CHIP_H

#include "loader.h"

#define UART_SEND MOTE_REGISTER(0x38000000u)    // bit 31: full
#define UART_RECEIVE MOTE_REGISTER(0x38000004u) // bit 31: nothing has come
#define UART_SEND_CONTROL MOTE_REGISTER(0x38000008u)
#define UART_INT_ENA MOTE_REGISTER(0x38000010u)
#define UART_PENDING MOTE_REGISTER(0x38000014u) // bit 0: fewer bytes wait to be sent than the control register says
#define UART_DIVISOR MOTE_REGISTER(0x38000018u)
#define UART_FLAG (1u << 31)
#define UART_SEND_COUNT_MASK (7u << 16)
#define UART_SEND_COUNT_1 (1u << 16)
#define UART_LEAST_DIVISOR 16u // it samples a bit 16 times

#define CLOCK_HZ MOTE_REGISTER(0x50440004u)
#define CLOCK_ENABLE MOTE_REGISTER(0x5044002Cu)
#define CLOCK_ENABLE_SPI3 (1u << 9)
#define SOFT_RESET MOTE_REGISTER(0x50440030u)
#define CLOCK_THRESHOLD1 MOTE_REGISTER(0x5044003Cu)
#define CLOCK_THRESHOLD1_SPI3 (0xFFu << 24)

#define SPI_CONTROL MOTE_REGISTER(0x54000000u)
#define SPI_COUNT MOTE_REGISTER(0x54000004u) // frames to receive, less one
#define SPI_ENABLE MOTE_REGISTER(0x54000008u)
#define SPI_SELECT MOTE_REGISTER(0x54000010u)
#define SPI_DIVISOR MOTE_REGISTER(0x54000014u)
#define SPI_RECEIVED MOTE_REGISTER(0x54000024u)
#define SPI_STATUS MOTE_REGISTER(0x54000028u)
#define SPI_INT_ENA MOTE_REGISTER(0x5400002Cu)
#define SPI_DATA MOTE_REGISTER(0x54000060u)
#define SPI_LINES MOTE_REGISTER(0x540000F4u)
#define SPI_ENDIAN MOTE_REGISTER(0x54000118u)
#define SPI_FRAME_8_BITS 7u
#define SPI_SEND_ONLY (SPI_FRAME_8_BITS | 1u << 10)
#define SPI_SEND_THEN_RECEIVE (SPI_FRAME_8_BITS | 3u << 10)
#define SPI_BUSY_OR_EMPTY 5u
#define SPI_EMPTY 4u

#define DATA_ALIAS 0u

// The ROM's jump brings hart 0; the other sleeps in the ROM, and would come here as well.
#define CHIP_ENTRY        \
  "csrr t0, mhartid\n"    \
  "1: beqz t0, 2f\n"      \
  "wfi\n"                 \
  "j 1b\n"                \
  "2:\n"

static inline void chipStart(mote_loader *loader) {
  UART_INT_ENA = 0;
  UART_SEND_CONTROL = (UART_SEND_CONTROL & ~UART_SEND_COUNT_MASK) | UART_SEND_COUNT_1;
  loader->onUsb = 0;
}

static inline uint32_t chipGetByte(mote_loader *loader) {
  (void)loader;
  for (;;) {
    uint32_t received = UART_RECEIVE;
    if ((received & UART_FLAG) == 0) return received & 0xFFu;
  }
}

static inline void chipPutByte(const mote_loader *loader, uint32_t byte) {
  (void)loader;
  while ((UART_SEND & UART_FLAG) != 0) {}
  UART_SEND = byte;
}

static inline void chipEndAnswer(const mote_loader *loader) { (void)loader; }

// Until the answer is out: its last byte leaves the shift register some time after the queue is empty.
static inline void chipDrain(void) {
  while ((UART_PENDING & 1u) == 0) {}
  for (volatile uint32_t wait = 0; wait < 1500u; wait++) {}
}

static inline void chipRestart(void) {
  chipDrain();
  SOFT_RESET = 1u;
  for (;;) {}
}

static inline void chipSetSpeed(uint32_t baud) {
  chipDrain();
  UART_DIVISOR = (CLOCK_HZ + baud / 2u) / baud - 1u;
}

#endif
