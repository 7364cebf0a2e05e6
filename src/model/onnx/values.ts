// SPDX-License-Identifier: Apache-2.0
// The names of an ONNX graph and what they stand for while it is read.
import { addTensor, type Graph, type Node, type Quant, type Tensor, type TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import { damaged } from './protobuf.js';
import type { NodeProto, TensorProto, ValueInfo } from './schema.js';
import { activationType, readConstant } from './tensors.js';

/**
 * `computed`: a tensor of the graph. `constant`: known now, in the file's layout, not yet in the graph.
 * `dequantized`: a quantized constant read through DequantizeLinear; in the graph it is a `dequantize` node.
 */
export type Value =
  | { kind: 'computed'; id: TensorId }
  | { kind: 'constant'; tensor: Tensor }
  | { kind: 'dequantized'; tensor: Tensor };

const extraBytes = 16 * 1024 * 1024;

/** Bytes that reading may allocate in sum: files can use one constant in many layouts, or double one many times. */
export class Budget {
  private left: number;

  constructor(fileBytes: number) {
    this.left = 8 * fileBytes + extraBytes;
  }

  readonly charge = (bytes: number): void => {
    this.left -= bytes;
    if (this.left < 0) damaged('its constants grow out of proportion to the file');
  };
}

export class Values {
  private readonly bound = new Map<string, Value>();
  private readonly initializers = new Map<string, TensorProto>();
  private readonly placed = new Map<Tensor, TensorId>();
  /** Tensors behind an unsupported operator whose shape nobody states, and that operator. */
  readonly unknown = new Map<TensorId, string>();

  /** Node that gives each computed tensor. */
  readonly producers = new Map<TensorId, Node>();

  /** Node of the file that gives each name. */
  readonly protos = new Map<string, NodeProto>();

  constructor(
    readonly graph: Graph,
    readonly budget: Budget,
    readonly infos: ReadonlyMap<string, ValueInfo>,
  ) {}

  addInitializer(proto: TensorProto): void {
    if (this.initializers.has(proto.name)) damaged(`the initializer '${proto.name}' is there twice`);
    this.initializers.set(proto.name, proto);
  }

  isInitializer(name: string): boolean {
    return this.initializers.has(name);
  }

  has(name: string): boolean {
    return this.bound.has(name) || this.initializers.has(name);
  }

  bind(name: string, value: Value): void {
    if (this.has(name)) damaged(`'${name}' is computed twice`);
    this.bound.set(name, value);
  }

  get(name: string): Value {
    const known = this.bound.get(name);
    if (known !== undefined) return known;
    const proto = this.initializers.get(name);
    if (proto === undefined) return damaged(`a node reads '${name}', which nothing has computed`);
    const value: Value = { kind: 'constant', tensor: readConstant(proto, name, this.budget.charge) };
    this.bound.set(name, value);
    return value;
  }

  /** Tensor of the graph that the name stands for, if it does. Reads no constant. */
  computed(name: string): TensorId | undefined {
    const value = this.bound.get(name);
    return value?.kind === 'computed' ? value.id : undefined;
  }

  /** Its shape and type without placing it in the graph. */
  tensorOf(value: Value): Tensor {
    if (value.kind === 'computed') return this.graph.tensors[value.id];
    if (value.kind === 'constant') return value.tensor;
    return { name: value.tensor.name, dtype: 'float32', shape: value.tensor.shape };
  }

  /** Id in the graph; constants enter it here, each once. */
  place(value: Value): TensorId {
    if (value.kind === 'computed') return value.id;
    if (value.kind === 'constant') return this.placeConstant(value.tensor);
    const stored = this.placeConstant(value.tensor);
    const { name, shape } = value.tensor;
    const id = addTensor(this.graph, { name: `${name}/real`, dtype: 'float32', shape: [...shape] });
    this.graph.nodes.push({ op: 'dequantize', name: `${name}/dequantize`, inputs: [stored], outputs: [id], attrs: {} });
    return id;
  }

  private placeConstant(tensor: Tensor): TensorId {
    const known = this.placed.get(tensor);
    if (known !== undefined) return known;
    const id = addTensor(this.graph, asActivation(tensor));
    this.placed.set(tensor, id);
    return id;
  }
}

/** Integers wider than a word become int32; without a quantization they are plain numbers. */
function asActivation(tensor: Tensor): Tensor {
  const { data, dtype, name, quant } = tensor;
  if (!data || quant || activationType(dtype) === dtype) return tensor;
  const values = Array.from(data as BigInt64Array, Number);
  const bad = values.find((v) => v !== (v | 0));
  if (bad !== undefined) refuse(`'${name}' holds ${bad}, which is no int32`, 'keep integers below 2^31');
  return { ...tensor, dtype: 'int32', data: Int32Array.from(values) };
}

const zeroPointRange: Readonly<Record<string, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Quantization from constant scale and zero point tensors, for an integer tensor of this type. */
export function quantFrom(scale: Tensor, zeroPoint: Tensor | undefined, axis: number, dtype: string): Quant {
  const scales = Float64Array.from(scale.data as Float32Array, Number);
  if (scales.length === 0 || scales.some((s) => !(Number.isFinite(s) && s > 0)))
    damaged(`'${scale.name}' is not a scale`);
  const given = zeroPoint === undefined ? [0] : Array.from(zeroPoint.data as Int32Array, Number);
  if (given.length !== 1 && given.length !== scales.length)
    damaged(`'${scale.name}' and its zero points differ in size`);
  const range = zeroPointRange[dtype] ?? refuse(`it quantizes to ${dtype}`, 'quantize to int8 or uint8');
  if (given.some((z) => !(z >= range[0] && z <= range[1]))) damaged(`a zero point of '${scale.name}' is out of range`);
  const zeroPoints = Int32Array.from(scales, (_, c) => given[given.length === 1 ? 0 : c]);
  return { scales, zeroPoints, axis: scales.length === 1 ? 0 : axis };
}
