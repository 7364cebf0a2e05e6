// SPDX-License-Identifier: Apache-2.0
// What an NPU is to the partition: which nodes it takes, compilers that make a blob of a run of them, the hardware's rules.
// What runs a blob is in blobRunner.ts.
import type { Graph, Node } from '../model/graph.js';
import type { CompiledBlob, NpuBlob } from './npuBlob.js';
import type { Finding } from './npuFile.js';

/** Whether the NPU takes a node; else why not, and what would change it. */
export type Verdict = { npu: true } | { npu: false; reason: string; change: string };

/** What a compiler is asked to do about memory. */
export interface MemoryWish {
  /** The least, for some more cycles. */
  prefer?: 'ram';
  /** What there is for the scratch: where the usual way takes more, a way that takes less. */
  budgetBytes?: number;
}

export interface NpuBackend {
  id: string;
  /** Hardware it compiles for: `ethos-u55-128`. */
  configs: readonly string[];
  /** Compilers. */
  providers: readonly string[];
  /** The compiler that is taken where none is named: the best one that is there. */
  defaultProvider(): string;
  /** Whether its answers are those of mote's kernels with TensorFlow Lite's rounding, bit by bit. */
  exact: boolean;
  /** What an answer of the functional model does not show, one phrase each. */
  notChecked: readonly string[];
  /** The same graph in other nodes, where the NPU takes more of it so. */
  prepare?(graph: Graph): Graph;
  supports(node: Node, graph: Graph, config: string): Verdict;
  /** A graph of supported nodes only, with inputs, outputs and constants of its own. Throws `LeftToCpu` where the compiler
   *  is of another opinion than `supports`, `NeedsOwnBlob` where it must be cut (never for all of its nodes). */
  compile(subgraph: Graph, config: string, provider: string, wish: MemoryWish): Promise<CompiledBlob>;
  /** Broken rules of the hardware that the functional model cannot see. */
  check(blob: NpuBlob): Finding[];
}

/** A compiler does not take these nodes of the subgraph. */
export class LeftToCpu extends Error {
  constructor(
    readonly nodes: readonly string[],
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** These nodes, one behind the other, fit only into a blob of their own: the others' tensors are in the way. */
export class NeedsOwnBlob extends Error {
  constructor(readonly nodes: readonly string[]) {
    super(`${nodes.join(', ')} need a blob of their own`);
  }
}
