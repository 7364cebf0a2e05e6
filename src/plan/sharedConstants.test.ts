// SPDX-License-Identifier: Apache-2.0
// A matrix that two layers have is stored once.
import { expect, it } from 'vitest';
import { loadTarget } from '../build/boards.js';
import { GraphBuilder, randomValues } from '../passes/testing/graphBuilder.js';
import { planGraph } from './planGraph.js';
import { sharedArrays, totalWeightBytes, weightBytes } from './sharedConstants.js';

const options = { target: loadTarget('wasm32'), rounding: 'single' } as const;

function planOf(seeds: [number, number]): ReturnType<typeof planGraph> {
  const b = new GraphBuilder();
  const weights = (seed: number): number => b.constant([16, 16], randomValues(seed, 256));
  const x = b.op('fullyConnected', [b.input([1, 16]), weights(seeds[0])]);
  return planGraph(b.build(b.op('fullyConnected', [x, weights(seeds[1])])), options);
}

it('counts equal matrices once, at the first layer that has them, and others by themselves', () => {
  const [same, different] = [planOf([1, 1]), planOf([1, 2])];
  const shared = sharedArrays(same);
  const bytes = same.steps.map((step) => weightBytes(step, shared));
  expect(bytes[0] - bytes[1]).toBe(1024);
  expect(totalWeightBytes(different) - totalWeightBytes(same)).toBe(1024);
  expect(sharedArrays(different).size).toBe(0);
});
