// SPDX-License-Identifier: Apache-2.0
// Test only: runs work whose waits are setTimeout and performance.now in virtual time, which passes only while nothing
// else is to do. So a wait of 30 s costs nothing, and a busy machine cannot make a time limit fire.
// Threads (asynchronous zlib, files) do not stop the virtual clock: such work must not be raced against a time limit.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { vi } from 'vitest';

export type Outcome<T> = { tookMs: number } & ({ value: T } | { error: unknown });

/** Turns of the event loop after which work without any timer counts as stuck (a thread may still answer). */
const mostIdleTurns = 100_000;

/** The outcome of `work`; throws where it takes longer than `limitMs` of virtual time or waits for nothing. */
export async function inVirtualTime<T>(limitMs: number, work: () => Promise<T>): Promise<Outcome<T>> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  try {
    const start = performance.now();
    let outcome: Outcome<T> | undefined;
    work().then(
      (value) => {
        outcome = { value, tookMs: performance.now() - start };
      },
      (error: unknown) => {
        outcome = { error, tookMs: performance.now() - start };
      },
    );
    for (let idle = 0; ; idle++) {
      await nextTurn();
      // Checked first: the last wait may have gone far past the limit.
      if (performance.now() - start > limitMs) throw new Error(`not done after ${limitMs} ms of virtual time`);
      if (outcome !== undefined) return outcome;
      if (idle > mostIdleTurns) throw new Error('it waits for something that never comes');
      if (vi.getTimerCount() === 0) continue;
      vi.advanceTimersToNextTimer();
      idle = 0;
    }
  } finally {
    vi.useRealTimers();
  }
}
