// SPDX-License-Identifier: Apache-2.0
// The part of <string.h> that packed models use, for compilers that come without a C library.
#ifndef MOTE_FIRMWARE_STRING_H
#define MOTE_FIRMWARE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *a, const void *b, size_t count);

#endif
