// SPDX-License-Identifier: Apache-2.0
// `npm ci` must work on every platform: each optional per-platform package has its entry (tools/completeLock.mjs).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../src/packageRoot.js';

interface Lock {
  packages: Record<
    string,
    { version?: string; optionalDependencies?: Record<string, string>; hasInstallScript?: boolean }
  >;
}

const lock = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as Lock;

it('the lock file names every optional package', () => {
  const wanted = Object.values(lock.packages).flatMap((p) => Object.keys(p.optionalDependencies ?? {}));
  expect(wanted.length).toBeGreaterThan(10);
  expect(wanted.filter((name) => !lock.packages[`node_modules/${name}`])).toEqual([]);
});

it('no install script runs', () => {
  expect(readFileSync(join(packageRoot, '.npmrc'), 'utf8')).toContain('ignore-scripts=true');
});
