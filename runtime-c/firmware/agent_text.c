// SPDX-License-Identifier: Apache-2.0
// The agent's words: text and numbers out to the UART, the words of a command in.
#include "agent_text.h"

#include "uart.h"

void mote_text_put(const char *text) {
  while (*text != 0) mote_uart_put((uint8_t)*text++);
}

void mote_text_unsigned(uint64_t value) {
  char digits[20];
  uint32_t count = 0;
  do {
    digits[count++] = (char)('0' + (char)(value % 10u));
    value /= 10u;
  } while (value != 0);
  while (count > 0) mote_uart_put((uint8_t)digits[--count]);
}

void mote_text_line(const char *text) {
  mote_text_put(text);
  mote_text_put("\r\n");
}

void mote_text_counted(const char *text, uint64_t value) {
  mote_text_put(text);
  mote_text_unsigned(value);
  mote_text_put("\r\n");
}

void mote_text_hex(uint8_t byte) {
  static const char digits[] = "0123456789abcdef";
  mote_uart_put((uint8_t)digits[byte >> 4]);
  mote_uart_put((uint8_t)digits[byte & 15u]);
}

int mote_text_same(const char *a, const char *b) {
  while (*a != 0 && *a == *b) {
    a++;
    b++;
  }
  return *a == *b;
}

/// Decimal digits only, at most 9; -1 otherwise.
int32_t mote_text_number(const char *text) {
  int32_t value = 0;
  uint32_t digits = 0;
  while (text[digits] != 0) {
    if (text[digits] < '0' || text[digits] > '9' || digits == 9u) return -1;
    value = value * 10 + (text[digits++] - '0');
  }
  return digits == 0 ? -1 : value;
}

int mote_text_nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void mote_text_milli(int64_t milli) {
  if (milli < 0) {
    mote_uart_put('-');
    milli = -milli;
  }
  mote_text_unsigned((uint64_t)milli / 1000u);
  mote_uart_put('.');
  uint32_t rest = (uint32_t)((uint64_t)milli % 1000u);
  mote_uart_put((uint8_t)('0' + rest / 100u));
  mote_uart_put((uint8_t)('0' + rest / 10u % 10u));
  mote_uart_put((uint8_t)('0' + rest % 10u));
}
