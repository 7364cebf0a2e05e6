// SPDX-License-Identifier: Apache-2.0
// Operations that begin before what they read has been written: their BLOCKDEP lets too many blocks be unfinished.
import { largestBlockDependency, mostBlocks, nothingRecent, recentAfter } from './blockDependency.js';
import { type EthosHardware, ethosHardware } from './hardware.js';
import { OperationRegisters } from './operation.js';
import type { EthosConfig } from './payload.js';
import { kernelOperations, type StreamOperation } from './registers.js';

type Broken = (reason: string) => never;

/** BLOCKDEP of each operation that computes, and the largest that is right. */
export function blockDependencies(
  operations: readonly StreamOperation[],
  hardware: EthosHardware,
  broken: Broken,
): { operation: StreamOperation; given: number; largest: number }[] {
  let recent = nothingRecent;
  return operations.flatMap((operation) => {
    // Then all blocks are finished, and their table is no longer needed.
    if (operation.name === 'KERNEL_WAIT' && operation.parameter === 0) recent = nothingRecent;
    if (!kernelOperations.has(operation.name)) return [];
    const given = new OperationRegisters(operation, broken).optional('BLOCKDEP') ?? 0;
    const largest = largestBlockDependency(recent, operation, hardware, broken);
    // Arm's compilers look at no more than one operation back, and so does this; mote's own writes what is right for all.
    recent = recentAfter(nothingRecent, operation, broken);
    return [{ operation, given, largest }];
  });
}

function finding(given: number, largest: number): string | undefined {
  if (given > mostBlocks) return `BLOCKDEP is ${given}, more than ${mostBlocks}`;
  if (given <= largest) return undefined;
  return `BLOCKDEP ${given} lets it read what is not yet written: ${largest} is the largest`;
}

/** Operations whose BLOCKDEP is too large. */
export function blockHazards(
  operations: readonly StreamOperation[],
  { id }: EthosConfig,
  broken: Broken,
): Map<StreamOperation, string> {
  const found = new Map<StreamOperation, string>();
  const hardware = ethosHardware[id];
  if (!hardware) return found;
  for (const { operation, given, largest } of blockDependencies(operations, hardware, broken)) {
    const text = finding(given, largest);
    if (text) found.set(operation, text);
  }
  return found;
}
