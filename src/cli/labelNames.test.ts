// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { PackManifest } from '../generated/pack.js';
import { nameLines, namesOf } from './labelNames.js';

const port = { name: 'label', dtype: 'int32', shape: [1], bytes: 4, offset: 0 } as const;
const manifest = (labels?: string[]): PackManifest =>
  ({
    outputs: [
      { ...port, name: 'scores' },
      { ...port, ...(labels && { labels }) },
    ],
  }) as unknown as PackManifest;
const sample = (v: number) => [Int32Array.of(9), Int32Array.of(v)];

it('names the answers of outputs whose numbers stand for texts', () => {
  expect(namesOf(manifest(), [sample(0)])).toBeUndefined();
  const names = namesOf(manifest(['cat', 'a\ndog']), [sample(1), sample(0), sample(5)]);
  expect(names).toEqual({ label: [['a\ndog'], ['cat'], ['5']] });
  expect(nameLines(names)).toEqual(['labels  label: a dog, cat, 5']);
  const many = namesOf(
    manifest(['cat']),
    Array.from({ length: 20 }, () => sample(0)),
  );
  expect(nameLines(many)[0]).toMatch(/cat and 8 more$/);
});
