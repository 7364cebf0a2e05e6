// SPDX-License-Identifier: Apache-2.0
// The KPU on the host: its registers are outside of the WebAssembly module, in the functional model
// (src/npu/k210/hostKpu.ts), its RAM lies in the module's memory. So the arrays of the C file are what runs.
#include "mote/kpu_registers.h"

#define RAM_BYTES (2u * 1024u * 1024u)

// The RAM goes along, so that the model knows where it is.
__attribute__((import_module("mote"), import_name("kpu_write"))) void mote_host_kpu_write(volatile uint8_t *ram,
                                                                                          uint32_t offset,
                                                                                          uint64_t value);
__attribute__((import_module("mote"), import_name("kpu_read"))) uint64_t mote_host_kpu_read(uint32_t offset);

static uint8_t ram[RAM_BYTES] __attribute__((aligned(64)));

void mote_kpu_write(uint32_t offset, uint64_t value) { mote_host_kpu_write(ram, offset, value); }

uint64_t mote_kpu_read(uint32_t offset) { return mote_host_kpu_read(offset); }

volatile uint8_t *mote_kpu_ram(void) { return ram; }

uint32_t mote_kpu_address(const void *memory) { return (uint32_t)(uintptr_t)memory; }
