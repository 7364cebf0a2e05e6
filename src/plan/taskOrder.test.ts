// SPDX-License-Identifier: Apache-2.0
// Against all orders that are possible, on random small graphs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOrder, peakOf, type Task, type TaskGraph } from './taskOrder.js';

/** Task i writes tensor i + 1 and reads some of the tensors before; tensor 0 is given. */
const taskGraph = (most: number): fc.Arbitrary<TaskGraph> =>
  fc
    .array(
      fc.record({
        bytes: fc.integer({ min: 1, max: 20 }),
        reads: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        inPlace: fc.boolean(),
        kept: fc.boolean(),
      }),
      { minLength: 1, maxLength: most },
    )
    .map((rows) => {
      const bytes = [7, ...rows.map((r) => r.bytes)];
      const tasks = rows.map((row, i): Task => {
        const reads = [...new Set(row.reads.map((r) => r % (i + 1)))];
        const savings = new Map(row.inPlace ? [[reads[0], Math.min(bytes[reads[0]], row.bytes)]] : []);
        return { reads, writes: [i + 1], after: reads.filter((t) => t > 0).map((t) => t - 1), savings };
      });
      const kept = new Set([rows.length, ...rows.flatMap((r, i) => (r.kept && i % 4 === 0 ? [i + 1] : []))]);
      return { tasks, bytes, given: [0], kept };
    });

const isPossible = (graph: TaskGraph, order: readonly number[]): boolean =>
  new Set(order).size === graph.tasks.length &&
  order.every((task, i) => graph.tasks[task].after.every((t) => order.indexOf(t) < i));

/** The least peak of all possible orders, worked out from lifetimes. */
function leastPeak(graph: TaskGraph, order: number[] = []): number {
  if (order.length === graph.tasks.length) return peakByLifetimes(graph, order);
  let least = Number.POSITIVE_INFINITY;
  graph.tasks.forEach((task, i) => {
    if (order.includes(i) || task.after.some((t) => !order.includes(t))) return;
    least = Math.min(least, leastPeak(graph, [...order, i]));
  });
  return least;
}

function peakByLifetimes(graph: TaskGraph, order: readonly number[]): number {
  const { tasks, bytes, given, kept } = graph;
  const first = bytes.map((_, t) => (given.includes(t) ? 0 : order.findIndex((i) => tasks[i].writes.includes(t))));
  const last = bytes.map((_, t) =>
    kept.has(t) ? order.length : Math.max(first[t], ...order.map((i, at) => (tasks[i].reads.includes(t) ? at : -1))),
  );
  const alive = (at: number): number => bytes.reduce((n, b, t) => (first[t] <= at && last[t] >= at ? n + b : n), 0);
  const saved = (at: number): number =>
    Math.max(0, ...[...tasks[order[at]].savings].map(([t, bytesSaved]) => (last[t] === at ? bytesSaved : 0)));
  return Math.max(bytes[0], ...order.map((_, at) => alive(at) - saved(at)));
}

describe('bestOrder', () => {
  it('has the least peak of all orders', () => {
    fc.assert(
      fc.property(taskGraph(7), (graph) => {
        const order = bestOrder(graph);
        expect(isPossible(graph, order)).toBe(true);
        expect(peakByLifetimes(graph, order)).toBe(leastPeak(graph));
        expect(peakOf(graph, order)).toBe(peakByLifetimes(graph, order));
      }),
      { numRuns: 300 },
    );
  });

  it('is never worse than the order it got, also where it must guess', () => {
    fc.assert(
      fc.property(taskGraph(25), (graph) => {
        const order = bestOrder(graph, 3);
        const asIs = graph.tasks.map((_, i) => i);
        expect(isPossible(graph, order)).toBe(true);
        const peaks = [order, asIs, bestOrder(graph)].map((o) => peakOf(graph, o));
        expect(peaks[0]).toBeLessThanOrEqual(peaks[1]);
        expect(peaks[2]).toBeLessThanOrEqual(peaks[0]);
        expect(bestOrder(graph, 3)).toEqual(order);
      }),
      { numRuns: 60 },
    );
  });

  it('does small branches before large ones where that helps', () => {
    // 0 -> 1 (100 bytes) -> 2 (1 byte), 0 -> 3 (90 bytes) -> 4 (1 byte), and 2 + 4 -> 5.
    const task = (reads: number[], writes: number): Task => ({
      reads,
      writes: [writes],
      after: reads.filter((t) => t > 0).map((t) => [0, 0, 2, 1, 3][t]),
      savings: new Map(),
    });
    const tasks = [task([0], 1), task([0], 3), task([1], 2), task([3], 4), task([2, 4], 5)];
    const graph = { tasks, bytes: [10, 100, 1, 90, 1, 1], given: [0], kept: new Set([5]) };
    expect(peakOf(graph, [0, 1, 2, 3, 4])).toBe(200);
    expect(peakOf(graph, bestOrder(graph))).toBe(111);
  });
});
