// SPDX-License-Identifier: Apache-2.0
import { availableParallelism } from 'node:os';

/** Does the jobs, as many at a time as there are processors, and gives their results in order. After a failure none begins;
 *  it is thrown when those under way have ended, so that none of them still writes. */
export async function inParallel<T>(jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await jobs[index]();
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
