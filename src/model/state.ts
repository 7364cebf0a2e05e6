// SPDX-License-Identifier: Apache-2.0
// State between inferences: what it is after a reset, and where it lies.
import {
  elementCount,
  type Graph,
  makeData,
  type State,
  type Tensor,
  type TensorData,
  type TensorId,
} from './graph.js';

export const statesOf = (graph: Graph): readonly State[] => graph.states ?? [];

/** The tensors that hold state when an inference begins. */
export const stateTensors = (graph: Graph): TensorId[] => statesOf(graph).map((s) => s.read);

/** The integer that stands for zero. */
export const resetValue = (t: Tensor): number => t.quant?.zeroPoints[0] ?? 0;

export const resetData = (t: Tensor): TensorData =>
  (makeData(t.dtype, elementCount(t.shape)) as Int8Array).fill(resetValue(t));

/** State after a reset, by the tensor that reads it. */
export const resetStates = (graph: Graph): Map<TensorId, TensorData> =>
  new Map(stateTensors(graph).map((id) => [id, resetData(graph.tensors[id])]));

/** What a state becomes -> what it was: one place in memory. */
export const stateViews = (graph: Graph): Map<TensorId, TensorId> =>
  new Map(statesOf(graph).map((s) => [s.write, s.read]));
