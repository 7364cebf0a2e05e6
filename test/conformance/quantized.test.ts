// SPDX-License-Identifier: Apache-2.0
// The backend tests of ONNX (../shared/onnx-tests) quantized by mote: what misses 20 dB or stays float is listed in
// knownQuantized.json, what passes is not.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { knownQuantizedFile, readKnown } from './known.js';
import { isMissing, leastDb, type QuantizedConformance, runQuantized } from './quantized.js';

const folder = join(packageRoot, '../shared/onnx-tests');
const known = readKnown(knownQuantizedFile);

it('the list of known exceptions is sorted and each has a reason', () => {
  expect(Object.keys(known)).toEqual(Object.keys(known).sort());
  expect(Object.values(known).filter((reason) => reason.trim() === '')).toEqual([]);
});

describe.skipIf(!existsSync(folder))('ONNX backend tests in int8 (../shared/onnx-tests)', () => {
  let all: QuantizedConformance;
  beforeAll(async () => {
    all = await runQuantized(folder);
  });

  it('counts each case once', () => {
    expect(all.passed + all.failed + all.float + all.outOfScope).toBe(all.cases.length);
    expect(all.passed).toBeGreaterThan(230);
  });

  it('misses nothing that knownQuantized.json does not list', () => {
    expect(all.cases.filter((c) => isMissing(c) && !Object.hasOwn(known, c.name))).toEqual([]);
  });

  it('lists nothing in knownQuantized.json that passes, is out of scope or is not there (--shrink takes it off)', () => {
    const missing = new Set(all.cases.filter(isMissing).map((c) => c.name));
    expect(Object.keys(known).filter((name) => !missing.has(name))).toEqual([]);
  });

  it('passes nothing below the floor, and says why everything else did not pass', () => {
    for (const { result, reason, snrDb } of all.cases) {
      expect(reason !== '').toBe(result !== 'passed');
      if (result === 'passed') expect(snrDb ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(leastDb);
    }
  });
});
