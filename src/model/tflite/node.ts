// SPDX-License-Identifier: Apache-2.0
// What an operator's row sees of one TFLite operator: its inputs, constants and options; and how it emits IR nodes.
import { fail } from '../../cli/errors.js';
import { dequantizeConstant } from '../dequantize.js';
import { type Attrs, addTensor, elementCount, type Graph, NO_TENSOR, type Tensor, type TensorId } from '../graph.js';
import { maxAxes } from '../limits.js';
import { refuse } from '../refusal.js';
import type { Field, FieldType, FlatTable } from './flatbuffer.js';

/** Everything about one operator of the file, its tensors already in the graph. */
export interface TfliteOperator {
  name: string;
  builtin: string;
  inputs: TensorId[];
  outputs: TensorId[];
  optionsType: number;
  options: FlatTable | undefined;
  /** Tensors that live from one inference to the next. */
  variables: ReadonlySet<TensorId>;
  /** Is told the bytes before they are allocated. */
  charge(bytes: number): void;
}

export class TfliteNode {
  private emitted = 0;

  constructor(
    readonly graph: Graph,
    private readonly operator: TfliteOperator,
  ) {}

  get builtin(): string {
    return this.operator.builtin;
  }

  /** Before bytes are allocated. */
  charge(bytes: number): void {
    this.operator.charge(bytes);
  }

  get inputCount(): number {
    return this.operator.inputs.length;
  }

  get inputs(): readonly TensorId[] {
    return this.operator.inputs;
  }

  /** The input must be there; TFLite marks one left out with -1. */
  input(i: number): Tensor {
    return this.optional(i) ?? this.broken(`input ${i} is missing`);
  }

  optional(i: number): Tensor | undefined {
    const id = this.operator.inputs[i] ?? NO_TENSOR;
    return id === NO_TENSOR ? undefined : this.graph.tensors[id];
  }

  get output(): Tensor {
    return this.graph.tensors[this.operator.outputs[0]] ?? this.broken('it has no output');
  }

  /** A field of the operator's options; the schema's default where the options were left out. */
  option<T extends FieldType>(
    options: { union: number },
    field: Field<T>,
  ): ReturnType<typeof FlatTable.prototype.get<T>> {
    const { optionsType, options: table } = this.operator;
    if (table === undefined || optionsType === 0) return this.broken('its options are missing');
    if (optionsType !== options.union)
      return this.broken(`its options are of type ${optionsType}, not ${options.union}`);
    return table.get(field);
  }

  /** The small integers of a constant input: axes, shapes, permutations. */
  ints(i: number, what: string): number[] {
    const { data, dtype, name } = this.input(i);
    if (data === undefined)
      return refuse(`its ${what} ('${name}') is computed, not constant`, 'export the model with fixed shapes');
    if (dtype !== 'int32' && dtype !== 'int64') return this.broken(`its ${what} is of type ${dtype}`);
    if (data.length > maxAxes) return this.broken(`its ${what} has ${data.length} entries`);
    return Array.from(data as Int32Array, Number);
  }

  /** Axis counted from the front. */
  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    return positive >= 0 && positive < rank ? positive : this.broken(`axis ${axis} of ${rank} dimensions`);
  }

  /** Emits the IR node that writes the operator's output. */
  emit(op: string, inputs: readonly TensorId[], attrs: Attrs): void {
    this.push(op, inputs, [...this.operator.outputs], attrs);
  }

  get outputCount(): number {
    return this.operator.outputs.length;
  }

  /** Emits the IR node that writes output i of an operator that has several. */
  emitOutput(i: number, op: string, inputs: readonly TensorId[], attrs: Attrs): void {
    this.push(op, inputs, [this.operator.outputs[i]], attrs);
  }

  /** Shape that the file says of output i. */
  outputShape(i: number): number[] {
    return this.graph.tensors[this.operator.outputs[i]]?.shape ?? this.broken(`output ${i} is missing`);
  }

  /** A constant list of integers in the graph. */
  indices(values: readonly number[]): TensorId {
    this.operator.charge(4 * values.length);
    const name = `${this.operator.name}/indices`;
    return addTensor(this.graph, { name, dtype: 'int32', shape: [values.length], data: Int32Array.from(values) });
  }

  /** Emits the IR node that writes the operator's output and what becomes of the state in these inputs. */
  emitStateful(op: string, inputs: readonly TensorId[], attrs: Attrs, states: readonly number[]): void {
    const { graph } = this;
    const kept = graph.states ?? [];
    const writes = states.map((i) => {
      const { name, dtype, quant, shape } = this.input(i);
      const read = this.operator.inputs[i];
      if (!this.operator.variables.has(read))
        refuse(`its state '${name}' is no variable tensor`, 'convert the model again with a current converter');
      if (kept.some((s) => s.read === read))
        refuse(`another operator has its state '${name}'`, 'give each its own state');
      const write = addTensor(graph, { name: `${name}/next`, dtype, shape: [...shape], ...(quant ? { quant } : {}) });
      kept.push({ read, write });
      return write;
    });
    graph.states = kept;
    this.push(op, inputs, [...this.operator.outputs, ...writes], attrs);
  }

  /** Emits a node with a new tensor like the output (or `like`) but with this shape, for another node to read. */
  emitTemporary(op: string, inputs: readonly TensorId[], attrs: Attrs, shape: number[], like = this.output): TensorId {
    const { name } = this.output;
    const { dtype, quant } = like;
    const tensor: Tensor = { name: `${name}/${op}`, dtype, shape };
    if (quant !== undefined) tensor.quant = quant;
    const id = addTensor(this.graph, tensor);
    this.push(op, inputs, [id], attrs);
    return id;
  }

  /** The real numbers behind a quantized constant. */
  dequantize(tensor: Tensor): Float32Array {
    this.operator.charge(4 * (tensor.data?.length ?? 0));
    return dequantizeConstant(tensor);
  }

  /** Output 0 is this tensor of the file in other words: no node. */
  becomeConstant(tensor: Tensor): void {
    this.graph.tensors[this.operator.outputs[0]] = { ...tensor, name: this.output.name, shape: this.output.shape };
  }

  /** The operator is a new shape for input 0; TFLite files carry the resulting shape. */
  emitReshape(from: TensorId): void {
    const { shape } = this.output;
    const elements = elementCount(this.graph.tensors[from].shape);
    if (elements !== elementCount(shape)) this.broken(`${elements} elements cannot take shape [${shape}]`);
    this.emit('reshape', [from], { shape });
  }

  broken(reason: string): never {
    return fail('model.broken', { reason: `operator '${this.operator.name}' (${this.operator.builtin}): ${reason}` });
  }

  private push(op: string, inputs: readonly TensorId[], outputs: TensorId[], attrs: Attrs): void {
    const { name } = this.operator;
    const suffix = this.emitted++ === 0 ? '' : `/${op}`;
    this.graph.nodes.push({ op, name: name + suffix, inputs: [...inputs], outputs, attrs });
  }
}
