// SPDX-License-Identifier: Apache-2.0
// A kernel for one instruction set: what it fits, how the packer lays out its constants, and the work it does, from which
// the target's cost table predicts instructions. Reference kernels are the operators' own lower(); a variant replaces it
// where its prediction is lowest.
import type { Node } from '../../model/graph.js';
import type { KernelCall, LowerContext, Prefer } from '../op.js';

/** What a call does, in the units of the cost table. A variant whose time goes elsewhere counts that instead (planeWork). */
export interface Work {
  /** How often the kernel is called, or begins its outermost repetition; 1 unless said. */
  calls?: number;
  /** Output positions (pixels, rows) that are visited once each. */
  pixels: number;
  /** Output elements. */
  outputs: number;
  macs: number;
}

export interface Lowered {
  call: KernelCall;
  work: Work;
}

export interface Variant {
  /** C symbol, a row of the kernel table. */
  kernel: string;
  /** IR operator. */
  op: string;
  /** One of the target's `isa` names. */
  isa: string;
  /** Considered only under these preferences; left out: under every one. */
  prefers?: readonly Prefer[];
  /** The call with its constants in this kernel's order; undefined where the kernel does not fit the node. */
  lower(node: Node, context: LowerContext): Lowered | undefined;
}
