// SPDX-License-Identifier: Apache-2.0
// Small graphs for tests: a builder, a random float CNN in the NCHW style of an ONNX reader, and a comparison.
import {
  type Attrs,
  addTensor,
  elementCount,
  emptyGraph,
  type Graph,
  type Quant,
  type TensorData,
  type TensorId,
} from '../../model/graph.js';
import { evaluateGraph } from '../../ops/evaluateGraph.js';
import { invertPerm } from '../constants.js';
import { inferNode } from '../inferShapes.js';

export class GraphBuilder {
  readonly graph: Graph;
  constructor(format: Graph['source']['format'] = 'mote') {
    this.graph = emptyGraph('test', { format, quantized: false });
  }

  input(shape: number[]): TensorId {
    const id = addTensor(this.graph, { name: `input_${this.graph.inputs.length}`, dtype: 'float32', shape });
    this.graph.inputs.push(id);
    return id;
  }

  constant(shape: number[], values: ArrayLike<number>): TensorId {
    return addTensor(this.graph, { name: 'constant', dtype: 'float32', shape, data: Float32Array.from(values) });
  }

  integers(shape: number[], data: Int8Array | Int32Array | Uint8Array, quant: Quant): TensorId {
    const dtype = data instanceof Int8Array ? 'int8' : data instanceof Uint8Array ? 'uint8' : 'int32';
    return addTensor(this.graph, { name: 'integers', dtype, shape, data, quant });
  }

  op(op: string, inputs: TensorId[], attrs: Attrs = {}): TensorId {
    const output = addTensor(this.graph, { name: `${op}_${this.graph.nodes.length}`, dtype: 'float32', shape: [] });
    const node = { op, name: `${op}_${this.graph.nodes.length}`, inputs, outputs: [output], attrs };
    this.graph.nodes.push(node);
    inferNode(this.graph, node);
    return output;
  }

  quantize(input: TensorId, quant: Quant, dtype: 'int8' | 'uint8' = 'int8'): TensorId {
    const { shape } = this.graph.tensors[input];
    const output = addTensor(this.graph, { name: `q_${this.graph.nodes.length}`, dtype, shape: [...shape], quant });
    const node = {
      op: 'quantize',
      name: `quantize_${this.graph.nodes.length}`,
      inputs: [input],
      outputs: [output],
      attrs: {},
    };
    this.graph.nodes.push(node);
    return output;
  }

  /** quantize then dequantize, as a QDQ exporter writes it. */
  fake(input: TensorId, quant: Quant, dtype: 'int8' | 'uint8' = 'int8'): TensorId {
    return this.op('dequantize', [this.quantize(input, quant, dtype)]);
  }

  /** An operator between the transposes that a reader of an NCHW format puts around it. */
  nchw(op: string, inputs: TensorId[], attrs: Attrs = {}): TensorId {
    const x = this.op('transpose', [inputs[0]], { perm: [0, 2, 3, 1] });
    return this.op('transpose', [this.op(op, [x, ...inputs.slice(1)], attrs)], { perm: [0, 3, 1, 2] });
  }

  shape(id: TensorId): number[] {
    return this.graph.tensors[id].shape;
  }

  build(...outputs: TensorId[]): Graph {
    this.graph.outputs = outputs;
    return this.graph;
  }
}

/** Deterministic numbers in [-1, 1) (xorshift32, Marsaglia 2003). */
export function randomValues(seed: number, count: number, scale = 1): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return Float32Array.from({ length: count }, () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return (state / 2 ** 31 - 1) * scale;
  });
}

export function randomInputs(graph: Graph, seed: number): Float32Array[] {
  return graph.inputs.map((id, i) => randomValues(seed + i * 77, elementCount(graph.tensors[id].shape)));
}

/** Moves data from the file's layout to the graph's, or back. */
export function relayout(graph: Graph, id: TensorId, data: TensorData, direction: 'toGraph' | 'toFile'): TensorData {
  const perm = graph.ioPermutation.get(id);
  if (!perm) return data;
  const { shape } = graph.tensors[id];
  const fileShape = invertPerm(perm).map((d) => shape[d]);
  const strides = fileShape.map((_, i) => elementCount(fileShape.slice(i + 1)));
  const out = data.slice();
  for (let to = 0; to < data.length; to++) {
    let [rest, from] = [to, 0];
    for (let d = shape.length - 1; d >= 0; d--) {
      from += (rest % shape[d]) * strides[perm[d]];
      rest = Math.floor(rest / shape[d]);
    }
    if (direction === 'toGraph') out[to] = data[from];
    else out[from] = data[to];
  }
  return out;
}

/** Outputs in the file's layout, for inputs in the file's layout. */
export function runGraph(graph: Graph, inputs: TensorData[]): TensorData[] {
  const laidOut = graph.inputs.map((id, i) => relayout(graph, id, inputs[i], 'toGraph'));
  const outputs = evaluateGraph(graph, laidOut, { rounding: 'tflite' });
  return outputs.map((data, i) => relayout(graph, graph.outputs[i], data, 'toFile'));
}

/** Largest difference, relative to the largest value. */
export function relativeError(a: TensorData, b: TensorData): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [worst, largest] = [0, 1e-20];
  for (let i = 0; i < a.length; i++) {
    worst = Math.max(worst, Math.abs(Number(a[i]) - Number(b[i])));
    largest = Math.max(largest, Math.abs(Number(b[i])));
  }
  return worst / largest;
}
