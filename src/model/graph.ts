// SPDX-License-Identifier: Apache-2.0
// The one intermediate representation. Everything between a reader and the emitter is Graph -> Graph.
//
// Conventions (all operators, all passes):
// - Activations are NHWC (or N,C for dense); a reader that meets NCHW inserts `transpose` nodes and the
//   passes remove them. Batch is 1.
// - Convolution weights are OHWI (I = input channels / groups), depthwise weights 1HWO with O = C * multiplier,
//   fully connected weights [O, I].
// - A quantized tensor has an integer dtype and `quant`: real = scale * (q - zeroPoint).
// - A tensor with `data` is a constant. Graph.nodes are in topological order.
// - Nodes are plain data: attributes are checked by the operator's own file in src/ops/.

import type { Encoding } from '../compress/formats/encoding.js';
import type { NpuBlob } from '../npu/npuBlob.js';

export type DType =
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bool';

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array;

/** real[c] = scales[c] * (q - zeroPoints[c]); one entry per tensor, or one per index of `axis`. */
export interface Quant {
  scales: Float64Array;
  zeroPoints: Int32Array;
  axis: number;
}

export type TensorId = number;

export interface Tensor {
  name: string;
  dtype: DType;
  shape: number[];
  quant?: Quant;
  data?: TensorData;
  /** Text stands in the graph as numbers: this is what each stands for. */
  labels?: readonly string[];
  /** Constant int8 weights only: how they are stored. `data` has the decoded integers all the same. */
  stored?: { encoding: Encoding; groupScales?: Uint8Array };
}

/** Attribute values are JSON-like so that a graph can be dumped. */
export type AttrValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | readonly AttrValue[]
  | { readonly [key: string]: AttrValue };
export type Attrs = { readonly [key: string]: AttrValue };

/** An input of -1 is an optional input left out. */
export const NO_TENSOR: TensorId = -1;

export interface Node {
  op: string;
  name: string;
  inputs: TensorId[];
  outputs: TensorId[];
  attrs: Attrs;
}

/** State that lives from one inference to the next: a node reads `read` and makes `write` of it, in the same memory. Only
 *  that node reads `read`. Reset makes it all zero, the real number. */
export interface State {
  read: TensorId;
  write: TensorId;
}

export interface Graph {
  name: string;
  /** Where it came from; `quantized` when the arithmetic is already integer in the file. */
  source: { format: 'tflite' | 'onnx' | 'llama2c' | 'mote'; producer?: string; quantized: boolean };
  tensors: Tensor[];
  nodes: Node[];
  inputs: TensorId[];
  outputs: TensorId[];
  states?: State[];
  /** A language model: one token in, the logits of the next one out. */
  text?: { vocabulary: number; context: number };
  /** What the NPU's compiler made of the runs of nodes that became `npu` nodes. */
  blobs?: readonly NpuBlob[];
  /** Permutation applied to a graph input or output by the layout pass, by tensor id: shape = perm(fileShape). */
  ioPermutation: Map<TensorId, number[]>;
  /** What the reader changed in a way that the user should know, one sentence each. */
  notes?: string[];
}

/** A fused activation: clamp in real numbers (relu6 is {min: 0, max: 6}). `null` is no bound. */
export type Clamp = { readonly min: number | null; readonly max: number | null };

const dtypes: Record<DType, { bytes: number; make(length: number): TensorData }> = {
  float32: { bytes: 4, make: (n) => new Float32Array(n) },
  float64: { bytes: 8, make: (n) => new Float64Array(n) },
  int8: { bytes: 1, make: (n) => new Int8Array(n) },
  uint8: { bytes: 1, make: (n) => new Uint8Array(n) },
  int16: { bytes: 2, make: (n) => new Int16Array(n) },
  uint16: { bytes: 2, make: (n) => new Uint16Array(n) },
  int32: { bytes: 4, make: (n) => new Int32Array(n) },
  uint32: { bytes: 4, make: (n) => new Uint32Array(n) },
  int64: { bytes: 8, make: (n) => new BigInt64Array(n) },
  bool: { bytes: 1, make: (n) => new Uint8Array(n) },
};

export const dtypeBytes = (dtype: DType): number => dtypes[dtype].bytes;
export const makeData = (dtype: DType, length: number): TensorData => dtypes[dtype].make(length);
export const elementCount = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const tensorBytes = (t: Tensor): number => elementCount(t.shape) * dtypeBytes(t.dtype);

/** Per-tensor quantization parameters of a tensor that must have exactly one pair. */
export function perTensorQuant(t: Tensor): { scale: number; zeroPoint: number } {
  if (t.quant?.scales.length !== 1) throw new Error(`tensor '${t.name}' is not quantized per tensor`);
  return { scale: t.quant.scales[0], zeroPoint: t.quant.zeroPoints[0] };
}

export function quantOf(scale: number, zeroPoint: number): Quant {
  return { scales: Float64Array.of(scale), zeroPoints: Int32Array.of(zeroPoint), axis: 0 };
}

/** Adds a tensor and returns its id. */
export function addTensor(graph: Graph, tensor: Tensor): TensorId {
  return graph.tensors.push(tensor) - 1;
}

export function emptyGraph(name: string, source: Graph['source']): Graph {
  return { name, source, tensors: [], nodes: [], inputs: [], outputs: [], ioPermutation: new Map() };
}

/** A copy that a pass may change: nodes and tensors are new objects, constant data is shared (never write to it). */
export function cloneGraph(graph: Graph): Graph {
  return {
    ...graph,
    source: { ...graph.source },
    tensors: graph.tensors.map((t) => ({ ...t, shape: [...t.shape] })),
    nodes: graph.nodes.map((n) => ({ ...n, inputs: [...n.inputs], outputs: [...n.outputs] })),
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
    ...(graph.states ? { states: graph.states.map((s) => ({ ...s })) } : {}),
    ioPermutation: new Map([...graph.ioPermutation].map(([id, perm]) => [id, [...perm]])),
  };
}

/** Node that produces each tensor, and nodes that read it. */
export function uses(graph: Graph): { producer: Map<TensorId, Node>; consumers: Map<TensorId, Node[]> } {
  const producer = new Map<TensorId, Node>();
  const consumers = new Map<TensorId, Node[]>();
  for (const node of graph.nodes) {
    for (const id of node.outputs) producer.set(id, node);
    for (const id of node.inputs) {
      if (id === NO_TENSOR) continue;
      const list = consumers.get(id);
      if (list) list.push(node);
      else consumers.set(id, [node]);
    }
  }
  return { producer, consumers };
}
