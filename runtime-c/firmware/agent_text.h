// SPDX-License-Identifier: Apache-2.0
// What the agent says and hears as text.
#ifndef MOTE_FIRMWARE_AGENT_TEXT_H
#define MOTE_FIRMWARE_AGENT_TEXT_H

#include <stdint.h>

void mote_text_put(const char *text);
void mote_text_unsigned(uint64_t value);
void mote_text_hex(uint8_t byte);
/// A number of thousandths, with three decimals.
void mote_text_milli(int64_t milli);
/// With CR LF.
void mote_text_line(const char *text);
void mote_text_counted(const char *text, uint64_t value);

int mote_text_same(const char *a, const char *b);
/// Decimal digits only, at most 9; -1 otherwise.
int32_t mote_text_number(const char *text);
/// A hexadecimal digit; -1 otherwise.
int mote_text_nibble(char c);

#endif
