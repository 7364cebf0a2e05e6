// SPDX-License-Identifier: Apache-2.0
// Cascades: rows go in stripes through operations that follow each other, and of the maps between them only a rolling
// buffer of rows is kept, row y at y modulo its size. No row is computed twice.
import { inputViews, isView, type MapView, type NpuOperation, type Storage } from './npuOperation.js';
import { inputRows, type Rows, rowsOf, sameMap } from './stripes.js';

/** Operations [from, to) with so many rows of the last one's output at a time. */
export interface Cascade {
  from: number;
  to: number;
  rows: number;
  /** Of each operation: its weights lie in memory as long as the cascade runs; else they are read anew for each stripe. */
  buffered: readonly boolean[];
}

/** An operation of a list, or some of its rows. */
export interface Step {
  operation: NpuOperation;
  cascade?: {
    cascade: Cascade;
    /** Number of the operation in the list. */
    index: number;
    /** The most rows that it computes at a time. */
    tallest: NpuOperation;
  };
}

/** A map that is all of its storage. */
const isWhole = (view: MapView, { bytes }: Storage): boolean =>
  view.offset === 0 && bytes === view.height * view.strideY;

/** For each operation whether a cascade may go on from it to the next one: nobody but that one reads what it writes, all of
 *  it, and by rows. */
export function links(operations: readonly NpuOperation[], storages: readonly Storage[]): boolean[] {
  const touched = new Map<number, number>();
  for (const o of operations)
    for (const { storage } of [...inputViews(o), o.output]) touched.set(storage, (touched.get(storage) ?? 0) + 1);
  return operations.map((operation, i) => {
    const next = operations[i + 1];
    const { output } = operation;
    const storage = storages[output.storage];
    if (!next || storage.data || storage.port !== undefined || touched.get(output.storage) !== 2) return false;
    const read = inputViews(next).find((v) => v.storage === output.storage);
    if (!read || !isWhole(output, storage) || read.height > output.height || read.width > output.width) return false;
    // A window may leave out the last rows and columns.
    const cut = { ...read, height: output.height, width: output.width };
    if (!sameMap(cut, output)) return false;
    return next.kind !== 'elementwise' || read.height === next.output.height;
  });
}

export interface Stripe extends Rows {
  /** Of the chain. */
  at: number;
  /** Of its input. */
  needs: Rows;
}

/** Rows at a time: as many as `rows` of the last operation's want in the long run. */
function stripeHeights(chain: readonly NpuOperation[], rows: number): number[] {
  const heights = new Array<number>(chain.length).fill(rows);
  for (let at = chain.length - 1; at > 0; at--) {
    const operation = chain[at];
    heights[at - 1] = heights[at] * (operation.kind === 'elementwise' ? 1 : operation.kernel.strideY);
  }
  return heights;
}

/** What each operation of a cascade computes, in the order in which they run: of each no more than the next one wants at
 *  once, so that no buffer has more than a window and a stripe. */
export function* stripes(chain: readonly NpuOperation[], rows: number): Generator<Stripe> {
  const heights = stripeHeights(chain, rows);
  const done = new Array<number>(chain.length).fill(0);
  function* until(at: number, goal: number): Generator<Stripe> {
    while (done[at] < goal) {
      const from = done[at];
      const to = Math.min(from + heights[at], goal);
      const needs = inputRows(chain[at], { from, to });
      if (at > 0) yield* until(at - 1, needs.to);
      done[at] = to;
      yield { at, from, to, needs };
    }
  }
  yield* until(chain.length - 1, chain[chain.length - 1].output.height);
}

/** Rows that the buffer behind each operation but the last must hold: what the next one still wants, and a whole stripe,
 *  some of which a window that steps over rows may never want. */
export function bufferRows(chain: readonly NpuOperation[], rows: number): number[] {
  const made = new Array<number>(chain.length).fill(0);
  const most = new Array<number>(chain.length - 1).fill(0);
  for (const { at, from, to, needs } of stripes(chain, rows)) {
    made[at] = to;
    if (at < most.length) most[at] = Math.max(most[at], to - from);
    if (at > 0) most[at - 1] = Math.max(most[at - 1], made[at - 1] - needs.from);
  }
  return most;
}

/** The operations of a cascade on rolling buffers. */
function rolled(chain: readonly NpuOperation[], rows: readonly number[]): NpuOperation[] {
  const buffers = new Map(chain.slice(0, -1).map((o, i) => [o.output.storage, rows[i]]));
  const roll = (view: MapView): MapView => {
    const size = buffers.get(view.storage);
    return size === undefined ? view : { ...view, rolling: { rows: size, first: 0 } };
  };
  return chain.map((o) => ({
    ...o,
    input: roll(o.input),
    output: roll(o.output),
    ...(o.kind === 'elementwise' && isView(o.second) ? { second: roll(o.second) } : {}),
  }));
}

function stepsOf(operations: readonly NpuOperation[], cascade: Cascade, storages: Storage[]): Step[] {
  const chain = operations.slice(cascade.from, cascade.to);
  const rows = bufferRows(chain, cascade.rows);
  chain.slice(0, -1).forEach(({ output }, i) => {
    storages[output.storage] = { ...storages[output.storage], bytes: rows[i] * output.strideY };
  });
  const whole = rolled(chain, rows);
  const found = [...stripes(chain, cascade.rows)].map((s) => ({ at: s.at, operation: rowsOf(whole[s.at], s) }));
  const tallest = whole.map((_, at) =>
    found
      .filter((s) => s.at === at)
      .map((s) => s.operation)
      .reduce((a, b) => (b.output.height > a.output.height ? b : a)),
  );
  return found.map(({ at, operation }) => ({
    operation,
    cascade: { cascade, index: cascade.from + at, tallest: tallest[at] },
  }));
}

/** All operations in the order in which they run; storages inside cascades shrink to their buffers. */
export function cascaded(
  operations: readonly NpuOperation[],
  cascades: readonly Cascade[],
  storages: Storage[],
): Step[] {
  return operations.flatMap((operation, i): Step[] => {
    const inside = cascades.find((c) => c.from <= i && i < c.to);
    if (!inside) return [{ operation }];
    return inside.from === i ? stepsOf(operations, inside, storages) : [];
  });
}
