/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that run on the KPU of a Kendryte K210. No vendor's driver is needed: the call writes the layer words into the
 * KPU's FIFO itself. Clocks must run (PLL1, AI; runtime-c/firmware/soc/k210.c), interrupts need not.
 * `maps` has five numbers for each input, then for each output: first row in the KPU's RAM, channels, height, width, and
 * the layer that makes it (-1 for inputs). Tensors are dense [height, width, channels] int8. */
#ifndef MOTE_KPU_H
#define MOTE_KPU_H

#include <stdint.h>

#define MOTE_KPU_WORDS 12 /* of a layer */

typedef struct {
  const int64_t *layers; /* MOTE_KPU_WORDS each (kpu.h of Canaan's SDK); addresses in them count from `parameters` */
  int32_t layer_count;
  const uint8_t *parameters; /* at a multiple of 256: batch norms, activations, weights */
  int32_t inputs;
  int32_t outputs;
  const int32_t *maps;
} mote_kpu_call;

/* MOTE_OK, or MOTE_E_NPU where the KPU does not end a layer. Nothing else may use the KPU or its RAM meanwhile. */
int mote_kpu_run(const mote_kpu_call *p, const void *const *inputs, void *const *outputs, uint8_t *scratch);

#endif
