// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listTargets } from '../../../src/build/boards.js';

it('every target has its file here', () => {
  const missing = listTargets().filter(({ id }) => !existsSync(join(import.meta.dirname, `${id}.test.ts`)));
  expect(missing.map((t) => t.id)).toEqual([]);
});
