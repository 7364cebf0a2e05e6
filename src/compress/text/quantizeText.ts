// SPDX-License-Identifier: Apache-2.0
// The weights of a language model as integers. Activations become int8 as they come, with a scale for each token; norms,
// attention and what lies between the layers stay float32. With four bits, what decides most for its size keeps eight: the
// embedding and the classifier, which are one matrix in most models, and the matrices of keys and values.
import {
  addTensor,
  cloneGraph,
  type Graph,
  NO_TENSOR,
  type Node,
  type Quant,
  type State,
  type Tensor,
  type TensorId,
  uses,
} from '../../model/graph.js';
import { balanceNorms } from './balanceNorms.js';
import type { MomentsOf } from './ownText.js';
import { roundGroups } from './roundGroups.js';

export const textWeights = ['int8', 'int4g32'] as const;
export type TextWeights = (typeof textWeights)[number];

/** How keys and values of earlier tokens are kept. */
export const textCaches = ['float', 'int8'] as const;
export type TextCache = (typeof textCaches)[number];

const perRow = (scales: Float64Array): Quant => ({ scales, zeroPoints: new Int32Array(scales.length), axis: 0 });

/** Rows as int8, the largest magnitude of each 127. */
function int8Rows(t: Tensor): Tensor {
  const weights = t.data as Float32Array;
  const [rows, columns] = t.shape;
  const scales = Float64Array.from({ length: rows }, (_, r) => {
    const most = weights.subarray(r * columns, (r + 1) * columns).reduce((m, w) => Math.max(m, Math.abs(w)), 0);
    return Math.fround(most / 127) || 1;
  });
  const data = Int8Array.from(weights, (w, i) => Math.round(w / scales[Math.floor(i / columns)]));
  return { name: t.name, dtype: 'int8', shape: t.shape, data, quant: perRow(scales) };
}

interface Work {
  graph: Graph;
  /** Replacements, by what they replace: layers with one input share its integers, a shared matrix stays one. */
  integers: Map<TensorId, { node: Node; ids: [TensorId, TensorId] }>;
  matrices: Map<Tensor['data'], TensorId>;
}

function matrixOf({ graph, matrices }: Work, source: Tensor): TensorId {
  const known = matrices.get(source.data);
  if (known !== undefined) return known;
  const id = addTensor(graph, int8Rows(source));
  matrices.set(source.data, id);
  return id;
}

/** The integers of an activation and their scale; the node that makes them where it is new. */
function integersOf(work: Work, x: TensorId): { made: Node[]; ids: [TensorId, TensorId] } {
  const known = work.integers.get(x);
  if (known) return { made: [], ids: known.ids };
  const { name, shape } = work.graph.tensors[x];
  const q = addTensor(work.graph, { name: `${name}.int8`, dtype: 'int8', shape });
  const scale = addTensor(work.graph, { name: `${name}.scale`, dtype: 'float32', shape: [shape[0]] });
  const node: Node = { op: 'dynamicQuantize', name: `${name}_int8`, inputs: [x], outputs: [q, scale], attrs: {} };
  work.integers.set(x, { node, ids: [q, scale] });
  return { made: [node], ids: [q, scale] };
}

/** Weights in groups, with what describes the groups. */
function groupedInputs({ graph }: Work, source: Tensor, moment: Float64Array): TensorId[] {
  const [rows, columns] = source.shape;
  const { values, groupScales, zeros, scales } = roundGroups(source.data as Float32Array, columns, moment);
  const shape = [rows, groupScales.length / rows];
  const add = (name: string, t: Omit<Tensor, 'name'>): TensorId => addTensor(graph, { name, ...t });
  return [
    add(source.name, { dtype: 'int8', shape: source.shape, data: values, quant: perRow(scales) }),
    add(`${source.name}.scales`, { dtype: 'uint8', shape, data: groupScales }),
    add(`${source.name}.zeros`, { dtype: 'uint8', shape, data: zeros }),
  ];
}

function productNodes(work: Work, node: Node, moment: Float64Array | undefined): Node[] {
  const source = work.graph.tensors[node.inputs[1]];
  const { made, ids } = integersOf(work, node.inputs[0]);
  const weights = moment ? groupedInputs(work, source, moment) : [matrixOf(work, source), NO_TENSOR, NO_TENSOR];
  return [...made, { ...node, op: 'dynamicFullyConnected', inputs: [...ids, ...weights] }];
}

/** Nodes that make the keys and values of an attention. */
function keysAndValues(graph: Graph): Set<Node> {
  const { producer } = uses(graph);
  const layerOf = (id: TensorId): Node | undefined => {
    const node = producer.get(id);
    return node?.op === 'rotary' ? layerOf(node.inputs[0]) : node;
  };
  const made = graph.nodes.filter((n) => n.op === 'cachedAttention').flatMap((n) => [n.inputs[1], n.inputs[2]]);
  return new Set(made.flatMap((id) => layerOf(id) ?? []));
}

/** Keys and values as int8 from the moment that they are kept. */
function compacted(graph: Graph, node: Node): Node {
  const kvHeads = Number(node.attrs.kvHeads);
  const byRead = new Map((graph.states ?? []).map((state) => [state.read, state]));
  const scales = [node.inputs[4], node.inputs[5]].map((read): State => {
    const state = byRead.get(read);
    if (!state) throw new Error(`${node.name}: its cache is no state`);
    const [context] = graph.tensors[read].shape;
    const [from, to] = [state.read, state.write].map((id) => {
      const { name, shape } = graph.tensors[id];
      graph.tensors[id] = { name, dtype: 'int8', shape };
      return addTensor(graph, { name: `${name}.scales`, dtype: 'float32', shape: [context, kvHeads] });
    });
    return { read: from, write: to };
  });
  graph.states = [...(graph.states ?? []), ...scales];
  return {
    ...node,
    op: 'compactAttention',
    inputs: [...node.inputs, ...scales.map((s) => s.read)],
    outputs: [...node.outputs, ...scales.map((s) => s.write)],
  };
}

/** `moments`: of the float graph, where the weights get four bits. */
export function quantizeText(float: Graph, own: MomentsOf | undefined, cache: TextCache = 'float'): Graph {
  const { graph: source, moments } = own ? balanceNorms(float, own) : { graph: float, moments: own };
  const graph = cloneGraph(source);
  const eightBits = keysAndValues(graph);
  const work: Work = { graph, integers: new Map(), matrices: new Map() };
  const isWords = (n: Node): boolean => n.op === 'gather' && graph.inputs.includes(n.inputs[1]);
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (isWords(node)) {
      const words = matrixOf(work, graph.tensors[node.inputs[0]]);
      return [{ ...node, op: 'embedding', inputs: [node.inputs[1], words], attrs: {} }];
    }
    if (node.op === 'cachedAttention' && cache === 'int8') return [compacted(graph, node)];
    if (node.op !== 'fullyConnected') return [node];
    const keepsEight = graph.outputs.includes(node.outputs[0]) || eightBits.has(node);
    return productNodes(work, node, keepsEight ? undefined : moments?.get(node.inputs[0]));
  });
  return { ...graph, nodes };
}
