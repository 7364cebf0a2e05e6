// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../src/packageRoot.js';
import { withKernelMatrix } from '../tools/kernelTable.js';

it('the README has the kernel table of today (npx tsx tools/kernelTable.ts writes it)', () => {
  const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
  expect(withKernelMatrix(readme)).toBe(readme);
});
