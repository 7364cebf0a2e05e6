// SPDX-License-Identifier: Apache-2.0
// The firmware around one model: its arena between canaries, the measured window around it, its stack's high water.
#include "mote_board.h"
#include "mote_model.h"

#include "console.h"
#include "counter.h"
#include "interrupts.h"
#include "uart.h"
#ifdef MOTE_AGENT
#include "agent.h"
#endif

#define CANARY 0xA5u
#define STACK_PAINT 0xC5C5C5C5u // start-up fills the stack with this

// From the linker script.
extern uint32_t __stack_limit[];
extern uint32_t __stack_top[];

// A model that reaches out of its arena meets a canary first.
static struct {
  uint8_t low[MOTE_GUARD_BYTES];
  uint8_t arena[MOTE_MODEL_ARENA_BYTES];
  uint8_t high[MOTE_GUARD_BYTES];
} memory __attribute__((aligned(16)));

_Static_assert(MOTE_GUARD_BYTES % 16 == 0, "the arena must be 16-byte aligned");

uint8_t *mote_arena(void) { return memory.arena; }

static void set_canaries(void) {
  for (uint32_t i = 0; i < MOTE_GUARD_BYTES; i++) {
    memory.low[i] = CANARY;
    memory.high[i] = CANARY;
  }
}

uint8_t mote_guard_intact(void) {
  // volatile: the compiler may reason that nobody can have written here, and that is the question
  const volatile uint8_t *low = memory.low;
  const volatile uint8_t *high = memory.high;
  uint32_t different = 0;
  for (uint32_t i = 0; i < MOTE_GUARD_BYTES; i++) different |= (low[i] ^ CANARY) | (high[i] ^ CANARY);
  return different == 0;
}

uint32_t mote_stack_used(void) {
  const volatile uint32_t *word = __stack_limit;
  while (word != __stack_top && *word == STACK_PAINT) word++;
  return (uint32_t)((uintptr_t)__stack_top - (uintptr_t)word);
}

static uint8_t interrupts_met;

void mote_note_interrupts(void) { interrupts_met |= mote_interrupts_now(); }

uint8_t mote_interrupts_met(void) { return interrupts_met; }

void mote_interrupts_forget(void) { interrupts_met = 0; }

#ifdef MOTE_NPU_LINK
static uint64_t npu_ticks(void) { return mote_npu_ticks(); }
#else
static uint64_t npu_ticks(void) { return 0; }
#endif

// The same reads and barriers in all three windows, so that the empty one is the others' overhead.
mote_window mote_run(void) {
  mote_window window;
  mote_note_interrupts();
  uint64_t start = mote_counter_start();
  MOTE_BARRIER();
  window.result = (int32_t)mote_model_run(memory.arena);
  MOTE_BARRIER();
  window.ticks = mote_counter_span(start, mote_counter_now()) - npu_ticks();
  mote_note_interrupts();
  return window;
}

#ifndef MOTE_NO_LAYERS
mote_window mote_step(uint16_t layer) {
  mote_window window;
  mote_note_interrupts();
  uint64_t start = mote_counter_start();
  MOTE_BARRIER();
  window.result = (int32_t)mote_model_step((int)layer, memory.arena);
  MOTE_BARRIER();
  window.ticks = mote_counter_span(start, mote_counter_now()) - npu_ticks();
  mote_note_interrupts();
  return window;
}
#endif

mote_window mote_empty_window(void) {
  mote_window window;
  uint64_t start = mote_counter_start();
  MOTE_BARRIER();
  window.result = 0;
  MOTE_BARRIER();
  window.ticks = mote_counter_span(start, mote_counter_now());
  return window;
}

/// Start-up's fault handlers end here, on a stack that they have made usable.
void mote_fault(uint32_t cause, uint32_t pc);
void mote_fault(uint32_t cause, uint32_t pc) {
  mote_console_fault(cause, pc);
  for (;;) {}
}

int main(void) {
  set_canaries();
  mote_counter_init();
  mote_uart_init();
  mote_console_begin();
  (void)mote_model_init(memory.arena);
#ifdef MOTE_AGENT
  mote_agent_begin();
#endif
  for (;;) mote_console_take(mote_uart_get());
}
