// SPDX-License-Identifier: Apache-2.0
// lstm in integers: int8 or int16 activations, int8 weights, cells in int16, as TensorFlow Lite Micro has it
// (tensorflow/lite/micro/kernels/lstm_eval_common.cc). Sums of gates are Q3.12, gates Q0.15.
import { type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape, given, outputOf } from './attributes.js';
import {
  cellActivations,
  clipAttr,
  dotInteger,
  productsObstacle,
  type Sequence,
  sequenceField,
  stepsOf,
} from './cell.js';
import { gateSigmoid, gateTanh, saturate16, tanhScaling } from './cellGate.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type KernelCall, optionalInput, type Rounding } from './op.js';
import { limitsOf, sameQuant, scaleOf, weightScales } from './quantized.js';
import {
  clampTo,
  type Multiplier,
  quantizeMultiplier,
  quantizeMultiplier64,
  requantize,
  requantize64,
  roundingCode,
} from './requantize.js';
import { constant, type Reason, wideBias } from './weighted.js';

const hiddenIndex = 5;
const cellIndex = 6;
const gateScale = 2 ** -12;
const unitScale = 2 ** -15;

/** Type of the activations, where there is a kernel. */
export function integerKind(node: Node, graph: Graph): 's8' | 's16' | undefined {
  const { dtype } = inputOf(node, graph, 0);
  const y = outputOf(node, graph);
  const weights = [1, 2].map((i) => inputOf(node, graph, i).dtype);
  if (y.dtype !== dtype || weights.some((t) => t !== 'int8')) return undefined;
  if (dtype !== 'int8' && dtype !== 'int16') return undefined;
  return dtype === 'int8' ? 's8' : 's16';
}

/** The tensor that says how cells are quantized: the state that comes in, or else the one that goes out. */
const cellOf = (node: Node, graph: Graph): Tensor =>
  optionalInput(node, graph, cellIndex) ?? graph.tensors[node.outputs[2]];

export function integerObstacle(node: Node, graph: Graph, s: Sequence): Reason | undefined {
  const kind = integerKind(node, graph);
  const bias = optionalInput(node, graph, 3);
  const [x, y, cell, h] = [
    inputOf(node, graph, 0),
    outputOf(node, graph),
    cellOf(node, graph),
    optionalInput(node, graph, hiddenIndex),
  ];
  const types = `${x.dtype} input, ${inputOf(node, graph, 1).dtype} weights, ${bias?.dtype ?? 'no'} bias, ${y.dtype} output`;
  if (!kind || (bias && bias.dtype !== (kind === 's8' ? 'int32' : 'int64')) || cell?.dtype !== 'int16')
    return {
      reason: `there is no kernel for ${types}, ${cell?.dtype} cells`,
      change: 'use float32 throughout, or int8 or int16 activations with int8 weights and int16 cells',
    };
  if (optionalInput(node, graph, 4))
    return { reason: 'it has peephole weights', change: 'leave them out, or keep the layer in float32' };
  if (
    cellActivations(node, 3)
      .map((a) => a.kind)
      .join() !== 'sigmoid,tanh,tanh' ||
    node.attrs.gateClip != null
  )
    return { reason: 'its gates are not sigmoid and tanh without clipping', change: 'keep the layer in float32' };
  if ([1, 2].some((i) => inputOf(node, graph, i).quant?.zeroPoints.some((z) => z !== 0)))
    return { reason: 'its weights have a zero point', change: 'quantize the weights symmetrically (zero point 0)' };
  if (h && !sameQuant(h.quant, y.quant))
    return { reason: 'its output has another scale than its hidden state', change: 'convert the model again' };
  const scale = scaleOf(node, cell);
  if (scale.zeroPoint !== 0 || !Number.isInteger(Math.log2(scale.scale)) || scale.scale > 1)
    return { reason: `its cells have scale ${scale.scale}`, change: 'use a power of two below 1, and zero point 0' };
  if (kind === 's16' && [x, y].some((t) => scaleOf(node, t).zeroPoint !== 0))
    return { reason: 'its int16 activations have a zero point', change: 'quantize int16 activations symmetrically' };
  return productsObstacle(s);
}

interface Integers {
  /** Per gate: of the input's sums, of the hidden state's. */
  input: Multiplier[];
  recurrent: Multiplier[];
  /** What the zero points add. */
  bias: Int32Array;
  recurrentBias: Int32Array;
  forget: Multiplier;
  added: Multiplier;
  hidden: Multiplier;
  zeroPoint: number;
  tanh: { factor: number; shift: number };
  cellLow: number;
  cellHigh: number;
}

/** One scale per gate; kernels have no more. */
function gateScales(node: Node, w: Tensor, hidden: number): number[] {
  const scales = weightScales(node, w, 0);
  return Array.from({ length: 4 }, (_, gate) => {
    const [first, ...rest] = scales.length === 1 ? scales : scales.slice(gate * hidden, (gate + 1) * hidden);
    if (rest.some((s) => s !== first)) badShape(node, `weights '${w.name}' have more than one scale per gate`);
    return first;
  });
}

const zeroSums = (w: Tensor, width: number, zero: number): Int32Array =>
  Int32Array.from({ length: w.shape[0] }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += Number(w.data?.[i]);
    return -zero * sum;
  });

function integers(node: Node, graph: Graph, s: Sequence): Integers {
  const [x, w, r] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const bias = optionalInput(node, graph, 3)?.data;
  const [xs, ys, cs] = [x, outputOf(node, graph), cellOf(node, graph)].map((t) => scaleOf(node, t));
  const factor = x.dtype === 'int16' ? quantizeMultiplier64 : quantizeMultiplier;
  const limit =
    node.attrs.cellClip == null ? undefined : Math.trunc(Math.min(clipAttr(node, 'cellClip') / cs.scale, 32767));
  return {
    input: gateScales(node, w, s.hidden).map((scale) => factor((xs.scale * scale) / gateScale)),
    recurrent: gateScales(node, r, s.hidden).map((scale) => factor((ys.scale * scale) / gateScale)),
    bias: zeroSums(w, s.inputs, xs.zeroPoint).map((v, row) => v + (x.dtype === 'int16' ? 0 : Number(bias?.[row] ?? 0))),
    recurrentBias: zeroSums(r, s.hidden, ys.zeroPoint),
    forget: quantizeMultiplier((unitScale * cs.scale) / cs.scale),
    added: quantizeMultiplier((unitScale * unitScale) / cs.scale),
    hidden: quantizeMultiplier((unitScale * unitScale) / ys.scale),
    zeroPoint: ys.zeroPoint,
    tanh: tanhScaling(cs.scale),
    cellLow: limit === undefined ? -32768 : -limit,
    cellHigh: limit ?? 32767,
  };
}

const pair = (name: string, { multiplier, shift }: Multiplier): CStruct['fields'] => [
  [`${name}_multiplier`, multiplier],
  [`${name}_shift`, shift],
];

export function lowerInteger(node: Node, graph: Graph, s: Sequence, rounding: Rounding): KernelCall {
  const n = integers(node, graph, s);
  const [w, r] = [inputOf(node, graph, 1), inputOf(node, graph, 2)];
  const wide = integerKind(node, graph) === 's16';
  const rows = [4 * s.hidden];
  const biases: CStruct['fields'] = wide
    ? [['bias', constant('bias', 'int64', wideBias(optionalInput(node, graph, 3)?.data, rows[0]), rows)]]
    : [
        ['bias', constant('bias', 'int32', n.bias, rows)],
        ['recurrent_bias', constant('recurrent_bias', 'int32', n.recurrentBias, rows)],
      ];
  return kernelCall('lstm', wide ? ['s16', 's8'] : ['s8', 's8'], [
    sequenceField(s),
    ['given_hidden', optionalInput(node, graph, hiddenIndex) ? 1 : 0],
    ['given_cell', optionalInput(node, graph, cellIndex) ? 1 : 0],
    ['weights', constant('weights', 'int8', w.data as TensorData, w.shape)],
    ['recurrent', constant('recurrent', 'int8', r.data as TensorData, r.shape)],
    ...biases,
    ['multiplier', { values: n.input.map((m) => m.multiplier) }],
    ['shift', { values: n.input.map((m) => m.shift) }],
    ['recurrent_multiplier', { values: n.recurrent.map((m) => m.multiplier) }],
    ['recurrent_shift', { values: n.recurrent.map((m) => m.shift) }],
    ...pair('forget', n.forget),
    ...pair('input', n.added),
    ...pair('hidden', n.hidden),
    ...(wide ? [] : [['hidden_zero_point', n.zeroPoint] as CStruct['fields'][number]]),
    ['tanh_factor', n.tanh.factor],
    ['tanh_shift', n.tanh.shift],
    ['cell_low', n.cellLow],
    ['cell_high', n.cellHigh],
    ['rounding', roundingCode(rounding)],
  ]);
}

export function evaluateInteger(
  node: Node,
  data: readonly (TensorData | undefined)[],
  graph: Graph,
  s: Sequence,
  rounding: Rounding,
): TensorData[] {
  const [x, w, r] = [0, 1, 2].map((i) => given(node, data, i));
  const n = integers(node, graph, s);
  const wide = integerKind(node, graph) === 's16';
  const { hidden } = s;
  const { dtype } = outputOf(node, graph);
  const { min, max } = limitsOf(outputOf(node, graph));
  const y = makeData(dtype, s.steps * s.batch * hidden) as Int8Array;
  const h = (data[hiddenIndex]?.slice() ?? makeData(dtype, s.batch * hidden)) as Int8Array;
  if (!data[hiddenIndex]) h.fill(n.zeroPoint);
  const c = (data[cellIndex]?.slice() ?? new Int16Array(s.batch * hidden)) as Int16Array;
  const bias = (row: number): number => (wide ? Number(data[3]?.[row] ?? 0) : n.bias[row]);
  const rescale = (sum: number, m: Multiplier): number =>
    saturate16(wide ? requantize64(sum, m) : requantize(sum, m, rounding));
  const product = (a: number, b: number, m: Multiplier): number => saturate16(requantize(a * b, m, rounding));
  for (const at of stepsOf(s)) {
    const sums = Int16Array.from({ length: 4 * hidden }, (_, row) => {
      const gate = Math.floor(row / hidden);
      const sum = dotInteger(bias(row), w, row * s.inputs, x, at.x, s.inputs);
      const again = dotInteger(n.recurrentBias[row], r, row * hidden, h, at.state, hidden);
      return saturate16(rescale(sum, n.input[gate]) + rescale(again, n.recurrent[gate]));
    });
    for (let i = 0; i < hidden; i++) {
      const [input, forget, output] = [0, 1, 3].map((gate) => gateSigmoid(3 * sums[gate * hidden + i]));
      const kept = product(forget, c[at.state + i], n.forget);
      const added = product(input, gateTanh(3 * sums[2 * hidden + i]), n.added);
      const cell = clampTo(saturate16(kept + added), n.cellLow, n.cellHigh);
      c[at.state + i] = cell;
      const shown = gateTanh(
        n.tanh.shift ? (cell * n.tanh.factor + 2 ** (n.tanh.shift - 1)) >> n.tanh.shift : cell * n.tanh.factor,
      );
      h[at.state + i] = clampTo((requantize(output * shown, n.hidden, rounding) + n.zeroPoint) | 0, min, max);
      y[at.y + i] = h[at.state + i];
    }
  }
  return [y, h, c];
}
