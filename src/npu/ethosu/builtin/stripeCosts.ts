// SPDX-License-Identifier: Apache-2.0
// What operations take in stripes, by the model of cycles: for the search of cascades, which asks the same often.
import { chooseBlock } from './chooseBlock.js';
import type { NpuOperation } from './npuOperation.js';
import { type Part, parameterBytes, sizedMemories } from './schedule.js';
import { rowsOf } from './stripes.js';

export interface StripeCosts {
  /** Cycles of one stripe of so many rows of the operation with this number. */
  cycles(index: number, rows: number, buffered: boolean): number;
  /** Of the parameters, where they lie in memory. */
  bytes(index: number): number;
  /** Cycles in which they are brought there. */
  transfer(index: number): number;
}

export function stripeCosts(operations: readonly NpuOperation[], part: Part): StripeCosts {
  const known = new Map<string, number>();
  const bytes = (index: number): number => parameterBytes(part, operations[index]);
  const cost = (index: number, rows: number, buffered: boolean): number => {
    const whole = operations[index];
    const { height } = whole.output;
    // One from the middle, where windows reach over no border.
    const from = Math.min(rows, Math.max(0, height - rows));
    const operation = rows < height ? rowsOf(whole, { from, to: from + rows }) : whole;
    return chooseBlock(operation, part.hardware, sizedMemories(part, operation, buffered))?.cycles ?? 0;
  };
  return {
    bytes,
    transfer: (index) => bytes(index) / part.system.other.bytesPerCycle,
    cycles: (index, rows, buffered) => {
      // Without parameters it does not matter where they lie.
      const key = [index, Math.min(rows, operations[index].output.height), buffered || bytes(index) === 0].join();
      const found = known.get(key) ?? cost(index, rows, buffered);
      known.set(key, found);
      return found;
    },
  };
}
