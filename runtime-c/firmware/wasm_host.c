// SPDX-License-Identifier: Apache-2.0
// The host model: the packed C as a WebAssembly module. Imports nothing; exports the memory and these functions:
//   mote_arena() address of the arena     mote_arena_bytes()   mote_layers()
//   mote_run()                            the whole model once, 0 or a MOTE_E code
//   mote_step(layer)                      one layer
//   mote_reset()                          clears what lives from one inference to the next
//   mote_guard()                          1 when the bytes around the arena are untouched
//   mote_guard_reset()                    paints them, decodes what a model keeps in RAM; call it once before anything else
#include <stdint.h>
#include "mote_model.h"

#define EXPORT(name) __attribute__((used, export_name(#name)))
#define GUARD_BYTES 256
#define GUARD_BYTE 0xA5u

// One object, so that nothing lies between the arena and its guards.
static struct {
  uint8_t before[GUARD_BYTES];
  uint8_t arena[MOTE_MODEL_ARENA_BYTES > 0 ? MOTE_MODEL_ARENA_BYTES : 1];
  uint8_t after[GUARD_BYTES];
} memory __attribute__((aligned(16)));

uint8_t *mote_arena(void);
uint32_t mote_arena_bytes(void);
uint32_t mote_layers(void);
int32_t mote_run(void);
int32_t mote_step(int32_t layer);
int32_t mote_reset(void);
int32_t mote_guard(void);
void mote_guard_reset(void);

EXPORT(mote_arena) uint8_t *mote_arena(void) { return memory.arena; }
EXPORT(mote_arena_bytes) uint32_t mote_arena_bytes(void) { return MOTE_MODEL_ARENA_BYTES; }
EXPORT(mote_layers) uint32_t mote_layers(void) { return MOTE_MODEL_LAYERS; }
EXPORT(mote_run) int32_t mote_run(void) { return mote_model_run(memory.arena); }
EXPORT(mote_step) int32_t mote_step(int32_t layer) { return mote_model_step(layer, memory.arena); }
EXPORT(mote_reset) int32_t mote_reset(void) { return mote_model_reset(memory.arena); }

EXPORT(mote_guard) int32_t mote_guard(void) {
  uint32_t wrong = 0;
  for (int i = 0; i < GUARD_BYTES; i++) wrong |= (memory.before[i] ^ GUARD_BYTE) | (memory.after[i] ^ GUARD_BYTE);
  return wrong == 0u;
}

EXPORT(mote_guard_reset) void mote_guard_reset(void) {
  for (int i = 0; i < GUARD_BYTES; i++) {
    memory.before[i] = (uint8_t)GUARD_BYTE;
    memory.after[i] = (uint8_t)GUARD_BYTE;
  }
  (void)mote_model_init(memory.arena);
}
