// SPDX-License-Identifier: Apache-2.0
// A plan: which call runs when, and where in the arena each tensor lies.
import type { Node, TensorId } from '../model/graph.js';
import type { ConstArray, KernelCall } from '../ops/op.js';
import type { Work } from '../ops/variants/variant.js';
import type { Buffer } from './buffers.js';
import type { CodedConstants } from './codedConstants.js';
import type { Stream } from './stream.js';

export interface Step {
  node: Node;
  call: KernelCall;
  macs: number;
  /** What the cost table predicts from; a streamed run's stages have their own. */
  work?: Work;
  /** Estimated by the target's cost table; undefined for a kernel without a row. */
  instructions: number | undefined;
  /** Arena offset of the call's scratch, when it has any. */
  scratchOffset: number;
  /** A run of layers in bands of rows: `node` stands for all of them, `call` for the generated function. */
  stream?: Stream;
  /** Constants that are stored entropy-coded, and the arena offset at which the call finds them. */
  coded?: CodedConstants & { offset: number };
}

export interface Plan {
  steps: Step[];
  offsetOf: Map<TensorId, number>;
  viewOf: Map<TensorId, TensorId>;
  arenaBytes: number;
  /** Of the arena's address. */
  alignBytes: number;
  /** Proved: no plan for this operator order and these calls can need less. arenaBytes === boundBytes: optimal. */
  boundBytes: number;
  /** For the picture of the arena over time. */
  buffers: (Buffer & { offset: number })[];
  /** `prefer: ram`: what the search gained and what it costs. */
  trade?: Trade;
}

export interface Trade {
  /** Without streaming, with the fastest kernels. */
  usualArenaBytes: number;
  /** Predicted, of this plan and of the usual one. */
  instructions: number;
  usualInstructions: number;
}

/** Every kernel call of a step. */
export const callsOf = (step: Step): KernelCall[] => step.stream?.stages.flatMap((s) => s.calls) ?? [step.call];

export const constantsOf = (call: KernelCall): ConstArray[] =>
  call.params.fields.flatMap(([, value]) =>
    value !== null && typeof value === 'object' && 'const' in value ? [value.const] : [],
  );
