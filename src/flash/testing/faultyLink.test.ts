// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { ByteReader, ReadTimeout } from '../../link/byteReader.js';
import { memoryLink } from '../../link/memoryLink.js';
import { type FaultPlan, faultyLink, noFaults } from './faultyLink.js';
import { outside, type TestBoard } from './testBoard.js';
import { inVirtualTime } from './virtualTime.js';

/** Sends every byte back, plus one where it was reset; `no` where it was told to refuse. */
function echoBoard() {
  const { near, far } = memoryLink('echo');
  const events: string[] = [];
  far.onData((bytes) => far.send(bytes));
  const board: TestBoard = {
    link: near,
    record: { erased: [], written: [], forbidden: [] },
    content: () => new Uint8Array(0),
    say: (bytes) => far.send(bytes),
    refuseNext: () => void events.push('refuse'),
    reset: () => void events.push('reset'),
    runProgram: () => void events.push('program'),
    unplug: () => far.break('unplugged'),
  };
  return { board, events };
}

const plan = (faults: Partial<FaultPlan>): FaultPlan => ({ ...noFaults, ...faults });

async function echo(faults: Partial<FaultPlan>, sent: number[][], count: number) {
  const { board, events } = echoBoard();
  const outcome = await inVirtualTime(60_000, async () => {
    const link = faultyLink(board, plan(faults));
    const reader = new ByteReader(link);
    for (const bytes of sent) await link.write(Uint8Array.from(bytes));
    return [...(await reader.take(count, 10_000))];
  });
  return { outcome, events };
}

test('bytes are dropped, doubled, corrupted in their direction and nowhere else', async () => {
  const both = await echo(
    { toBoard: [{ kind: 'drop', at: 1 }], toHost: [{ kind: 'corrupt', at: 0, mask: 0x80 }] },
    [[1, 2], [3]],
    2,
  );
  expect(both.outcome).toMatchObject({ value: [0x81, 3], tookMs: 0 });
  const doubled = await echo({ toBoard: [{ kind: 'double', at: 2 }] }, [[1, 2], [3]], 4);
  expect(doubled.outcome).toMatchObject({ value: [1, 2, 3, 3] });
});

test('a late byte holds up those after it, in virtual time', async () => {
  const { outcome } = await echo({ toHost: [{ kind: 'late', at: 1, delayMs: 2500 }] }, [[1, 2, 3]], 3);
  expect(outcome).toEqual({ value: [1, 2, 3], tookMs: 2500 });
});

test('what happens to the board happens before its byte; noise comes first', async () => {
  const { outcome, events } = await echo(
    { board: [{ kind: 'reset', at: 2 }], noise: Uint8Array.of(9) },
    [[1, 2, 3]],
    4,
  );
  expect(outcome).toMatchObject({ value: [9, 1, 2, 3] });
  expect(events).toEqual(['reset']);
});

test('a pulled plug ends reads and writes', async () => {
  const { outcome } = await echo({ board: [{ kind: 'unplug', at: 1 }] }, [[1, 2]], 2);
  expect(outcome).toHaveProperty('error');
  expect(String((outcome as { error: Error }).error)).toContain('unplugged');
});

test('virtual time ends waits without waiting, and refuses work that never ends', async () => {
  const { outcome } = await echo({}, [[1]], 2);
  expect((outcome as { error: Error }).error).toBeInstanceOf(ReadTimeout);
  expect(outcome.tookMs).toBe(10_000);
  const forever = async () => {
    for (;;) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await expect(inVirtualTime(5000, forever)).rejects.toThrow('not done after 5000 ms');
});

test('ranges are judged to the byte', () => {
  const allowed = [{ address: 100, bytes: 10 }];
  expect(outside([{ address: 100, bytes: 10 }], allowed)).toEqual([]);
  expect(
    outside(
      [
        { address: 99, bytes: 2 },
        { address: 109, bytes: 2 },
      ],
      allowed,
    ),
  ).toHaveLength(2);
});
