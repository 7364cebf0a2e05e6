// SPDX-License-Identifier: Apache-2.0
// In which order tasks that make and read tensors need the least memory at once.
//
// What is alive depends on the set of tasks that are done, not on their order. So the best order is the path through the
// sets, from none to all, whose worst step is least: Dijkstra's algorithm with the maximum in place of the sum. Where
// there are too many sets, a beam search looks at the best ones of each size.

export interface Task {
  /** Tensors, each once. */
  reads: readonly number[];
  writes: readonly number[];
  /** Tasks that come first. */
  after: readonly number[];
  /** Bytes that the output and this dying input need less together than apart. */
  savings: ReadonlyMap<number, number>;
}

export interface TaskGraph {
  tasks: readonly Task[];
  /** Of each tensor. */
  bytes: readonly number[];
  /** Tensors that are there from the beginning, and those that stay to the end. */
  given: readonly number[];
  kept: ReadonlySet<number>;
}

interface State {
  done: Uint8Array;
  count: number;
  alive: number;
  peak: number;
  task: number;
  previous?: State;
}

type Readers = readonly (readonly number[])[];

function readersOf({ tasks, bytes }: TaskGraph): Readers {
  const readers = bytes.map((): number[] => []);
  tasks.forEach((task, i) => {
    for (const t of task.reads) readers[t].push(i);
  });
  return readers;
}

const sum = (graph: TaskGraph, tensors: readonly number[]): number => tensors.reduce((n, t) => n + graph.bytes[t], 0);

const start = (graph: TaskGraph): State => {
  const alive = sum(graph, graph.given);
  return { done: new Uint8Array(graph.tasks.length), count: 0, alive, peak: alive, task: -1 };
};

/** The state behind one more task. */
function step(graph: TaskGraph, readers: Readers, from: State, i: number): State {
  const task = graph.tasks[i];
  const dying = task.reads.filter((t) => !graph.kept.has(t) && readers[t].every((r) => r === i || from.done[r]));
  const during = from.alive + sum(graph, task.writes) - Math.max(0, ...dying.map((t) => task.savings.get(t) ?? 0));
  const unread = task.writes.filter((t) => !graph.kept.has(t) && readers[t].length === 0);
  const done = from.done.slice();
  done[i] = 1;
  return {
    done,
    count: from.count + 1,
    alive: from.alive + sum(graph, task.writes) - sum(graph, dying) - sum(graph, unread),
    peak: Math.max(from.peak, during),
    task: i,
    previous: from,
  };
}

/** The states behind every task that could come next; only one where it costs nothing, now or later. */
function successors(graph: TaskGraph, readers: Readers, from: State): State[] {
  const next: State[] = [];
  for (let i = 0; i < graph.tasks.length; i++) {
    if (from.done[i] || graph.tasks[i].after.some((t) => !from.done[t])) continue;
    const state = step(graph, readers, from, i);
    // Done later it would leave no less alive, and could not make room for others before.
    if (state.alive <= from.alive && state.peak === from.peak) return [state];
    next.push(state);
  }
  return next;
}

/** Least peak first; of equal ones the longest, then the one in which the earlier task came last. */
const before = (a: State, b: State): boolean =>
  a.peak !== b.peak ? a.peak < b.peak : a.count !== b.count ? a.count > b.count : a.task < b.task;

function push(heap: State[], state: State): void {
  let i = heap.push(state) - 1;
  for (let up = (i - 1) >> 1; i > 0 && before(heap[i], heap[up]); up = (i - 1) >> 1) {
    [heap[i], heap[up]] = [heap[up], heap[i]];
    i = up;
  }
}

function pop(heap: State[]): State | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (!last || heap.length === 0) return top;
  heap[0] = last;
  for (let i = 0; ; ) {
    let least = i;
    for (const child of [2 * i + 1, 2 * i + 2])
      if (child < heap.length && before(heap[child], heap[least])) least = child;
    if (least === i) return top;
    [heap[i], heap[least]] = [heap[least], heap[i]];
    i = least;
  }
}

/** The best order's last state, or undefined where it would take more states. */
function exact(graph: TaskGraph, readers: Readers, maxStates: number): State | undefined {
  const heap = [start(graph)];
  const seen = new Set<string>();
  for (let at = pop(heap); at && seen.size < maxStates; at = pop(heap)) {
    if (at.count === graph.tasks.length) return at;
    const key = at.done.join('');
    if (seen.has(key)) continue;
    seen.add(key);
    for (const next of successors(graph, readers, at)) push(heap, next);
  }
  return undefined;
}

const beamWidth = 24;

/** A good order's last state. */
function beam(graph: TaskGraph, readers: Readers): State {
  let states = [start(graph)];
  for (let count = 0; count < graph.tasks.length; count++) {
    const next = new Map<string, State>();
    for (const state of states.flatMap((s) => successors(graph, readers, s))) {
      const key = state.done.join('');
      const other = next.get(key);
      if (!other || state.peak < other.peak) next.set(key, state);
    }
    states = [...next.values()]
      .sort((a, b) => a.peak - b.peak || a.alive - b.alive || a.task - b.task)
      .slice(0, beamWidth);
  }
  return states[0];
}

function pathTo(state: State): number[] {
  const order: number[] = [];
  for (let s: State | undefined = state; s && s.task >= 0; s = s.previous) order.push(s.task);
  return order.reverse();
}

/** The most bytes alive at once in this order. */
export function peakOf(graph: TaskGraph, order: readonly number[]): number {
  const readers = readersOf(graph);
  return order.reduce((state, i) => step(graph, readers, state, i), start(graph)).peak;
}

/** Moves single tasks while that makes the peak lower. */
function polish(graph: TaskGraph, order: readonly number[]): number[] {
  let best = [...order];
  let peak = peakOf(graph, best);
  let tries = 500;
  for (let from = 0; from < best.length && tries > 0; from++) {
    for (let to = 0; to < best.length && tries > 0; to++) {
      const moved = best.filter((_, i) => i !== from);
      moved.splice(to, 0, best[from]);
      const place = new Map(moved.map((task, i) => [task, i]));
      const near = graph.tasks[best[from]].after.every((t) => (place.get(t) as number) < to);
      if (to === from || !near || moved.some((t, i) => i < to && graph.tasks[t].after.includes(best[from]))) continue;
      tries--;
      const now = peakOf(graph, moved);
      if (now >= peak) continue;
      [best, peak] = [moved, now];
    }
  }
  return best;
}

/** Tasks are numbered in an order that is possible; another one is given only if its peak is lower. */
export function bestOrder(graph: TaskGraph, maxStates = 2000): number[] {
  const asIs = graph.tasks.map((_, i) => i);
  const readers = readersOf(graph);
  const found = exact(graph, readers, maxStates);
  const order = found ? pathTo(found) : polish(graph, pathTo(beam(graph, readers)));
  return peakOf(graph, order) < peakOf(graph, asIs) ? order : asIs;
}
