// SPDX-License-Identifier: Apache-2.0
// A hand-made pack for tests of the build: 16 int8 inputs, layer 0 adds a constant to each, layer 1 sums up to an
// int32.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackManifest, PackPort } from '../../generated/pack.js';

const inputPort: PackPort = { name: 'x', dtype: 'int8', shape: [1, 16], bytes: 16, offset: 0 };
const middlePort: PackPort = { name: 'm', dtype: 'int8', shape: [1, 16], bytes: 16, offset: 16 };
const outputPort: PackPort = { name: 'y', dtype: 'int32', shape: [1, 1], bytes: 4, offset: 32 };

export interface MiniPackOptions {
  arenaBytes?: number;
  weightBytes?: number;
  /** C statements inside layer 1, before the sum. */
  extra?: string;
  /** C declarations of the layer's file. */
  declarations?: string;
}

const layersC = (o: MiniPackOptions): string => `
#include <string.h>
#include "mini.h"
${o.declarations ?? ''}
static const int8_t weights[${o.weightBytes ?? 16}] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static void layer0(uint8_t *arena) {
  int8_t *x = (int8_t *)arena;
  for (int i = 0; i < 16; i++) x[16 + i] = (int8_t)(x[i] + weights[i]);
}
static void layer1(uint8_t *arena) {
  int32_t sum = 0;
  const int8_t *m = (const int8_t *)arena + 16;
  ${o.extra ?? ''}
  for (int i = 0; i < 16; i++) sum += m[i];
  memcpy(arena + 32, &sum, 4);
  for (unsigned i = 0; i < sizeof weights; i += 4096) if (weights[i] == 77) arena[36] = 1;
}
int mini_run(uint8_t *arena) { layer0(arena); layer1(arena); return 0; }
int mini_step(int layer, uint8_t *arena) {
  if (layer == 0) layer0(arena); else if (layer == 1) layer1(arena); else return -1;
  return 0;
}
`;

const modelH = (arenaBytes: number): string => `
#ifndef MOTE_MODEL_H
#define MOTE_MODEL_H
#include "mini.h"
#define MOTE_MODEL_NAME "mini"
#define MOTE_MODEL_HASH_BYTES {1, 2, 3, 4, 5, 6, 7, 8}
#define MOTE_MODEL_ARENA_BYTES ${arenaBytes}
#define MOTE_MODEL_LAYERS 2
static inline int mote_model_init(uint8_t *arena) { (void)arena; return 0; }
static inline int mote_model_reset(uint8_t *arena) { (void)arena; return 0; }
static inline int mote_model_run(uint8_t *arena) { return mini_run(arena); }
static inline int mote_model_step(int layer, uint8_t *arena) { return mini_step(layer, arena); }
#endif
`;

const manifestOf = (arenaBytes: number, weightBytes: number): PackManifest => ({
  schema: 'mote.manifest/1',
  mote: '0.1.0',
  name: 'mini',
  hash: '0102030405060708'.repeat(4),
  model: { file: 'mini', format: 'mote', sha256: '', quantizedBy: 'none' },
  target: 'cortex-m4',
  rounding: 'single',
  prefer: 'balance',
  arithmetic: 'int8',
  arenaBytes,
  weightBytes,
  macs: 16,
  inputs: [inputPort],
  outputs: [outputPort],
  layers: [
    {
      index: 0,
      name: 'l0',
      op: 'add',
      kernel: 'none',
      macs: 0,
      weightBytes,
      scratchBytes: 0,
      inputs: [inputPort],
      outputs: [middlePort],
    },
    {
      index: 1,
      name: 'l1',
      op: 'mean',
      kernel: 'none',
      macs: 16,
      weightBytes: 0,
      scratchBytes: 0,
      inputs: [middlePort],
      outputs: [outputPort],
    },
  ],
  files: { header: 'mini.h', sources: ['mini.c'], layerSources: ['mini_layers.c'], kernels: [], test: 'mini_test.c' },
  vectors: { count: 1, inputs: ['vectors/input_0.npy'], outputs: ['vectors/output_0.npy'], from: 'random' },
});

/** Writes the pack into this (new or existing) folder. */
export async function writeMiniPack(dir: string, options: MiniPackOptions = {}): Promise<PackManifest> {
  const arenaBytes = options.arenaBytes ?? 48;
  const manifest = manifestOf(arenaBytes, options.weightBytes ?? 16);
  const files: Record<string, string> = {
    'mini.h':
      '#ifndef MINI_H\n#define MINI_H\n#include <stdint.h>\nint mini_run(uint8_t *arena);\nint mini_step(int layer, uint8_t *arena);\n#endif\n',
    'mini.c': '#include "mini.h"\ntypedef int mini_no_weights;\n',
    'mini_layers.c': layersC(options),
    'mini_test.c': 'int main(void) { return 0; }\n',
    'mote_model.h': modelH(arenaBytes),
    'vectors/input_0.npy': '',
    'vectors/output_0.npy': '',
    'pack.json': `${JSON.stringify(manifest, null, 2)}\n`,
  };
  await mkdir(join(dir, 'vectors'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  return manifest;
}
