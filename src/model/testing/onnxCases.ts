// SPDX-License-Identifier: Apache-2.0
// Shorthand for tests of the ONNX reader.
import { MoteError } from '../../cli/errors.js';
import { evaluateGraph } from '../../ops/evaluateGraph.js';
import type { Graph, Tensor } from '../graph.js';
import { readOnnx } from '../onnx.js';
import { type TestConstant, type TestGraph, type TestNode, writeOnnx } from './onnxWriter.js';

export const read = (graph: TestGraph): Graph => readOnnx(writeOnnx(graph), 'test');
export const ops = (graph: Graph): string[] => graph.nodes.map((n) => n.op);

export const f32 = (name: string, dims: number[], values?: number[]): TestConstant => ({
  name,
  type: 'float',
  dims,
  data: Float32Array.from(values ?? ramp(dims)),
});
export const i64 = (name: string, ...values: number[]): TestConstant => ({
  name,
  type: 'int64',
  dims: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
export const ramp = (dims: number[]): number[] => Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i);

/** Nodes in a row from `x` (this shape) to `y`. */
export function model(
  dims: (number | string)[],
  nodes: TestNode[],
  constants: TestConstant[] = [],
  more: Partial<TestGraph> = {},
): TestGraph {
  return { inputs: [{ name: 'x', dims }], outputs: [{ name: 'y' }], nodes, constants, ...more };
}

export const node = (
  op: string,
  inputs: string[],
  attributes: TestNode['attributes'] = {},
  outputs = ['y'],
): TestNode => ({
  op,
  inputs,
  outputs,
  attributes,
});

/** The sentence that reading ends with. */
export function sentence(graph: TestGraph): string {
  try {
    read(graph);
  } catch (error) {
    if (error instanceof MoteError && error.exit === 3) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

/** Outputs for the input 0, 1, 2 … */
export function run(graph: TestGraph): { shape: number[]; values: number[] } {
  const g = read(graph);
  const refused = g.nodes.find((n) => n.op === 'unsupported');
  if (refused !== undefined) throw new Error(`${refused.name}: ${String(refused.attrs.reason)}`);
  const shape = g.tensors[g.inputs[0]].shape;
  const [y] = evaluateGraph(g, [Float32Array.from(ramp(shape))], { rounding: 'single' });
  return { shape: g.tensors[g.outputs[0]].shape, values: Array.from(y as Float32Array, Number) };
}

export const constantInput = (g: Graph, op: string, i: number): Tensor => {
  const found = g.nodes.find((n) => n.op === op);
  return g.tensors[found?.inputs[i] ?? -1];
};
