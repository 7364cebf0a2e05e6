// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { Node } from '../model/graph.js';
import type { KernelCall } from '../ops/op.js';
import type { Buffer } from './buffers.js';
import { findPins } from './pins.js';

const buffer = (name: string, first: number, last: number): Buffer => ({ name, bytes: 16, first, last, tensors: [] });
const node = (inputs: number[], outputs: number[]): Node => ({ op: 'npu', name: 'n', inputs, outputs, attrs: {} });
const call = (inputs: (number | undefined)[], outputs: (number | undefined)[]): KernelCall => ({
  kernel: 'k',
  params: { type: 'k', fields: [] },
  inputs: [0],
  outputs: [0],
  scratchBytes: 64,
  pinned: { inputs, outputs },
});

it('tensors that only the call needs lie in its scratch, which lives as long as they', () => {
  const [a, b] = [buffer('a', 0, 2), buffer('b', 2, 5)];
  const scratch = buffer('scratch', 2, 2);
  const plain = { ...call([], []), pinned: undefined } as unknown as KernelCall;
  const calls = [plain, plain, call([32], [0])];
  const nodes = [node([], []), node([], []), node([1], [2])];
  const pins = findPins(
    nodes,
    calls,
    new Map([
      [1, a],
      [2, b],
    ]),
    new Map([[2, scratch]]),
  );
  expect(pins).toEqual(
    new Map([
      [a, { into: scratch, offset: 32 }],
      [b, { into: scratch, offset: 0 }],
    ]),
  );
  expect([scratch.first, scratch.last]).toEqual([0, 5]);
});

it('what is read later, has no place, or lies in another scratch stays outside', () => {
  const [later, free, between] = [buffer('later', 0, 9), buffer('free', 0, 0), buffer('between', 0, 1)];
  const scratches = new Map([
    [0, buffer('s0', 0, 0)],
    [1, buffer('s1', 1, 1)],
  ]);
  const nodes = [node([1, 2], [3]), node([3], [])];
  const calls = [call([0, undefined], [16]), call([0], [])];
  const pins = findPins(
    nodes,
    calls,
    new Map([
      [1, later],
      [2, free],
      [3, between],
    ]),
    scratches,
  );
  expect([...pins].map(([b, p]) => [b.name, p.into.name, p.offset])).toEqual([['between', 's0', 16]]);
});
