// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { operatorTable, operatorTableFile, withoutKernel } from '../tools/operatorTable.js';

it('OPERATORS.md is the table of today (npx tsx tools/kernelTable.ts writes it)', () => {
  expect(withoutKernel()).toEqual([]);
  expect(operatorTable()).toBe(readFileSync(operatorTableFile, 'utf8'));
});
