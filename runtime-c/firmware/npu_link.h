// SPDX-License-Identifier: Apache-2.0
// The NPU of a virtual board: calls go over the UART to the host's functional model (PROTOCOL.md, NPU).
#ifndef MOTE_FIRMWARE_NPU_LINK_H
#define MOTE_FIRMWARE_NPU_LINK_H

#include <stdint.h>

#define MOTE_NPU_RANGES 9 // most that a call names

typedef struct {
  uint32_t address;
  uint32_t bytes;
} mote_npu_range;

/// Names memory to the host, lets it read and write there until it is done: 0, or 1 where the model refuses.
int mote_npu_call(const mote_npu_range *ranges, uint32_t count);

#endif
