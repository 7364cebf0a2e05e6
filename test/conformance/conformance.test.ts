// SPDX-License-Identifier: Apache-2.0
// The backend tests of ONNX (../shared/onnx-tests) through mote's own line: what fails is listed in known.json, what
// passes is not.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { knownFile, readKnown } from './known.js';
import { type Conformance, firstDifference, runFolder } from './run.js';

const folder = join(packageRoot, '../shared/onnx-tests');

describe.skipIf(!existsSync(folder))('ONNX backend tests (../shared/onnx-tests)', () => {
  let all: Conformance;
  beforeAll(async () => {
    all = await runFolder(folder);
  });
  const known = readKnown();

  it('runs all of them', () => {
    expect(all.passed + all.failed + all.outOfScope).toBe(all.cases.length);
    expect(all.cases.length).toBeGreaterThan(400);
  });

  it('fails nothing that known.json does not list', () => {
    expect(all.cases.filter((c) => c.result === 'failed' && !Object.hasOwn(known, c.name))).toEqual([]);
  });

  it('lists nothing in known.json that passes, is out of scope or is not there (--shrink takes it off)', () => {
    const failing = new Set(all.cases.filter((c) => c.result === 'failed').map((c) => c.name));
    expect(Object.keys(known).filter((name) => !failing.has(name))).toEqual([]);
  });

  it('says why everything else did not run', () => {
    for (const { result, reason } of all.cases) expect(reason !== '').toBe(result !== 'passed');
  });

  it('finds a wrong number', () => {
    expect(firstDifference(Float32Array.of(1, 2.01), Float32Array.of(1, 2), 0)).toBe(
      '1 is 2.009999990463257, expected 2',
    );
    expect(firstDifference(Float32Array.of(Number.NaN, 2.001), Float32Array.of(Number.NaN, 2), 0)).toBeUndefined();
    expect(firstDifference(Int32Array.of(3), Int32Array.of(4), 0)).toBe('0 is 3, expected 4');
  });

  it('keeps its list sorted', () => {
    const names = Object.keys(JSON.parse(readFileSync(knownFile, 'utf8')));
    expect(names).toEqual([...names].sort());
  });
});
