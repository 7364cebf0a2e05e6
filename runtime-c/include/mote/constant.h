/* SPDX-License-Identifier: Apache-2.0 */
/* A constant copied to memory: elements of 8, 16 or 32 bits. */
#ifndef MOTE_CONSTANT_H
#define MOTE_CONSTANT_H

#include <stdint.h>

typedef struct {
  int32_t count;
  const void *data;
} mote_constant_x8;

void mote_constant_x8__ref(const mote_constant_x8 *p, void *output);

typedef struct {
  int32_t count;
  const void *data;
} mote_constant_x16;

void mote_constant_x16__ref(const mote_constant_x16 *p, void *output);

typedef struct {
  int32_t count;
  const void *data;
} mote_constant_x32;

void mote_constant_x32__ref(const mote_constant_x32 *p, void *output);

#endif
