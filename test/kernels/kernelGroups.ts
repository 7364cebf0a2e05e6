// SPDX-License-Identifier: Apache-2.0
// Tests of many kernels, one each, that share programs: the first test of a group builds and runs the batches of all.
import type { Batch } from './isaBatch.js';
import { type BoardChange, runBatches } from './runBatches.js';

/** A program's compilation and start are shared by so many kernels; their constants must fit into 2 MB of flash. */
const kernelsPerGroup = 8;

export interface GroupRequest {
  kernels: readonly string[];
  board: string;
  /** The batches of one kernel; what it throws is that kernel's failure. */
  batchesOf(kernel: string): Batch[];
  machines?: readonly BoardChange[];
  /** Kernels of one program. */
  size?: number;
  /** Fewer translation units (joinSources.ts). */
  join?: boolean;
}

type Result = string[] | Error;

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

async function runGroup(kernels: readonly string[], request: GroupRequest): Promise<Map<string, Result>> {
  const results = new Map<string, Result>();
  const batches = new Map<string, Batch[]>();
  for (const kernel of kernels) {
    try {
      batches.set(kernel, request.batchesOf(kernel));
    } catch (error) {
      results.set(kernel, asError(error));
    }
  }
  const run = (list: Batch[]): Promise<string[][]> => runBatches(list, request.board, request.machines, request.join);
  try {
    const defects = await run([...batches.values()].flat());
    for (const [kernel, own] of batches) results.set(kernel, defects.splice(0, own.length).flat());
  } catch (error) {
    // A kernel that does not compile, or never ends, is found by running each alone.
    if (batches.size === 1) for (const kernel of batches.keys()) results.set(kernel, asError(error));
    else for (const [kernel, own] of batches) results.set(kernel, await run(own).then((d) => d.flat(), asError));
  }
  return results;
}

/** What differs for a kernel: its group is run when the first of its kernels is asked for. */
export function kernelGroups(request: GroupRequest): (kernel: string) => Promise<string[]> {
  const running = new Map<number, Promise<Map<string, Result>>>();
  return async (kernel) => {
    const size = request.size ?? kernelsPerGroup;
    const group = Math.floor(request.kernels.indexOf(kernel) / size);
    const start = group * size;
    const results = running.get(group) ?? runGroup(request.kernels.slice(start, start + size), request);
    running.set(group, results);
    const result = (await results).get(kernel);
    if (result === undefined) throw new Error(`${kernel} was not run`);
    if (result instanceof Error) throw result;
    return result;
  };
}
