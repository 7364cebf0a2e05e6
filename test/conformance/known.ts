// SPDX-License-Identifier: Apache-2.0
// known.json: the cases in scope that fail, and why; knownQuantized.json: those that miss 20 dB in int8, or have no integer
// form; knownInt16.json: the same with int16 activations. The lists only ever shrink.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const knownFile = join(import.meta.dirname, 'known.json');
export const knownQuantizedFiles = {
  int8: join(import.meta.dirname, 'knownQuantized.json'),
  int16: join(import.meta.dirname, 'knownInt16.json'),
} as const;

export const readKnown = (file = knownFile): Record<string, string> => JSON.parse(readFileSync(file, 'utf8'));
