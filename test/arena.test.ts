// SPDX-License-Identifier: Apache-2.0
// The arena is exact (canaries around it stay untouched, also one byte less is too small) and below TensorFlow Lite Micro's.
import { expect, it } from 'vitest';
import { loadTarget } from '../src/build/boards.js';
import { importModel } from '../src/packModel.js';
import { planGraph } from '../src/plan/plan.js';
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
