// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listTargets } from '../../../src/build/boards.js';
import { variants } from '../../../src/ops/variants/index.js';
import { conditionsOf, kernelsOf, places, proofs } from './proof.js';

/** A target with an NPU has the kernels of its CPU. */
const targets = listTargets()
  .filter((t) => !t.npu)
  .map((t) => t.id);
const table = proofs();

it('every target has its file here and its place in proof.ts', () => {
  expect(targets.filter((id) => !existsSync(join(import.meta.dirname, `${id}.test.ts`)))).toEqual([]);
  expect(places.map((p) => p.target).sort()).toEqual([...targets].sort());
});

it('every kernel that a target may choose is run under it', () => {
  for (const id of targets) expect(table.filter((p) => p.target === id).map((p) => p.kernel)).toEqual(kernelsOf(id));
});

it('every kernel has all its cases somewhere', () => {
  const full = new Set(table.filter((p) => p.extent === 'full').map((p) => p.kernel));
  const all = new Set(variants.map((v) => v.kernel));
  expect([...all].filter((kernel) => !full.has(kernel))).toEqual([]);
});

it('every condition of a kernel on the machine is one that proof.ts knows', () => {
  const known = new Set(places.flatMap((p) => p.macros));
  const kernels = new Set(table.map((p) => p.kernel));
  expect([...new Set([...kernels].flatMap(conditionsOf))].filter((macro) => !known.has(macro))).toEqual([]);
});
