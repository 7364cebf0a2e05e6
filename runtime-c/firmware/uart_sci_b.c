// SPDX-License-Identifier: Apache-2.0
// SCI of Renesas' RA8 (type B) in asynchronous mode without its FIFOs; the soc's file gives it clock and pins. Registers:
// Renesas FSP, cmsis/Device/RENESAS/Include/R7FA8D1BH.h (R_SCI_B0); order of the settings: FSP, r_sci_b_uart.c.
#include "mote_board.h"

#ifdef MOTE_UART_SCI_B
#include "uart.h"

#define RDR MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define TDR MOTE_REGISTER(MOTE_UART_BASE + 0x04u)
#define CCR0 MOTE_REGISTER(MOTE_UART_BASE + 0x08u)  // bit 0 receives, bit 4 sends
#define CCR1 MOTE_REGISTER(MOTE_UART_BASE + 0x0Cu)
#define CCR2 MOTE_REGISTER(MOTE_UART_BASE + 0x10u)
#define CCR3 MOTE_REGISTER(MOTE_UART_BASE + 0x14u)
#define CCR4 MOTE_REGISTER(MOTE_UART_BASE + 0x18u)
#define CSR MOTE_REGISTER(MOTE_UART_BASE + 0x48u)
#define CFCLR MOTE_REGISTER(MOTE_UART_BASE + 0x68u) // clears the flags of CSR at the same bits

#define RECEIVED (1u << 31)
#define SENDABLE (1u << 29)
#define ERRORS (1u << 28 | 1u << 27 | 1u << 24)     // frame, parity, overrun: the last ends reception until it is cleared

// A bit is 6 clocks (ABCSE) times one more than BRR, or four times that (CKS 1).
#define CLOCKS ((MOTE_UART_CLOCK_HZ + 3u * MOTE_UART_BAUD) / (6u * MOTE_UART_BAUD))
#define SLOW (CLOCKS > 256u)
#define BRR ((SLOW ? (CLOCKS + 2u) / 4u : CLOCKS) - 1u)

_Static_assert(CLOCKS > 0 && BRR < 256u, "the divider has 8 bits");

void mote_uart_init(void) {
  CCR0 = 0;
  CCR3 = 1u << 12 | 2u << 8;                        // least significant bit first, 8 bits, one stop bit, asynchronous
  CCR2 = (SLOW ? 1u << 20 : 0u) | BRR << 8 | 1u << 6;
  CCR1 = 1u << 4;                                   // no parity; the line rests high
  CCR4 = 0;
  CFCLR = RECEIVED | ERRORS;
  CCR0 = 1u << 4 | 1u << 0;
}

uint8_t mote_uart_get(void) {
  for (;;) {
    uint32_t status = CSR;
    if ((status & ERRORS) != 0) CFCLR = ERRORS;
    if ((status & RECEIVED) == 0) continue;
    uint8_t byte = (uint8_t)RDR;
    CFCLR = RECEIVED;
    return byte;
  }
}

void mote_uart_put(uint8_t byte) {
  while ((CSR & SENDABLE) == 0) {}
  TDR = byte;
}
#else
typedef int mote_uart_sci_b_unused;
#endif
