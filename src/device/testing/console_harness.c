// SPDX-License-Identifier: Apache-2.0
// Test only: the firmware's console (console.c, frame.c) as WebAssembly, with the UART and the model in JavaScript's hands.
// The model of two layers has an arena of 3000 bytes: layer 0 adds 1 to byte 0, layer 1 adds 1 to byte 1.
#include "console.h"
#include "counter.h"
#include "mote_model.h"

#define EXPORT(name) __attribute__((used, export_name(#name)))

__attribute__((import_module("env"), import_name("uart_put"))) void imported_put(uint32_t byte);

static uint8_t arena[MOTE_MODEL_ARENA_BYTES];
static int32_t model_result;
static uint8_t guard = 1;
static uint32_t runs;

void harness_begin(void);
void harness_take(uint32_t byte);
void harness_fault(uint32_t cause, uint32_t pc);
void harness_set(int32_t result, uint32_t guard_intact);
uint32_t harness_runs(void);

EXPORT(harness_begin) void harness_begin(void) { mote_console_begin(); }
EXPORT(harness_take) void harness_take(uint32_t byte) { mote_console_take((uint8_t)byte); }
EXPORT(harness_fault) void harness_fault(uint32_t cause, uint32_t pc) { mote_console_fault(cause, pc); }
EXPORT(harness_set) void harness_set(int32_t result, uint32_t guard_intact) {
  model_result = result;
  guard = (uint8_t)guard_intact;
}
EXPORT(harness_runs) uint32_t harness_runs(void) { return runs; }

uint8_t mote_uart_get(void) { return 0; }
void mote_uart_put(uint8_t byte) { imported_put(byte); }

uint8_t *mote_arena(void) { return arena; }

mote_window mote_run(void) {
  mote_window window = { .result = model_result, .ticks = 0x100000010u };
  runs++;
  arena[0]++;
  arena[1]++;
  return window;
}

mote_window mote_step(uint16_t layer) {
  mote_window window = { .result = model_result, .ticks = 100u + layer };
  runs++;
  arena[layer]++;
  return window;
}

mote_window mote_empty_window(void) {
  mote_window window = { .result = 0, .ticks = 6 };
  return window;
}

void mote_note_interrupts(void) {}
uint8_t mote_interrupts_met(void) { return 0; }
void mote_interrupts_forget(void) {}

uint8_t mote_guard_intact(void) { return guard; }
uint32_t mote_stack_used(void) { return 160; }
