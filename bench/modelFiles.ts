// SPDX-License-Identifier: Apache-2.0
// The models that the benchmark counts. They lie beside a checkout, not in it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Output } from '../src/cli/output.js';
import { packageRoot } from '../src/packageRoot.js';

const folder = join(packageRoot, '..', 'shared', 'models', 'mlperf-tiny');

export const benchedModels = [
  { name: 'kws', file: join(folder, 'kws_ref_model.tflite') },
  { name: 'vww', file: join(folder, 'vww_96_int8.tflite') },
  { name: 'ic', file: join(folder, 'pretrainedResnet_quant.tflite') },
  { name: 'ad', file: join(folder, 'ad01_int8.tflite') },
  { name: 'sww', file: join(folder, 'str_ww_ref_model.tflite') },
] as const;

export function existingModels(out: Output): readonly { name: string; file: string }[] {
  const missing = benchedModels.filter((m) => !existsSync(m.file));
  if (missing.length)
    out.step(`left out, for their files are not beside this checkout: ${missing.map((m) => m.name).join(', ')}`);
  return benchedModels.filter((m) => existsSync(m.file));
}
