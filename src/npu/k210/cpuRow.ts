// SPDX-License-Identifier: Apache-2.0
// What a node of a kmodel for the K210's CPU is: bytes, sizes and meaning.
import type { MemoryRange, Reader, Writer } from './kmodelBytes.js';

export interface OneInput {
  input: MemoryRange;
  output: MemoryRange;
}

export interface CpuMemory {
  bytes(range: MemoryRange): Uint8Array;
  floats(range: MemoryRange): Float32Array;
}

export interface Row<N> {
  opcode: number;
  read(reader: Reader): N | undefined;
  write(node: N, to: Writer): void;
  /** Elements that it reads and writes, beside those its ranges have; they must be the same. */
  sizes(node: N): { range: MemoryRange; elements: number }[];
  run(node: N, memory: CpuMemory): void;
}
