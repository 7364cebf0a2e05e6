// SPDX-License-Identifier: Apache-2.0
// What an operator's row sees of one ONNX node: its inputs, constants and attributes; and how it emits IR nodes.
import { fail } from '../../cli/errors.js';
import { inferNode } from '../../passes/inferShapes.js';
import { type Attrs, addTensor, type Quant, type Tensor, type TensorId, tensorBytes } from '../graph.js';
import { maxAxes, maxTensorBytes } from '../limits.js';
import { refuse } from '../refusal.js';
import { labelsBehind } from './labels.js';
import type { AttributeProto, NodeProto, TensorProto } from './schema.js';
import { quantFrom, type Value, type Values } from './values.js';

/** enum AttributeProto.AttributeType of onnx.proto. */
const attributeType = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

/** IR operators whose output has the type and quantization of input 0. */
export const keepsType: ReadonlySet<string> = new Set(['transpose', 'reshape', 'slice', 'pad', 'maxPool2d', 'clamp']);

/** ONNX operators that are a layout change themselves. */
const movesData: ReadonlySet<string> = new Set(['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

export class OnnxNode {
  private emitted = 0;
  private named = false;

  constructor(
    readonly values: Values,
    private readonly proto: NodeProto,
    readonly name: string,
    /** Version of the operator set that the node belongs to. */
    readonly opset: number,
  ) {}

  // Inputs

  get inputCount(): number {
    return this.proto.input.length;
  }

  /** An input left out has an empty name. */
  has(i: number): boolean {
    return (this.proto.input[i] ?? '') !== '';
  }

  value(i: number): Value {
    return this.has(i) ? this.values.get(this.proto.input[i]) : this.broken(`input ${i} is missing`);
  }

  /** Shape and type of input i. */
  tensor(i: number): Tensor {
    return this.values.tensorOf(this.value(i));
  }

  shape(i: number): number[] {
    const shape = this.tensor(i).shape;
    const value = this.value(i);
    const cause = value.kind === 'computed' ? this.values.unknown.get(value.id) : undefined;
    if (cause === undefined) return shape;
    return refuse(`the shape of its input depends on ${cause}, which mote does not have`, `replace ${cause} first`);
  }

  /** Input i in the graph. */
  id(i: number): TensorId {
    this.shape(i);
    return this.values.place(this.value(i));
  }

  constant(i: number, what: string): Tensor {
    const value = this.value(i);
    if (value.kind === 'constant') return value.tensor;
    return refuse(
      `its ${what} ('${this.proto.input[i]}') is computed, not constant`,
      'export the model with fixed shapes and constants',
    );
  }

  /** The small integers of a constant input: axes, shapes, ranges. */
  constantInts(i: number, what: string, limit = maxAxes): number[] {
    const { data, dtype } = this.constant(i, what);
    if (dtype !== 'int64' && dtype !== 'int32') return this.broken(`its ${what} is of type ${dtype}`);
    if (data === undefined || data.length > limit) return this.broken(`its ${what} is too long`);
    return Array.from(data as Int32Array, Number);
  }

  constantNumber(i: number, what: string): number {
    const { data } = this.constant(i, what);
    return data?.length === 1 ? Number(data[0]) : this.broken(`its ${what} is not one number`);
  }

  /** One real number in the graph. */
  number(purpose: string, value: number): TensorId {
    const tensor: Tensor = {
      name: `${this.outputName}/${purpose}`,
      dtype: 'float32',
      shape: [],
      data: Float32Array.of(value),
    };
    return this.values.place({ kind: 'constant', tensor });
  }

  /** Node of the file that computes input i. */
  producerOf(i: number): NodeProto | undefined {
    return this.values.protos.get(this.proto.input[i] ?? '');
  }

  // Attributes

  int(name: string, byDefault?: number): number {
    const value =
      this.attribute(name, attributeType.int)?.i ?? byDefault ?? this.broken(`attribute '${name}' is missing`);
    return Number.isSafeInteger(value) ? value : this.broken(`attribute '${name}' is ${value}`);
  }

  float(name: string, byDefault?: number): number {
    return this.attribute(name, attributeType.float)?.f ?? byDefault ?? this.broken(`attribute '${name}' is missing`);
  }

  text(name: string, byDefault: string): string {
    return this.attribute(name, attributeType.string)?.s ?? byDefault;
  }

  ints(name: string): number[] | undefined {
    return this.attribute(name, attributeType.ints)?.ints;
  }

  floats(name: string): number[] | undefined {
    return this.attribute(name, attributeType.floats)?.floats;
  }

  strings(name: string): string[] | undefined {
    return this.attribute(name, attributeType.strings)?.strings;
  }

  tensorAttribute(name: string): TensorProto | undefined {
    return this.attribute(name, attributeType.tensor)?.t;
  }

  graphAttribute(name: string): Uint8Array {
    return this.attribute(name, attributeType.graph)?.g ?? this.broken(`attribute '${name}' is missing`);
  }

  hasAttribute(name: string): boolean {
    return this.proto.attributes.some((a) => a.name === name);
  }

  /** Files of the first years leave the type out (0). */
  private attribute(name: string, type: number): AttributeProto | undefined {
    const found = this.proto.attributes.find((a) => a.name === name);
    if (found !== undefined && found.type !== type && found.type !== 0)
      this.broken(`attribute '${name}' has the wrong type`);
    return found;
  }

  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    return positive >= 0 && positive < rank ? positive : this.broken(`axis ${axis} of ${rank} dimensions`);
  }

  // Outputs

  get outputName(): string {
    return this.proto.output[0] || this.name;
  }

  get outputCount(): number {
    return this.proto.output.length;
  }

  hasOutput(i: number): boolean {
    return (this.proto.output[i] ?? '') !== '';
  }

  /** Output i is this value; no node. */
  bind(value: Value, i = 0): void {
    if (this.hasOutput(i)) this.values.bind(this.proto.output[i], value);
  }

  bindConstant(tensor: Tensor): void {
    this.bind({ kind: 'constant', tensor: { ...tensor, name: this.outputName } });
  }

  /** Emits the node that gives output i. */
  emit(
    op: string,
    inputs: readonly TensorId[],
    attrs: Attrs,
    quantized?: Pick<Tensor, 'dtype' | 'quant'>,
    i = 0,
  ): TensorId {
    const id = this.push(op, inputs, attrs, this.proto.output[i] || `${this.name}/${i}`, quantized);
    this.bind({ kind: 'computed', id }, i);
    return id;
  }

  /** Emits a node on the way; `purpose` goes into the name of its tensor. */
  temporary(
    op: string,
    inputs: readonly TensorId[],
    attrs: Attrs,
    purpose: string,
    quantized?: Pick<Tensor, 'dtype' | 'quant'>,
  ): TensorId {
    return this.push(op, inputs, attrs, `${this.outputName}/${purpose}`, quantized);
  }

  /** Emits `op` on tensor `x` (N, C, spatial…) in channels-last order on the way, as an image; gives it channels-first. */
  onImage(op: string, x: TensorId, more: readonly TensorId[], attrs: Attrs, purpose: string): TensorId {
    const { tensors } = this.values.graph;
    const { shape } = tensors[x];
    const isSignal = shape.length === 3;
    const perm = isSignal ? [0, 2, 1] : [0, 2, 3, 1];
    const last = this.temporary('transpose', [x], { perm }, `${purpose}_nhwc_input`);
    const signal = { shape: [shape[0], 1, shape[2], shape[1]] };
    const image = isSignal ? this.temporary('reshape', [last], signal, `${purpose}_image`) : last;
    const y = this.temporary(op, [image, ...more], attrs, `${purpose}_nhwc`);
    const out = tensors[y].shape;
    const flat = isSignal ? this.temporary('reshape', [y], { shape: [out[0], out[2], out[3]] }, `${purpose}_nlc`) : y;
    return this.temporary('transpose', [flat], { perm: isSignal ? [0, 2, 1] : [0, 3, 1, 2] }, purpose);
  }

  private push(
    op: string,
    inputs: readonly TensorId[],
    attrs: Attrs,
    tensorName: string,
    quantized?: Pick<Tensor, 'dtype' | 'quant'>,
  ): TensorId {
    const { graph } = this.values;
    const first = graph.tensors[inputs[0]];
    const isPlain = first.quant === undefined && (first.dtype === 'int32' || first.dtype === 'bool');
    const like = keepsType.has(op) || isPlain ? first : { dtype: 'float32' as const, quant: undefined };
    const { dtype, quant } = quantized ?? like;
    const labels = labelsBehind(op, inputs, graph.tensors);
    const output: Tensor = { name: tensorName, dtype, shape: [], ...(quant && { quant }), ...(labels && { labels }) };
    const id = addTensor(graph, output);
    this.emitted++;
    // The node's own name goes to the first IR node that computes, not to the layout changes around it.
    const moves = (op === 'transpose' || op === 'reshape') && !movesData.has(this.proto.opType);
    const name = this.named || moves ? `${this.name}/${op}${this.emitted}` : this.name;
    this.named ||= !moves;
    const node = { op, name, inputs: [...inputs], outputs: [id], attrs };
    graph.nodes.push(node);
    this.values.producers.set(id, node);
    inferNode(graph, node);
    const { shape } = graph.tensors[id];
    const bytes = tensorBytes(graph.tensors[id]);
    if (!(bytes > 0 && bytes <= maxTensorBytes)) this.broken(`its output of shape [${shape}] has ${bytes} bytes`);
    return id;
  }

  /** Quantization from the constant inputs `scale` and `zero` (optional) for a tensor of this type. */
  quant(scale: number, zero: number, axis: number, dtype: string): Quant {
    return quantFrom(
      this.constant(scale, 'scale'),
      this.has(zero) ? this.constant(zero, 'zero point') : undefined,
      axis,
      dtype,
    );
  }

  broken(reason: string): never {
    return fail('model.broken', { reason: `node '${this.name}' (${this.proto.opType}): ${reason}` });
  }
}
