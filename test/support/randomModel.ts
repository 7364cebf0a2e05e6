// SPDX-License-Identifier: Apache-2.0
// Random valid ONNX models: a list of plain steps, each of which becomes an operator that fits the values that are there.
// A step is four numbers, so that fast-check can shrink a model to the steps that matter.
import type { TestAttribute, TestConstant, TestGraph, TestNode } from '../../src/model/testing/onnxWriter.js';
import { type Random, randomOf } from '../kernels/random.js';
import { rows } from './randomRows.js';

export interface Step {
  /** Which of the rows that fit, which value it reads, and the seed of its attributes and constants. */
  row: number;
  from: number;
  seed: number;
}

export interface Value {
  name: string;
  dims: number[];
  /** No element is larger, roughly: keeps long chains from overflowing. */
  bound: number;
  /** A hair more or less of an input may change it by a lot (Round, ArgMax): float engines then differ. */
  jumps: boolean;
}

export interface RandomModel {
  graph: TestGraph;
  jumps: boolean;
  /** ONNX operators in order, for messages. */
  text: string;
}

export const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Larger ones are squashed before anything else is done to them. */
const largestBound = 64;

/** A model that grows by a node at a time. */
export class Draft {
  readonly nodes: TestNode[] = [];
  readonly constants: TestConstant[] = [];
  readonly values: Value[] = [];
  readonly read = new Set<string>();
  random: Random = randomOf(1);

  constructor(readonly opset: number) {}

  #names = 0;
  name = (): string => `t${this.#names++}`;

  /** Real numbers of at most `scale`. */
  floats(dims: number[], scale: number, offset = 0): string {
    const name = this.name();
    const data = Float32Array.from({ length: count(dims) }, () => offset + this.random.real(-scale, scale));
    this.constants.push({ name, type: 'float', dims, data });
    return name;
  }

  ints(values: readonly number[], dims = [values.length]): string {
    const name = this.name();
    this.constants.push({ name, type: 'int64', dims, data: BigInt64Array.from(values, BigInt) });
    return name;
  }

  number = (value: number): string => {
    const name = this.name();
    this.constants.push({ name, type: 'float', dims: [], data: Float32Array.of(value) });
    return name;
  };

  /** A node with one output like `x`, but for what is given. */
  node(
    op: string,
    x: Value,
    more: readonly string[] = [],
    attributes: Record<string, TestAttribute> = {},
    changed: Partial<Omit<Value, 'name'>> = {},
  ): Value {
    const value = { ...x, ...changed, name: this.name() };
    this.emit(op, [x.name, ...more], [value.name], attributes);
    return value;
  }

  emit(op: string, inputs: string[], outputs: string[], attributes: Record<string, TestAttribute> = {}): void {
    for (const input of inputs) this.read.add(input);
    this.nodes.push({ op, inputs, outputs, attributes });
  }

  /** Another value, or a constant, that may be combined with `x` element by element, and is at least as small. */
  partner(x: Value): Value {
    const fitting = this.values.filter((v) => v !== x && fitsInto(v.dims, x.dims));
    if (fitting.length > 0 && this.random.chance(0.7)) return this.random.pick(fitting);
    const dims = x.dims.map((d) => (this.random.chance(0.5) ? d : 1)).slice(this.random.int(0, x.dims.length));
    return { name: this.floats(dims, 1), dims, bound: 1, jumps: false };
  }
}

const fitsInto = (small: readonly number[], large: readonly number[]): boolean =>
  small.length <= large.length && small.every((d, i) => d === 1 || d === large[large.length - small.length + i]);

function inputDims(random: Random): number[] {
  const small = (most: number): number => random.int(1, most);
  return random.pick([
    () => [1, small(6), small(9), small(9)],
    () => [1, small(8), small(16)],
    () => [1, small(24)],
    () => [1, small(4), small(4), small(5), small(5)],
  ])();
}

function addStep(draft: Draft, step: Step): void {
  draft.random = randomOf(step.seed);
  const x = draft.values[step.from % draft.values.length];
  if (x.bound > largestBound) {
    draft.values.push(draft.node('Softsign', x, [], {}, { bound: 1 }));
    return;
  }
  const fitting = rows.filter((row) => row.fits?.(x, draft.opset) ?? true);
  const made = fitting[step.row % fitting.length].build(draft, x);
  draft.values.push(...(Array.isArray(made) ? made : [made]));
}

export function randomModel(seed: number, steps: readonly Step[], inputCount = 1): RandomModel {
  const random = randomOf(seed);
  const draft = new Draft(random.pick([13, 17, 18, 20]));
  const first = inputDims(random);
  for (let i = 0; i < inputCount; i++)
    draft.values.push({ name: `x${i}`, dims: i === 0 ? first : inputDims(random), bound: 1, jumps: false });
  const inputs = draft.values.map(({ name, dims }) => ({ name, dims }));
  for (const step of steps) addStep(draft, step);
  const made = draft.values.slice(inputCount);
  const outputs = made.filter((v) => !draft.read.has(v.name));
  return {
    graph: {
      opset: draft.opset,
      inputs,
      outputs: outputs.map(({ name, dims }) => ({ name, dims })),
      nodes: draft.nodes,
      constants: draft.constants,
    },
    jumps: outputs.some((v) => v.jumps),
    text: `opset ${draft.opset} [${inputs.map((v) => v.dims.join('x'))}] ${draft.nodes.map((n) => n.op).join(' ')}`,
  };
}
