// SPDX-License-Identifier: Apache-2.0
// Rows of the quantized operators. QuantizeLinear and DequantizeLinear stay as nodes for the passes; QLinear* and the
// contrib operators of ONNX Runtime (domain com.microsoft) become operators on quantized tensors at once.
// Contrib semantics: docs/ContribOperators.md of https://github.com/microsoft/onnxruntime.
import { type DType, NO_TENSOR, type Quant, type Tensor, type TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import { emitProduct, placeQuantizedMatrix } from './dense.js';
import { emitOnImage, range } from './layout.js';
import { keepsType, type OnnxNode } from './node.js';
import { dtypeOf } from './tensors.js';
import { quantFrom, type Value } from './values.js';
import { type convertAveragePool, type convertGlobalAverage, placeWeights, readConvolution } from './windows.js';

interface Quantized {
  dtype: DType;
  quant: Quant;
}

const sameQuant = (a: Quant, b: Quant): boolean =>
  a.scales.length === b.scales.length &&
  a.scales.every((s, c) => s === b.scales[c]) &&
  a.zeroPoints.every((z, c) => z === b.zeroPoints[c]);

/** Type and quantization that scale input `scale` and zero point input `zero` ask for. */
function target(n: OnnxNode, scale: number, zero: number, byDefault: DType): Quantized {
  const dtype = n.has(zero) ? n.tensor(zero).dtype : byDefault;
  return { dtype, quant: n.quant(scale, zero, 0, dtype) };
}

/** One pair of scale and zero point, for an activation. */
function activationTarget(n: OnnxNode, scale: number, zero: number, byDefault: DType = 'uint8'): Quantized {
  const result = target(n, scale, zero, byDefault);
  if (result.quant.scales.length !== 1)
    refuse('it quantizes an activation per axis', 'quantize activations per tensor');
  return result;
}

/** Integer input `i` in the graph, with this quantization. */
function quantizedInput(n: OnnxNode, i: number, quant: Quant): TensorId {
  const value = n.value(i);
  if (value.kind === 'constant') return n.values.place({ kind: 'constant', tensor: { ...value.tensor, quant } });
  const id = n.id(i);
  const tensor = n.values.graph.tensors[id];
  if (tensor.dtype.startsWith('float')) n.broken(`its input '${tensor.name}' is of type ${tensor.dtype}`);
  if (tensor.quant !== undefined && !sameQuant(tensor.quant, quant)) {
    refuse(`it reads '${tensor.name}' with another scale than it was written with`, 'use one scale per tensor');
  }
  setQuant(n, id, quant);
  return id;
}

/** Nodes that only move elements have had no quantization to hand on until now: theirs is that of their input. */
function setQuant(n: OnnxNode, start: TensorId, quant: Quant): void {
  for (let id = start; ; ) {
    const tensor = n.values.graph.tensors[id];
    if (tensor.quant !== undefined) return;
    tensor.quant = quant;
    const producer = n.values.producers.get(id);
    if (producer === undefined || !keepsType.has(producer.op)) return;
    id = producer.inputs[0];
  }
}

const notes = {
  zeroPoints:
    '16-bit activations with a zero point are int16 around zero here: steps up to twice as large, with room below zero',
  weights: '16-bit weights are rounded to 8 bits: kernels take int8 weights',
} as const;

function addNote(n: OnnxNode, note: string): void {
  const { graph } = n.values;
  if (!graph.notes?.includes(note)) graph.notes = [...(graph.notes ?? []), note];
}

/** uint16 around 32768 is int16 less that. */
function noteZeroPoint(n: OnnxNode, dtype: DType, { zeroPoints: [zero] }: Quant): void {
  if ((dtype === 'int16' && zero !== 0) || (dtype === 'uint16' && zero !== 32_768)) addNote(n, notes.zeroPoints);
}

function refuseBlocks(n: OnnxNode): void {
  if (n.int('block_size', 0) !== 0) refuse('it quantizes in blocks', 'quantize per tensor or per channel');
}

export function convertQuantize(n: OnnxNode): void {
  refuseBlocks(n);
  const stated = n.int('output_dtype', 0);
  const byDefault = stated === 0 ? 'uint8' : dtypeOf(stated, n.outputName);
  const dtype = n.has(2) ? n.tensor(2).dtype : byDefault;
  const quant = n.quant(1, 2, quantAxis(n), dtype);
  const value = n.value(0);
  if (value.kind === 'constant') {
    n.bindConstant(quantizeConstant(n, value.tensor, dtype, quant));
    return;
  }
  if (quant.scales.length !== 1) refuse('it quantizes an activation per axis', 'quantize activations per tensor');
  noteZeroPoint(n, dtype, quant);
  n.emit('quantize', [n.id(0)], {}, { dtype, quant });
}

const limits: Readonly<Partial<Record<DType, [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};
const makers = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array } as const;

/** Weights stored as float behind a QuantizeLinear, as quantization-aware training leaves them. */
function quantizeConstant(n: OnnxNode, tensor: Tensor, dtype: DType, quant: Quant): Tensor {
  const range = limits[dtype];
  const { data, shape } = tensor;
  if (range === undefined || !(data instanceof Float32Array)) return n.broken(`it turns ${tensor.dtype} into ${dtype}`);
  checkAxis(n, quant, shape);
  n.values.budget.charge(data.length * 2);
  const inner = quant.scales.length === 1 ? 1 : shape.slice(quant.axis + 1).reduce((a, b) => a * b, 1);
  const out = new makers[dtype as keyof typeof makers](data.length);
  data.forEach((v, i) => {
    const c = quant.scales.length === 1 ? 0 : Math.floor(i / inner) % quant.scales.length;
    // The quotient is a float32 in the specification's reference.
    const q = roundHalfEven(Math.fround(v / quant.scales[c])) + quant.zeroPoints[c];
    out[i] = Math.min(range[1], Math.max(range[0], q));
  });
  return { name: tensor.name, dtype, shape, data: out };
}

function roundHalfEven(v: number): number {
  const floor = Math.floor(v);
  const rest = v - floor;
  if (rest !== 0.5) return Math.round(v);
  return floor % 2 === 0 ? floor : floor + 1;
}

function quantAxis(n: OnnxNode): number {
  const rank = n.shape(0).length;
  const elements = n.constant(1, 'scale').data?.length ?? 0;
  return elements > 1 ? n.axis(n.int('axis', 1), rank) : 0;
}

function checkAxis(n: OnnxNode, quant: Quant, shape: number[]): void {
  if (quant.scales.length > 1 && shape[quant.axis] !== quant.scales.length) {
    n.broken(`${quant.scales.length} scales for axis ${quant.axis} of shape [${shape}]`);
  }
}

export function convertDequantize(n: OnnxNode): void {
  refuseBlocks(n);
  const { dtype, shape } = n.tensor(0);
  const quant = n.quant(1, 2, quantAxis(n), dtype);
  checkAxis(n, quant, shape);
  const value = n.value(0);
  if (value.kind === 'dequantized') n.broken('its input is a real number already');
  if (value.kind === 'constant') {
    const tensor = { ...value.tensor, quant };
    if (dtype === 'int16' || dtype === 'uint16') addNote(n, notes.weights);
    n.bind({ kind: 'dequantized', tensor });
    return;
  }
  if (quant.scales.length !== 1) refuse('it dequantizes an activation per axis', 'quantize activations per tensor');
  n.emit('dequantize', [quantizedInput(n, 0, quant)], {});
}

// QLinear*

/** int32 bias at scale input * weight. */
function placeQuantizedBias(n: OnnxNode, i: number, x: Quant, w: Quant, outputs: number): TensorId {
  if (!n.has(i)) return NO_TENSOR;
  const tensor = n.constant(i, 'bias');
  if (tensor.dtype !== 'int32') n.broken(`its bias is of type ${tensor.dtype}`);
  if (tensor.shape.length !== 1 || tensor.shape[0] !== outputs) {
    n.broken(`a bias of shape [${tensor.shape}] for ${outputs} output channels`);
  }
  const scales = Float64Array.from(
    { length: outputs },
    (_, c) => x.scales[0] * w.scales[w.scales.length === 1 ? 0 : c],
  );
  const quant: Quant = { scales, zeroPoints: new Int32Array(outputs), axis: 0 };
  return n.values.place({ kind: 'constant', tensor: { ...tensor, quant } });
}

/** x 0-2, w 3-5, y 6-7, bias 8 */
export function convertQLinearConv(n: OnnxNode): void {
  const { op, attrs, perm, outputs } = readConvolution(n, 3);
  const x = activationTarget(n, 1, 2).quant;
  const weightTensor = n.constant(3, 'weights');
  const w = n.quant(4, 5, 0, weightTensor.dtype);
  checkAxis(n, w, weightTensor.shape);
  const y = activationTarget(n, 6, 7);
  quantizedInput(n, 0, x);
  const bias = placeQuantizedBias(n, 8, x, w, outputs);
  const weights = placeWeights(n, 3, perm, w);
  emitOnImage(n, op, bias === NO_TENSOR ? [weights] : [weights, bias], attrs, y);
}

/** a 0-2, b 3-5, y 6-7 */
export function convertQLinearMatMul(n: OnnxNode): void {
  const y = activationTarget(n, 6, 7);
  const x = quantizedInput(n, 0, activationTarget(n, 1, 2).quant);
  emitProduct(n, x, quantizedMatrix(n, 3, false).id, NO_TENSOR, y);
}

/** a 0-2, b 3-5, bias 6, y 7-8 */
export function convertQGemm(n: OnnxNode): void {
  if (n.int('transA', 0) !== 0) refuse('its first matrix is transposed', 'use transA of 0');
  if (n.float('alpha', 1) !== 1) refuse('it scales its product', 'use an alpha of 1');
  if (!n.has(7)) refuse('its output is not quantized', 'give it an output scale');
  const x = activationTarget(n, 1, 2).quant;
  const { id, quant, outputs } = quantizedMatrix(n, 3, n.int('transB', 0) !== 0);
  const bias = placeQuantizedBias(n, 6, x, quant, outputs);
  emitProduct(n, quantizedInput(n, 0, x), id, bias, activationTarget(n, 7, 8));
}

/** Constant matrix `i` with its scale and zero point behind it, as weights [O, I]. */
function quantizedMatrix(
  n: OnnxNode,
  i: number,
  isTransposed: boolean,
): { id: TensorId; quant: Quant; outputs: number } {
  const tensor = n.constant(i, 'weights');
  if (tensor.shape.length !== 2) refuse(`its weights have shape [${tensor.shape}]`, 'use a matrix of weights');
  const columns = isTransposed ? 0 : 1;
  const depth = tensor.shape[1 - columns];
  if (n.shape(0).at(-1) !== depth) n.broken(`matrices of shapes [${n.shape(0)}] and [${tensor.shape}]`);
  const scale = n.constant(i + 1, 'scale');
  const zero = n.has(i + 2) ? n.constant(i + 2, 'zero point') : undefined;
  const quant = quantFrom(scale, zero, columns, tensor.dtype);
  checkAxis(n, quant, tensor.shape);
  const value: Value = { kind: 'constant', tensor: { ...tensor, quant } };
  return { id: placeQuantizedMatrix(n, value, isTransposed), quant, outputs: tensor.shape[columns] };
}

/** a 0-2, b 3-5, c 6-7 */
export const convertQLinearBinary =
  (op: string) =>
  (n: OnnxNode): void => {
    const a = quantizedInput(n, 0, activationTarget(n, 1, 2).quant);
    const b = quantizedInput(n, 3, activationTarget(n, 4, 5).quant);
    n.emit(op, [a, b], {}, activationTarget(n, 6, 7));
  };

/** x 0-2, y 3-4 */
export const convertQLinearUnary =
  (op: string, attrs: (n: OnnxNode) => Record<string, number> = () => ({})) =>
  (n: OnnxNode): void => {
    const x = quantizedInput(n, 0, activationTarget(n, 1, 2).quant);
    n.emit(op, [x], attrs(n), activationTarget(n, 3, 4));
  };

/** x 0-2, y 3-4; like their namesakes without QLinear, channels first. */
export const convertQLinearPool =
  (pool: typeof convertAveragePool | typeof convertGlobalAverage) =>
  (n: OnnxNode): void => {
    if (n.int('channels_last', 0) !== 0) refuse('its channels are last', 'export it with channels_last of 0');
    quantizedInput(n, 0, activationTarget(n, 1, 2).quant);
    pool(n, activationTarget(n, 3, 4));
  };

/** y 0-1, then x, scale, zero point of every part; each is brought to the scale of the output first. */
export function convertQLinearConcat(n: OnnxNode): void {
  const y = activationTarget(n, 0, 1);
  const parts = Math.floor((n.inputCount - 2) / 3);
  if (parts < 1 || n.inputCount !== 2 + 3 * parts) n.broken(`it has ${n.inputCount} inputs`);
  const axis = n.axis(n.int('axis'), n.shape(2).length);
  const inputs = range(parts).map((p) => {
    const { quant } = activationTarget(n, 3 + 3 * p, 4 + 3 * p);
    const id = quantizedInput(n, 2 + 3 * p, quant);
    return sameQuant(quant, y.quant) ? id : n.temporary('quantize', [id], {}, `part${p}`, y);
  });
  n.emit('concat', inputs, { axis }, y);
}
