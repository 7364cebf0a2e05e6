// SPDX-License-Identifier: Apache-2.0
// Models of operators that fitShapes.ts has not: front ends of sound, a keyword transformer, int16. `fit` is what cost rows are
// fitted to, `check` what predictions are judged by: the same operators in other sizes.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseFrontend } from '../src/frontend/frontendSpec.js';
import { readNpy } from '../src/model/npy.js';
import { packageRoot } from '../src/packageRoot.js';
import type { PackRequest } from '../src/packRequest.js';
import {
  keywordTransformer,
  spectrograms,
  type TransformerSizes,
  transformerSizes,
} from '../test/support/keywordTransformer.js';

type Request = Omit<PackRequest, 'target'> & { name: string };
type Activations = 'int8' | 'int16';

const shared = join(packageRoot, '..', 'shared', 'models');
const microSpeech = join(shared, 'tflm', 'micro_speech_quantized.tflite');
const kws = join(shared, 'mlperf-tiny', 'kws_ref_model.tflite');
const calibrated = 16;

async function sound(name: string, file: string, frontend: string): Promise<Request[]> {
  if (!existsSync(file)) return [];
  return [{ name, bytes: await readFile(file), fileName: basename(file), frontend: parseFrontend(frontend) }];
}

function transformer(name: string, sizes: TransformerSizes, activations: Activations): Request {
  const { mels, frames } = sizes;
  const array = {
    dtype: 'float32' as const,
    shape: [calibrated, 1, mels, frames],
    data: spectrograms(calibrated, sizes),
  };
  return {
    name,
    bytes: keywordTransformer('torchscript', sizes),
    fileName: `${name}.onnx`,
    calibration: { array, path: 'spectrograms.npy' },
    quantize: { activations },
  };
}

async function digits(activations: Activations): Promise<Request> {
  const folder = join(packageRoot, 'models', 'digits');
  return {
    name: `digits_${activations}`,
    bytes: await readFile(join(folder, 'digits.onnx')),
    fileName: 'digits.onnx',
    calibration: { array: readNpy(await readFile(join(folder, 'calib_x.npy')), 'calib_x.npy'), path: 'calib_x.npy' },
    quantize: { activations },
  };
}

const narrow: TransformerSizes = {
  mels: 16,
  frames: 40,
  patch: 2,
  width: 48,
  heads: 3,
  hidden: 96,
  layers: 1,
  classes: 10,
};
const few: TransformerSizes = {
  mels: 24,
  frames: 32,
  patch: 4,
  width: 32,
  heads: 1,
  hidden: 128,
  layers: 1,
  classes: 6,
};

export async function countedModels(part: 'fit' | 'check'): Promise<Request[]> {
  if (part === 'check') {
    return [
      ...(await sound('micro_speech', microSpeech, 'micro_speech')),
      ...(await sound('kws_mfcc', kws, 'mfcc')),
      transformer('transformer', transformerSizes, 'int8'),
      transformer('transformer_int16', transformerSizes, 'int16'),
      await digits('int16'),
    ];
  }
  return [
    ...(await sound('micro_speech_short', microSpeech, 'micro_speech:window=16ms,hop=10ms')),
    ...(await sound('kws_mfcc_short', kws, 'mfcc:window=16ms,hop=10ms,mels=24')),
    ...(await sound('kws_mfcc_long', kws, 'mfcc:window=60ms,hop=20ms,mels=60')),
    ...(['int8', 'int16'] as const).flatMap((activations) => [
      transformer(`narrow_${activations}`, narrow, activations),
      transformer(`few_${activations}`, few, activations),
    ]),
  ];
}
