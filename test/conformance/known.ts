// SPDX-License-Identifier: Apache-2.0
// known.json: the cases in scope that fail, and why. The list only ever shrinks.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const knownFile = join(import.meta.dirname, 'known.json');

export const readKnown = (): Record<string, string> => JSON.parse(readFileSync(knownFile, 'utf8'));
