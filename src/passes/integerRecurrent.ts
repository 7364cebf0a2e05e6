// SPDX-License-Identifier: Apache-2.0
// lstm, gru and rnn in integers: int8 or int16 input, output and hidden state, int8 weights with one scale per gate, int16
// cells as TensorFlow Lite's full-integer LSTM has them.
import { type Graph, NO_TENSOR, type Node, type Quant, quantOf, type TensorId } from '../model/graph.js';
import { stateTensors } from '../model/state.js';
import { realConstant } from './constants.js';
import { type ActivationType, activationOf, type IntegerContext, operand, requantized } from './integerOperands.js';

interface Layer {
  gates: number;
  /** Functions that the integer kernels have. */
  activations: string;
  hidden: number;
  cell?: number;
  peephole?: number;
  /** The bias of gate g's rows over the state follows those over the input. */
  recurrentBias: boolean;
}

const layers: Readonly<Record<string, Layer>> = {
  lstm: { gates: 4, activations: 'sigmoid,tanh,tanh', peephole: 4, hidden: 5, cell: 6, recurrentBias: false },
  gru: { gates: 3, activations: 'sigmoid,tanh', hidden: 4, recurrentBias: true },
  rnn: { gates: 1, activations: 'tanh', hidden: 4, recurrentBias: false },
};

export const isRecurrent = (op: string): boolean => Object.hasOwn(layers, op);

/** The tensors that the layer keeps in one quantization: output, and the hidden state that comes in and goes out. */
export function sharedStates(node: Node): TensorId[] {
  return [node.outputs[0], node.outputs[1], node.inputs[layers[node.op].hidden] ?? NO_TENSOR].filter(
    (id) => id !== undefined && id !== NO_TENSOR,
  );
}

/** Cells reach further inside of a sequence than what is left of them after it. */
const cellRoom = 4;
const leastCell = 8;
const maxBias = 2 ** 30;
/** The state is in Q0.15. */
const stateScale = 2 ** -15;

/** A power of two, as the kernels want it. */
function cellQuant(wanted: Quant | undefined, dtype: ActivationType): Quant {
  const { scales, zeroPoints } = wanted ?? quantOf(0, 0);
  const steps = dtype === 'int8' ? 128 : 32_768;
  const largest = scales[0] * Math.max(steps - 1 - zeroPoints[0], steps + zeroPoints[0]);
  const limit = Math.max(leastCell, cellRoom * largest);
  return quantOf(Math.min(1, 2 ** Math.ceil(Math.log2(limit / 32_768))), 0);
}

function hasIntegerFunctions(node: Node, layer: Layer): boolean {
  const list = Array.isArray(node.attrs.activations) ? node.attrs.activations : [];
  const kinds = list.map((a) => (a as { kind?: unknown } | null)?.kind).join();
  const peephole = layer.peephole === undefined ? NO_TENSOR : (node.inputs[layer.peephole] ?? NO_TENSOR);
  return kinds === layer.activations && (node.attrs.gateClip ?? null) === null && peephole === NO_TENSOR;
}

interface Weights {
  id: TensorId;
  /** One per gate. */
  scales: number[];
}

function quantizedWeights(ctx: IntegerContext, id: TensorId, gates: number): Weights | undefined {
  const values = realConstant(ctx.editor, id);
  if (!values?.every(Number.isFinite)) return undefined;
  const { name, shape } = ctx.editor.tensor(id);
  const perGate = values.length / gates;
  const scales = Array.from({ length: gates }, (_, g) => {
    const largest = values.subarray(g * perGate, (g + 1) * perGate).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    return Math.fround(Math.max(largest, 2 ** -20) / 127);
  });
  const data = Int8Array.from(values, (v, i) => Math.round(v / scales[Math.floor(i / perGate)]));
  const rows = shape[0] / gates;
  const quant = {
    scales: Float64Array.from({ length: shape[0] }, (_, row) => scales[Math.floor(row / rows)]),
    zeroPoints: new Int32Array(shape[0]),
    axis: 0,
  };
  return { id: ctx.editor.addTensor({ name, dtype: 'int8', shape: [...shape], data, quant }), scales };
}

/** int32 (`wide`: int64) at the scale of the sums that each row is added to; undefined where it cannot be. */
function quantizedBias(
  ctx: IntegerContext,
  id: TensorId,
  steps: readonly number[],
  wide: boolean,
): TensorId | undefined {
  if (id === NO_TENSOR) return NO_TENSOR;
  const values = realConstant(ctx.editor, id);
  if (!values?.every(Number.isFinite)) return undefined;
  const perStep = values.length / steps.length;
  const { name } = ctx.editor.tensor(id);
  const scales = Float64Array.from(values, (_, i) => steps[Math.floor(i / perStep)]);
  const rounded = values.map((v, i) => Math.max(-maxBias, Math.min(maxBias, Math.round(v / scales[i]))));
  const quant = { scales, zeroPoints: new Int32Array(values.length), axis: 0 };
  const shape = [values.length];
  return wide
    ? ctx.editor.addTensor({ name, dtype: 'int64', shape, data: BigInt64Array.from(rounded, BigInt), quant })
    : ctx.editor.addTensor({ name, dtype: 'int32', shape, data: Int32Array.from(rounded), quant });
}

/** Adds the integer layer and the twins of its outputs; false where it has to stay float. */
export function integerRecurrent(ctx: IntegerContext, node: Node): boolean {
  const { editor, twins } = ctx;
  const layer = layers[node.op];
  const [x, quant] = [twins.get(node.inputs[0]), ctx.wanted(node.outputs[0])];
  const input = x === undefined ? undefined : editor.tensor(x).quant;
  if (x === undefined || !quant || !input || !hasIntegerFunctions(node, layer)) return false;
  const dtype = activationOf(ctx);
  const [w, r] = [1, 2].map((i) => quantizedWeights(ctx, node.inputs[i], layer.gates));
  if (!w || !r) return false;
  const steps = [
    ...w.scales.map((s) => s * input.scales[0]),
    ...(layer.recurrentBias ? r.scales.map((s) => s * stateScale) : []),
  ];
  const bias = quantizedBias(ctx, node.inputs[3] ?? NO_TENSOR, steps, node.op === 'lstm' && dtype === 'int16');
  const cell = layer.cell === undefined ? undefined : cellQuant(ctx.wanted(node.outputs[2]), dtype);
  const h = state(ctx, node.inputs[layer.hidden], quant, dtype);
  const c = layer.cell !== undefined && cell ? state(ctx, node.inputs[layer.cell], cell, 'int16') : NO_TENSOR;
  if (bias === undefined || h === undefined || c === undefined) return false;
  const outputs = node.outputs.map((id, i) => {
    const { name, shape } = editor.tensor(id);
    const own = i === 2 && cell ? { dtype: 'int16' as const, quant: cell } : { dtype, quant };
    return editor.addTensor({ name, shape: [...shape], ...own });
  });
  const states = layer.cell === undefined ? [h] : [NO_TENSOR, h, c];
  editor.addNode({ ...node, inputs: [x, w.id, r.id, bias, ...states], outputs });
  node.outputs.forEach((id, i) => void ctx.stateTwins?.set(id, outputs[i]));
  twins.set(node.outputs[0], outputs[0]);
  twins.set(node.outputs[1], outputs[1]);
  if (cell) showCell(ctx, node.outputs[2], outputs[2]);
  return true;
}

/** The cells, where something reads them, are of the type of all else. */
function showCell(ctx: IntegerContext, id: TensorId, cells: TensorId): void {
  const quant = ctx.wanted(id);
  if (!quant || (ctx.editor.consumers(id).length === 0 && !ctx.editor.isOutput(id))) return;
  ctx.twins.set(id, requantized(ctx, cells, quant));
}

/** State between inferences, which this layer alone reads. */
const isKept = (graph: Graph, id: TensorId): boolean => stateTensors(graph).includes(id);

/** The state that comes in, in the layer's own quantization; undefined where there is none of it in integers. */
function state(ctx: IntegerContext, id: TensorId | undefined, quant: Quant, dtype: ActivationType) {
  if (id === undefined || id === NO_TENSOR) return NO_TENSOR;
  if (ctx.stateTwins && isKept(ctx.editor.graph, id)) {
    ctx.editor.setTensor(id, { dtype, quant });
    return id;
  }
  const twin = operand(ctx, id);
  return twin === undefined ? undefined : requantized(ctx, twin, quant, dtype);
}
