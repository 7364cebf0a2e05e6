// SPDX-License-Identifier: Apache-2.0
// UART of the ESP32-C3 from its 40 MHz crystal, so that no other clock matters. The boot ROM has printed on UART0 before,
// so that its clock gate is open. Registers: ESP-IDF components/soc/esp32c3/register/soc/uart_reg.h.
#include "mote_board.h"

#ifdef MOTE_UART_ESP
#include "uart.h"

#define FIFO MOTE_REGISTER(MOTE_UART_BASE + 0x00u)
#define INT_ENA MOTE_REGISTER(MOTE_UART_BASE + 0x0Cu)
#define CLKDIV MOTE_REGISTER(MOTE_UART_BASE + 0x14u)   // integer part in bits 11..0, sixteenths in bits 23..20
#define STATUS MOTE_REGISTER(MOTE_UART_BASE + 0x1Cu)   // bytes received in bits 9..0, bytes to send in bits 25..16
#define CONF0 MOTE_REGISTER(MOTE_UART_BASE + 0x20u)
#define CLK_CONF MOTE_REGISTER(MOTE_UART_BASE + 0x78u)
#define ID MOTE_REGISTER(MOTE_UART_BASE + 0x80u)       // bit 30, set by reset: settings reach the UART's clock unasked

#define FIFO_BYTES 128u // MEM_CONF's reset value gives each direction this much
#define SIXTEENTHS ((16u * MOTE_UART_CLOCK_HZ + MOTE_UART_BAUD / 2u) / MOTE_UART_BAUD)

_Static_assert(SIXTEENTHS >> 4 > 0 && SIXTEENTHS >> 16 == 0, "the divider has 12 bits");

void mote_uart_init(void) {
  while ((STATUS >> 16 & 0x3FFu) != 0) {}              // what the ROM still has to say
  INT_ENA = 0;
  ID |= 1u << 30;
  CLK_CONF = 1u << 25 | 1u << 24 | 1u << 22 | 3u << 20; // receiver, transmitter and core clock on; crystal, undivided
  CLKDIV = SIXTEENTHS >> 4 | (SIXTEENTHS & 15u) << 20;
  CONF0 = 1u << 28 | 1u << 17 | 1u << 4 | 3u << 2;     // memory clock on, receive FIFO in reset; one stop bit, 8 bits
  CONF0 = 1u << 28 | 1u << 4 | 3u << 2;
}

uint8_t mote_uart_get(void) {
  while ((STATUS & 0x3FFu) == 0) {}
  return (uint8_t)FIFO;
}

void mote_uart_put(uint8_t byte) {
  while ((STATUS >> 16 & 0x3FFu) >= FIFO_BYTES - 1u) {}
  FIFO = byte;
}
#else
typedef int mote_uart_esp_unused;
#endif
