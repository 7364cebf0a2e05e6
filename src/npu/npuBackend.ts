// SPDX-License-Identifier: Apache-2.0
// What an NPU is to mote: which nodes it takes, a compiler that makes a blob of a run of them, a functional model, the
// hardware's rules, and the C call that runs a blob. Partition, plan and emitter know an NPU only through this.
import type { Graph, Node } from '../model/graph.js';
import type { KernelCall } from '../ops/op.js';
import type { Finding } from './npuFile.js';

/** Whether the NPU takes a node; else why not, and what would change it. */
export type Verdict = { npu: true } | { npu: false; reason: string; change: string };

/** Memory by region number: where a stream's addresses count from. Those from `ports` on lie wherever the memory plan puts
 *  the tensor, so that nothing is copied; a compiler that places its ports itself puts them into `scratch`. */
export const blobRegions = { constants: 0, scratch: 1, fastScratch: 2, ports: 4, count: 8 } as const;

/** Every region begins at a multiple of this (Ethos-U's driver refuses others). */
export const blobAlignBytes = 16;

/** An input or output of a blob: dense NHWC in the tensor's own type. */
export interface BlobPort {
  name: string;
  region: number;
  /** From the region's beginning. */
  offsetBytes: number;
  bytes: number;
}

/** What the compiler believes that a node of the subgraph takes. */
export interface BlobLayer {
  name: string;
  /** Estimated NPU cycles; undefined where the compiler does not say. */
  cycles: number | undefined;
}

/** A run of nodes, compiled for one NPU. */
export interface NpuBlob {
  /** NpuBackend.id. */
  backend: string;
  /** `ethos-u55-128`. */
  config: string;
  /** Who compiled it: `vela`, `builtin`. */
  provider: string;
  /** `ethos-u-vela 5.2.0`, `mote 0.1.0`. */
  tool: string;
  /** What the driver is handed: for Ethos-U the words from "COP1" on. */
  payload: Uint8Array;
  /** Region 0: weights, scales, tables. */
  constants: Uint8Array;
  /** Regions 1 and 2. On U55 both may be the same memory (then fastScratchBytes is 0 and region 2 begins where 1 does). */
  scratchBytes: number;
  fastScratchBytes: number;
  /** In the order of the subgraph's inputs and outputs. */
  inputs: readonly BlobPort[];
  outputs: readonly BlobPort[];
  /** Multiply-accumulates of its nodes. */
  macs: number;
  /** Estimated by the compiler for one inference; undefined where it does not say. */
  cycles: number | undefined;
  layers: readonly BlobLayer[];
}

/** As the compiler gives it. */
export type CompiledBlob = Omit<NpuBlob, 'macs'>;

export interface NpuBackend {
  id: string;
  /** Hardware it compiles for: `ethos-u55-128`. */
  configs: readonly string[];
  /** Compilers. */
  providers: readonly string[];
  /** The compiler that is taken where none is named: the best one that is there. */
  defaultProvider(): string;
  /** What an answer from `simulate` does not show, one phrase each. */
  notChecked: readonly string[];
  supports(node: Node, graph: Graph, config: string): Verdict;
  /** A graph of supported nodes only, with inputs, outputs and constants of its own. Throws `LeftToCpu` where the compiler
   *  is of another opinion than `supports`. */
  compile(subgraph: Graph, config: string, provider: string): Promise<CompiledBlob>;
  /** Outputs by the functional model. */
  simulate(blob: NpuBlob, inputs: readonly Uint8Array[]): Uint8Array[];
  /** Broken rules of the hardware that the functional model cannot see. */
  check(blob: NpuBlob): Finding[];
  /** The C call with payload and constants as its arrays. */
  emitC(blob: NpuBlob): KernelCall;
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
