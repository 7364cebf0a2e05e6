/* SPDX-License-Identifier: Apache-2.0 */
/* Status codes and version: the only header that generated code needs beside those of the operators it uses. */
#ifndef MOTE_MOTE_H
#define MOTE_MOTE_H

#include <stdint.h>

#define MOTE_VERSION_MAJOR 0
#define MOTE_VERSION_MINOR 1
#define MOTE_VERSION_PATCH 0
/* One number to compare: 0xMMmmpp. */
#define MOTE_VERSION ((MOTE_VERSION_MAJOR << 16) | (MOTE_VERSION_MINOR << 8) | MOTE_VERSION_PATCH)

#define MOTE_OK 0
#define MOTE_E_NULL (-1)  /* a pointer is null */
#define MOTE_E_ALIGN (-2) /* the arena is not aligned to MOTE_ARENA_ALIGN */
#define MOTE_E_LAYER (-3) /* no such layer */
#define MOTE_E_NPU (-4)   /* the NPU's driver refused its command stream, or the NPU reported a fault */

/* Alignment that the arena needs, in bytes. */
#define MOTE_ARENA_ALIGN 8

#endif
