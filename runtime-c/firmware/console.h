// SPDX-License-Identifier: Apache-2.0
// Answers the requests of PROTOCOL.md over the UART.
#ifndef MOTE_FIRMWARE_CONSOLE_H
#define MOTE_FIRMWARE_CONSOLE_H

#include <stdint.h>

/// What ran, for how long: the answer to RUN and STEP.
typedef struct {
  int32_t result;
  uint64_t ticks;
} mote_window;

void mote_console_begin(void);
/// Takes a byte from the UART; answers when it completes a request.
void mote_console_take(uint8_t byte);
/// Sends a frame of `count` bytes; the four behind them are written to.
void mote_console_send(uint8_t *bytes, uint32_t count);
/// Sends the fault frame.
void mote_console_fault(uint32_t cause, uint32_t pc);

// main.c's side: the model, its arena and what guards it.
uint8_t *mote_arena(void);
mote_window mote_run(void);
mote_window mote_step(uint16_t layer); // not with MOTE_NO_LAYERS
mote_window mote_empty_window(void);
uint8_t mote_guard_intact(void);
/// Looks whether interrupts are enabled, at both ends of a window; `mote_interrupts_met` is what was ever seen since the
/// last call of `mote_interrupts_forget` (MOTE_INTERRUPTS_… of interrupts.h).
void mote_note_interrupts(void);
uint8_t mote_interrupts_met(void);
void mote_interrupts_forget(void);
uint32_t mote_stack_used(void);
#ifdef MOTE_NPU_LINK
/// Ticks that calls of the NPU took since the last question: they do not count (ethosu_link.c).
uint64_t mote_npu_ticks(void);
#endif

#endif
