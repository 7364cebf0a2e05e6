// SPDX-License-Identifier: Apache-2.0
// What gru and rnn share: one state; int8 is hiddenInteger.ts. Inputs: x, weights, recurrent weights, bias, h. Outputs: the hidden state of
// every step, and that after the last.
import type { Graph, Node, TensorData } from '../model/graph.js';
import { given, outputOf } from './attributes.js';
import {
  activationFields,
  callInputs,
  cellActivations,
  clipAttr,
  floatArray,
  outputShape,
  type Sequence,
  sequenceField,
  sequenceOf,
  stateInput,
  stepsOf,
  weightsObstacle,
} from './cell.js';
import {
  evaluateIntegerHidden,
  hiddenIndex,
  type IntegerHidden,
  integerHiddenObstacle,
  isIntegerHidden,
  lowerIntegerHidden,
} from './hiddenInteger.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type OpSpec, optionalInput } from './op.js';
import { constant } from './weighted.js';

/** What a step reads; `h` begins at `state`, `x` at `at`. */
export interface StepData {
  s: Sequence;
  node: Node;
  w: ArrayLike<number>;
  r: ArrayLike<number>;
  bias: ArrayLike<number>;
  x: ArrayLike<number>;
  at: number;
  h: Float32Array;
  state: number;
}

export interface HiddenLayer {
  op: string;
  gates: number;
  /** Rows of bias for each hidden cell. */
  biases: number;
  activations: number;
  fields(node: Node): CStruct['fields'];
  /** The new state of one step. */
  step(data: StepData): ArrayLike<number>;
  integer: IntegerHidden;
}

function geometry(layer: HiddenLayer, node: Node, graph: Graph): Sequence {
  const s = sequenceOf(node, graph, layer.gates, layer.biases);
  stateInput(node, graph, hiddenIndex, s);
  cellActivations(node, layer.activations);
  clipAttr(node, 'gateClip');
  return s;
}

function evaluate(
  layer: HiddenLayer,
  node: Node,
  data: readonly (TensorData | undefined)[],
  s: Sequence,
): TensorData[] {
  const [x, w, r] = [0, 1, 2].map((i) => given(node, data, i));
  const bias = (data[3] ?? new Float32Array(layer.biases * s.hidden)) as Float32Array;
  const h = (data[hiddenIndex]?.slice() ?? new Float32Array(s.batch * s.hidden)) as Float32Array;
  const y = new Float32Array(s.steps * s.batch * s.hidden);
  for (const at of stepsOf(s)) {
    const next = layer.step({ s, node, w, r, bias, x, at: at.x, h, state: at.state });
    h.set(next, at.state);
    y.set(next, at.y);
  }
  return [y, h];
}

export function hiddenLayerOp(layer: HiddenLayer): OpSpec {
  return {
    op: layer.op,
    infer(node, graph) {
      const s = geometry(layer, node, graph);
      const { dtype, quant } = outputOf(node, graph);
      const kept = dtype !== 'float32' && quant ? { quant } : {};
      return [
        { shape: outputShape(s), dtype, ...kept },
        { shape: [s.batch, s.hidden], dtype, ...kept },
      ];
    },
    macs(node, graph) {
      const s = geometry(layer, node, graph);
      return s.steps * s.batch * layer.gates * s.hidden * (s.inputs + s.hidden);
    },
    updates: [{ input: hiddenIndex, output: 1 }],
    unsupported(node, graph) {
      const weights = weightsObstacle(node, graph, [1, 2, 3], [hiddenIndex]);
      if (isIntegerHidden(node, graph))
        return weights ?? integerHiddenObstacle(layer.integer, node, graph, geometry(layer, node, graph));
      const other = [...node.inputs, ...node.outputs].find((id) => id >= 0 && graph.tensors[id].dtype !== 'float32');
      if (other !== undefined)
        return {
          reason: `it has kernels for float32, int8 and int16 throughout, and here there is ${graph.tensors[other].dtype} too`,
          change: 'keep it in float32',
        };
      return weights;
    },
    lower(node, { graph, rounding }) {
      const s = geometry(layer, node, graph);
      const ports = { inputs: callInputs(node, graph, [hiddenIndex]), outputs: [0, 1] };
      if (isIntegerHidden(node, graph))
        return { ...lowerIntegerHidden(layer.integer, node, graph, s, rounding), ...ports };
      const [w, r] = [inputOf(node, graph, 1), inputOf(node, graph, 2)];
      const call = kernelCall(
        layer.op,
        ['f32'],
        [
          sequenceField(s),
          ['given_hidden', optionalInput(node, graph, hiddenIndex) ? 1 : 0],
          ...layer.fields(node),
          ['weights', constant('weights', 'float32', w.data as TensorData, w.shape)],
          ['recurrent', constant('recurrent', 'float32', r.data as TensorData, r.shape)],
          ['bias', floatArray('bias', optionalInput(node, graph, 3)?.data, layer.biases * s.hidden)],
          ...activationFields(cellActivations(node, layer.activations)),
          ['gate_clip', { float: clipAttr(node, 'gateClip') }],
        ],
      );
      return { ...call, ...ports, scratchBytes: 4 * layer.gates * s.hidden };
    },
    evaluate(node, inputs, { graph, rounding }) {
      const s = geometry(layer, node, graph);
      return isIntegerHidden(node, graph)
        ? evaluateIntegerHidden(layer.integer, node, inputs, graph, s, rounding)
        : evaluate(layer, node, inputs, s);
    },
  };
}
