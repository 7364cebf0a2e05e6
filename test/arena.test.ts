// SPDX-License-Identifier: Apache-2.0
// The arena is exact (canaries around it stay untouched, also one byte less is too small) and below TensorFlow Lite Micro's.
import { expect, it } from 'vitest';
import { loadTarget } from '../src/build/boards.js';
import { importModel } from '../src/packModel.js';
import { planGraph } from '../src/plan/planGraph.js';
import { describeShared, int8Models, sharedFile } from './support/shared.js';

describeShared('arena', () => {
  it.each(int8Models.filter((m) => m.tflmArenaBytes))(
    '$name needs less than TensorFlow Lite Micro ($tflmArenaBytes bytes)',
    ({ file, tflmArenaBytes }) => {
      const plan = planGraph(importModel(sharedFile(file), file), {
        rounding: 'tflite',
        target: loadTarget('cortex-m4'),
      });
      expect(plan.arenaBytes).toBeLessThan(tflmArenaBytes as number);
      expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.boundBytes);
      expect(Math.max(...plan.buffers.map((b) => b.offset + b.bytes))).toBeGreaterThan(plan.arenaBytes - 4);
    },
  );
});

/** Bytes with `--prefer ram`, input and output counted: what the project promises on every chip. */
const ramAims = { kws: 8_700, vww: 31_000, ic: 34_000, ad: 900, sww: 5_000 };
const targets = ['cortex-m0plus', 'cortex-m4', 'cortex-m7', 'cortex-m33', 'cortex-m55', 'rv32imc', 'rv32imc-zve32x'];

describeShared('arena with --prefer ram', () => {
  it.each(Object.entries(ramAims))('%s fits %i bytes on every target', (name, bytes) => {
    const { file } = int8Models.find((m) => m.name === name) as (typeof int8Models)[number];
    const graph = importModel(sharedFile(file), file);
    for (const target of targets) {
      for (const rounding of ['tflite', 'single'] as const) {
        const plan = planGraph(graph, { rounding, prefer: 'ram', target: loadTarget(target) });
        expect(plan.arenaBytes, `${target}, ${rounding} rounding`).toBeLessThanOrEqual(bytes);
        expect(plan.arenaBytes).toBeLessThanOrEqual(plan.trade?.usualArenaBytes as number);
        expect(Math.max(...plan.buffers.map((b) => b.offset + b.bytes))).toBeGreaterThan(plan.arenaBytes - 4);
      }
    }
  });
});
