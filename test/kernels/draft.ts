// SPDX-License-Identifier: Apache-2.0
// A one-node graph in the making, with random tensors.
import {
  type Attrs,
  addTensor,
  type DType,
  elementCount,
  emptyGraph,
  type Graph,
  makeData,
  type Node,
  type Quant,
  quantOf,
  type TensorData,
} from '../../src/model/graph.js';
import type { Random } from './random.js';

export interface Draft {
  graph: Graph;
  node: Node;
  random: Random;
}

export function draft(op: string, random: Random): Draft {
  const graph = emptyGraph('case', { format: 'mote', quantized: false });
  const node: Node = { op, name: op, inputs: [], outputs: [], attrs: {} };
  graph.nodes.push(node);
  return { graph, node, random };
}

const limits: Partial<Record<DType, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  bool: [0, 1],
};

/** A scale between 2^-8 and 1; int16 is symmetric. */
export function randomQuant(random: Random, dtype: DType): Quant | undefined {
  if (dtype !== 'int8' && dtype !== 'int16') return undefined;
  const scale = Math.fround(2 ** random.real(-8, 0));
  const zeroPoint = dtype === 'int16' ? 0 : random.pick([-128, 127, 0, random.int(-128, 127)]);
  return quantOf(dtype === 'int16' ? scale / 256 : scale, zeroPoint);
}

/** Values over the whole range, with the extremes often. */
export function randomData(random: Random, dtype: DType, count: number): TensorData {
  const data = makeData(dtype, count) as Float32Array;
  const range = limits[dtype];
  for (let i = 0; i < count; i++) {
    if (range) data[i] = random.chance(0.1) ? random.pick(range) : random.int(...range);
    else
      data[i] =
        dtype === 'float32'
          ? random.pick([random.real(-1, 1), random.real(-1, 1), random.real(-12, 12), random.int(-2, 2)])
          : random.pick([random.int(-3, 3), random.int(-1000, 1000), random.int(-(2 ** 31), 2 ** 31 - 1)]);
  }
  return data;
}

/** Adds an input that the call is given. */
export function addInput(d: Draft, dtype: DType, shape: number[], quant = randomQuant(d.random, dtype)): void {
  const id = addTensor(d.graph, { name: `in${d.node.inputs.length}`, dtype, shape, ...(quant ? { quant } : {}) });
  d.node.inputs.push(id);
  d.graph.inputs.push(id);
}

/** Adds a constant input. */
export function addConstant(d: Draft, dtype: DType, shape: number[], quant?: Quant, data?: TensorData): void {
  const values = data ?? randomData(d.random, dtype, elementCount(shape));
  const tensor = { name: `const${d.node.inputs.length}`, dtype, shape, data: values, ...(quant ? { quant } : {}) };
  d.node.inputs.push(addTensor(d.graph, tensor));
}

export function addOutput(d: Draft, dtype: DType, quant = randomQuant(d.random, dtype)): void {
  const name = d.node.outputs.length ? `out${d.node.outputs.length}` : 'out';
  const id = addTensor(d.graph, { name, dtype, shape: [], ...(quant ? { quant } : {}) });
  d.node.outputs.push(id);
  d.graph.outputs.push(id);
}

export function setAttrs(d: Draft, attrs: Attrs): void {
  d.node.attrs = { ...d.node.attrs, ...attrs };
}

/** Sometimes a fused activation. */
export function maybeActivation(d: Draft): void {
  const { random } = d;
  if (random.chance(0.5)) return;
  setAttrs(d, {
    activation: random.pick([
      { min: 0, max: null },
      { min: 0, max: 6 },
      { min: -1, max: 1 },
    ]),
  });
}
