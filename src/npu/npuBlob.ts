// SPDX-License-Identifier: Apache-2.0
// A run of nodes, compiled for an NPU: data only.

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
