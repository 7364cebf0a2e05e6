// SPDX-License-Identifier: Apache-2.0
// The reference models and data that lie beside a checkout (and in CI), never on a user's disk.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
export const sharedFolder = join(packageRoot, '..', 'shared');
export const hasShared = existsSync(join(sharedFolder, 'models'));
/** A suite that needs ../shared; skipped by name where it is absent. */
export const describeShared = describe.skipIf(!hasShared);
export const sharedFile = (path) => readFileSync(join(sharedFolder, path));
/** The eight int8 models that must be bit-equal to TensorFlow Lite, with the arena of TensorFlow Lite Micro + CMSIS-NN
 *  where the reference measured it (bytes). */
export const int8Models = [
  { name: 'kws', file: 'models/mlperf-tiny/kws_ref_model.tflite', tflmArenaBytes: 22820 },
  { name: 'vww', file: 'models/mlperf-tiny/vww_96_int8.tflite', tflmArenaBytes: 100708 },
  { name: 'ic', file: 'models/mlperf-tiny/pretrainedResnet_quant.tflite', tflmArenaBytes: 54996 },
  { name: 'ad', file: 'models/mlperf-tiny/ad01_int8.tflite', tflmArenaBytes: 2580 },
  { name: 'sww', file: 'models/mlperf-tiny/str_ww_ref_model.tflite', tflmArenaBytes: 16596 },
  { name: 'micro_speech', file: 'models/tflm/micro_speech_quantized.tflite' },
  { name: 'hello_world', file: 'models/tflm/hello_world_int8.tflite' },
  { name: 'person_detect', file: 'models/tflm/person_detect.tflite' },
];
//# sourceMappingURL=shared.js.map
