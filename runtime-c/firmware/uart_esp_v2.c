// SPDX-License-Identifier: Apache-2.0
// UART of the ESP32-C6 from its 40 MHz crystal. Settings reach the UART's own clock when they are handed over; the clock
// itself is set in soc/esp32c6.c. Registers: ESP-IDF components/soc/esp32c6/register/soc/uart_reg.h; the hand-over:
// uart_ll_update of components/hal/esp32c6/include/hal/uart_ll.h.
#include "mote_board.h"

#ifdef MOTE_UART_ESP_V2
#include "uart.h"

#define FIFO MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define INT_ENA MOTE_REGISTER(MOTE_UART_BASE + 0x0Cu)
#define CLKDIV MOTE_REGISTER(MOTE_UART_BASE + 0x14u)   // integer part in bits 11..0, sixteenths in bits 23..20
#define STATUS MOTE_REGISTER(MOTE_UART_BASE + 0x1Cu)   // bytes received in bits 7..0, bytes to send in bits 23..16
#define CONF0 MOTE_REGISTER(MOTE_UART_BASE + 0x20u)
#define CLK_CONF MOTE_REGISTER(MOTE_UART_BASE + 0x88u)
#define REG_UPDATE MOTE_REGISTER(MOTE_UART_BASE + 0x98u) // bit 0 hands settings over and clears itself when they are

#define FIFO_BYTES 128u // each direction
#define SIXTEENTHS ((16u * MOTE_UART_CLOCK_HZ + MOTE_UART_BAUD / 2u) / MOTE_UART_BAUD)

_Static_assert(SIXTEENTHS >> 4 > 0 && SIXTEENTHS >> 16 == 0, "the divider has 12 bits");

static void handOver(void) {
  REG_UPDATE = 1u;
  while ((REG_UPDATE & 1u) != 0) {}
}

void mote_uart_init(void) {
  while ((STATUS >> 16 & 0xFFu) != 0) {}               // what the ROM still has to say
  INT_ENA = 0;
  CLK_CONF = 1u << 25 | 1u << 24;                      // receiver and transmitter clocks on
  CLKDIV = SIXTEENTHS >> 4 | (SIXTEENTHS & 15u) << 20;
  CONF0 = 1u << 22 | 1u << 20 | 1u << 4 | 3u << 2;     // receive FIFO in reset, memory clock on; one stop bit, 8 bits
  handOver();
  CONF0 = 1u << 20 | 1u << 4 | 3u << 2;
  handOver();
}

uint8_t mote_uart_get(void) {
  while ((STATUS & 0xFFu) == 0) {}
  return (uint8_t)FIFO;
}

void mote_uart_put(uint8_t byte) {
  while ((STATUS >> 16 & 0xFFu) >= FIFO_BYTES - 1u) {}
  FIFO = byte;
}
#else
typedef int mote_uart_esp_v2_unused;
#endif
