// SPDX-License-Identifier: Apache-2.0
// What inspect says of an NPU's nodes: reasons in full, however narrow the table is.
import { expect, it } from 'vitest';
import { npuLines } from './npuPlaces.js';

it('says why the CPU has a node in a whole sentence, once for all that share it', () => {
  const small = 'its map of 3x3 is smaller than 4x4, the least the KPU takes';
  const cpu = (node: string, reason: string, change: string) => ({
    node,
    op: 'conv2d',
    verdict: { npu: false as const, reason, change },
    blob: undefined,
    cycles: undefined,
  });
  const places = [
    { node: 'a/long/name/of/a/layer', op: 'conv2d', verdict: { npu: true as const }, blob: 0, cycles: 1234 },
    cpu('b', small, 'nothing: the CPU computes it'),
    cpu('c', 'its kernel is 10x4', 'kernels of 1x1 or 3x3'),
    cpu('d', small, 'nothing: the CPU computes it'),
  ];
  const lines = npuLines({ config: 'k210', graph: undefined, places, by: 'by mote' }, new Map([['b', 5678]]), 60);
  expect(lines.slice(-3)).toEqual([
    'npu     k210: 1 of 4 nodes; by mote',
    `cpu     1 3: ${small}; nothing: the CPU computes it`,
    'cpu     2: its kernel is 10x4; kernels of 1x1 or 3x3',
  ]);
});
