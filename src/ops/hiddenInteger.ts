// SPDX-License-Identifier: Apache-2.0
// gru and rnn in int8 or int16: weights of int8, sums of gates in Q3.12, gates and the state that goes from step to step in Q0.15,
// by the tables of TensorFlow Lite's integer LSTM. The output is that state, rescaled.
import { type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape, given, outputOf } from './attributes.js';
import { cellActivations, dotInteger, productsObstacle, type Sequence, sequenceField, stepsOf } from './cell.js';
import { saturate16 } from './cellGate.js';
import { symmetryObstacle } from './curve16.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, optionalInput, type Rounding } from './op.js';
import { limitsOf, type Scale, sameQuant, scaleOf, weightScales } from './quantized.js';
import {
  clampTo,
  type Multiplier,
  quantizeMultiplier,
  quantizeMultiplier64,
  requantize,
  requantize64,
  roundingCode,
} from './requantize.js';
import { constant, type Reason } from './weighted.js';

export const hiddenIndex = 4;
const gateScale = 2 ** -12;
const unitScale = 2 ** -15;

/** What the two layers have of their own. */
export interface IntegerHidden {
  op: string;
  gates: number;
  /** The kinds of activation that there are tables for. */
  activations: readonly string[];
  /** Whether sums over the state have a bias of their own. */
  recurrentBias: boolean;
  fields(node: Node): CStruct['fields'];
  step(sums: HiddenSums, data: { node: Node; hidden: number; h: Int16Array; state: number }): Int16Array;
}

/** Sums of a step in Q3.12. */
export interface HiddenSums {
  ofInput(gate: number, row: number): number;
  ofState(gate: number, row: number, h: ArrayLike<number>, at: number): number;
}

export const isIntegerHidden = (node: Node, graph: Graph): boolean =>
  ['int8', 'int16'].includes(inputOf(node, graph, 0).dtype) &&
  outputOf(node, graph).dtype === inputOf(node, graph, 0).dtype;

export function integerHiddenObstacle(layer: IntegerHidden, node: Node, graph: Graph, s: Sequence): Reason | undefined {
  const bias = optionalInput(node, graph, 3);
  const [h, y] = [optionalInput(node, graph, hiddenIndex), outputOf(node, graph)];
  const weights = [1, 2].map((i) => inputOf(node, graph, i));
  const x = inputOf(node, graph, 0);
  if (weights.some((t) => t.dtype !== 'int8') || (bias && bias.dtype !== 'int32') || (h && h.dtype !== x.dtype))
    return {
      reason: `there is no kernel for ${x.dtype} with ${weights[0].dtype} weights and ${bias?.dtype ?? 'no'} bias`,
      change: 'use float32 throughout, or int8 or int16 with int8 weights and int32 bias',
    };
  const kinds = cellActivations(node, layer.activations.length).map((a) => a.kind);
  if (kinds.join() !== layer.activations.join() || node.attrs.gateClip != null)
    return {
      reason: `its functions are not ${layer.activations.join(' and ')} without clipping`,
      change: 'keep the layer in float32',
    };
  if (weights.some((t) => t.quant?.zeroPoints.some((z) => z !== 0)))
    return { reason: 'its weights have a zero point', change: 'quantize the weights symmetrically (zero point 0)' };
  if (h && !sameQuant(h.quant, y.quant))
    return { reason: 'its output has another scale than its hidden state', change: 'convert the model again' };
  return (x.dtype === 'int16' ? symmetryObstacle({ node, x, y }) : undefined) ?? productsObstacle(s);
}

interface Integers {
  input: Multiplier[];
  recurrent: Multiplier[];
  bias: Int32Array;
  recurrentBias: Int32Array;
  state: Multiplier;
  hidden: Multiplier;
  output: Scale;
}

/** One scale per gate. */
export function gateScales(node: Node, w: Tensor, gates: number, hidden: number): number[] {
  const scales = weightScales(node, w, 0);
  return Array.from({ length: gates }, (_, gate) => {
    const [first, ...rest] = scales.length === 1 ? scales : scales.slice(gate * hidden, (gate + 1) * hidden);
    if (rest.some((v) => v !== first)) badShape(node, `weights '${w.name}' have more than one scale per gate`);
    return first;
  });
}

function integers(layer: IntegerHidden, node: Node, graph: Graph, s: Sequence): Integers {
  const [x, w, r] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const bias = optionalInput(node, graph, 3)?.data;
  const [input, output] = [scaleOf(node, x), scaleOf(node, outputOf(node, graph))];
  const rows = layer.gates * s.hidden;
  const folded = Int32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * s.inputs; i < (row + 1) * s.inputs; i++) sum += Number(w.data?.[i]);
    return Number(bias?.[row] ?? 0) - input.zeroPoint * sum;
  });
  const scales = (t: Tensor): number[] => gateScales(node, t, layer.gates, s.hidden);
  return {
    input: scales(w).map((scale) =>
      (x.dtype === 'int16' ? quantizeMultiplier64 : quantizeMultiplier)((input.scale * scale) / gateScale),
    ),
    recurrent: scales(r).map((scale) => quantizeMultiplier64((unitScale * scale) / gateScale)),
    bias: folded,
    recurrentBias: Int32Array.from({ length: rows }, (_, row) => Number(bias?.[rows + row] ?? 0)),
    state: quantizeMultiplier(output.scale / unitScale),
    hidden: quantizeMultiplier(unitScale / output.scale),
    output,
  };
}

export function lowerIntegerHidden(
  layer: IntegerHidden,
  node: Node,
  graph: Graph,
  s: Sequence,
  rounding: Rounding,
): KernelCall {
  const n = integers(layer, node, graph, s);
  const [w, r] = [inputOf(node, graph, 1), inputOf(node, graph, 2)];
  const words = (name: string, data: Int32Array): CStruct['fields'][number] => [
    name,
    constant(name, 'int32', data, [data.length]),
  ];
  const list = (name: string, m: Multiplier[]): CStruct['fields'] => [
    [`${name}multiplier`, { values: m.map((v) => v.multiplier) }],
    [`${name}shift`, { values: m.map((v) => v.shift) }],
  ];
  const wide = inputOf(node, graph, 0).dtype === 'int16';
  const call = kernelCall(
    layer.op,
    [wide ? 's16' : 's8', 's8'],
    [
      sequenceField(s),
      ['given_hidden', optionalInput(node, graph, hiddenIndex) ? 1 : 0],
      ...layer.fields(node),
      ['weights', constant('weights', 'int8', w.data as TensorData, w.shape)],
      ['recurrent', constant('recurrent', 'int8', r.data as TensorData, r.shape)],
      words('bias', n.bias),
      ...(layer.recurrentBias ? [words('recurrent_bias', n.recurrentBias)] : []),
      ...list('', n.input),
      ...list('recurrent_', n.recurrent),
      ['state_multiplier', n.state.multiplier],
      ['state_shift', n.state.shift],
      ['hidden_multiplier', n.hidden.multiplier],
      ['hidden_shift', n.hidden.shift],
      ...(wide ? [] : [['hidden_zero_point', n.output.zeroPoint] as CStruct['fields'][number]]),
      ['rounding', roundingCode(rounding)],
    ],
  );
  return { ...call, scratchBytes: 2 * (s.batch + layer.gates) * s.hidden };
}

export function evaluateIntegerHidden(
  layer: IntegerHidden,
  node: Node,
  data: readonly (TensorData | undefined)[],
  graph: Graph,
  s: Sequence,
  rounding: Rounding,
): TensorData[] {
  const [x, w, r] = [0, 1, 2].map((i) => given(node, data, i));
  const n = integers(layer, node, graph, s);
  const { hidden } = s;
  const { dtype } = outputOf(node, graph);
  const { min, max } = limitsOf(outputOf(node, graph));
  const wide = dtype === 'int16';
  const y = makeData(dtype, s.steps * s.batch * hidden) as Int16Array;
  const first = data[hiddenIndex];
  const h = Int16Array.from({ length: s.batch * hidden }, (_, i) =>
    first ? saturate16(requantize(Number(first[i]) - n.output.zeroPoint, n.state, rounding)) : 0,
  );
  const shown = (v: number): number => clampTo((requantize(v, n.hidden, rounding) + n.output.zeroPoint) | 0, min, max);
  const ofInput = (sum: number, m: Multiplier): number =>
    wide ? requantize64(sum, m) : requantize(sum | 0, m, rounding);
  for (const at of stepsOf(s)) {
    const sums: HiddenSums = {
      ofInput: (gate, row) =>
        saturate16(ofInput(dotInteger(n.bias[row], w, row * s.inputs, x, at.x, s.inputs), n.input[gate])),
      ofState: (gate, row, from, start) =>
        saturate16(
          requantize64(dotInteger(n.recurrentBias[row], r, row * hidden, from, start, hidden), n.recurrent[gate]),
        ),
    };
    const next = layer.step(sums, { node, hidden, h, state: at.state });
    h.set(next, at.state);
    y.set(Array.from(next, shown), at.y);
  }
  const last = makeData(dtype, h.length) as Int16Array;
  last.set(Array.from(h, shown));
  return [y, last];
}
