// SPDX-License-Identifier: Apache-2.0
// The backend tests of ONNX (../shared/onnx-tests) quantized by mote: with int8 and with int16 activations: what
// misses 20 dB or stays float is listed in knownQuantized.json or knownInt16.json, what passes is not.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { knownQuantizedFiles, readKnown } from './known.js';
import { isMissing, leastDb, type QuantizedConformance, runQuantized } from './quantized.js';

const folder = join(packageRoot, '../shared/onnx-tests');
const types = ['int8', 'int16'] as const;

it.each(types)('the list of known exceptions in %s is sorted and each has a reason', (type) => {
  const known = readKnown(knownQuantizedFiles[type]);
  expect(Object.keys(known)).toEqual(Object.keys(known).sort());
  expect(Object.values(known).filter((reason) => reason.trim() === '')).toEqual([]);
});

describe.skipIf(!existsSync(folder)).each(types)('ONNX backend tests in %s (../shared/onnx-tests)', (type) => {
  const known = readKnown(knownQuantizedFiles[type]);
  let all: QuantizedConformance;
  beforeAll(async () => {
    all = await runQuantized(folder, type);
  });

  it('counts each case once', () => {
    expect(all.passed + all.failed + all.float + all.outOfScope).toBe(all.cases.length);
    expect(all.passed).toBeGreaterThan(230);
  });

  it('misses nothing that its list does not have', () => {
    expect(all.cases.filter((c) => isMissing(c) && !Object.hasOwn(known, c.name))).toEqual([]);
  });

  it('lists nothing that passes, is out of scope or is not there (--shrink takes it off)', () => {
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
