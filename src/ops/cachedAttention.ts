// SPDX-License-Identifier: Apache-2.0
// cachedAttention: scaled dot product attention of one new token over all that came before it. Its key and value are kept at
// their position in two caches, which are state (Graph.states); what lies behind the position is not read: the causal mask.
// Heads may share keys and values (grouped queries, Ainslie et al., arXiv 2305.13245).
// Inputs: query [1, heads * headSize], key and value [1, kvHeads * headSize], position [1], key cache, value cache
// [context, kvHeads * headSize]. Outputs: what the heads attend to, and both caches.
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, finiteNumber, given, int } from './attributes.js';
import { expf } from './floatMath.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const f = Math.fround;

const index = { query: 0, key: 1, value: 2, position: 3, keys: 4, values: 5 } as const;

interface Geometry {
  heads: number;
  kvHeads: number;
  headSize: number;
  context: number;
  scale: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const heads = int(node, 'heads', { min: 1, max: 65_536 });
  const kvHeads = int(node, 'kvHeads', { min: 1, max: heads });
  const [query, key, value, position, keys, values] = Object.values(index).map((i) => inputOf(node, graph, i));
  const width = elementCount(query.shape);
  const headSize = width / heads;
  const kept = kvHeads * headSize;
  if (heads % kvHeads !== 0 || !Number.isInteger(headSize))
    badShape(node, `${width} elements of the query are not ${heads} heads over ${kvHeads}`);
  for (const t of [key, value])
    if (elementCount(t.shape) !== kept) badShape(node, `its key or value [${t.shape}] is not ${kept} elements`);
  if (position.dtype !== 'int32' || elementCount(position.shape) !== 1) badShape(node, 'its position is not one int32');
  for (const t of [keys, values])
    if (t.shape.length !== 2 || t.shape[1] !== kept || t.shape[0] !== keys.shape[0])
      badShape(node, `a cache [${t.shape}] does not hold rows of ${kept}`);
  return { heads, kvHeads, headSize, context: keys.shape[0], scale: f(finiteNumber(node, 'scale')) };
}

function attend(g: Geometry, query: ArrayLike<number>, last: number, keys: Float32Array, values: Float32Array) {
  const out = new Float32Array(g.heads * g.headSize);
  const kept = g.kvHeads * g.headSize;
  const scores = new Float32Array(last + 1);
  for (let head = 0; head < g.heads; head++) {
    const from = head * g.headSize;
    const shared = Math.floor(head / (g.heads / g.kvHeads)) * g.headSize;
    let most = 0;
    for (let t = 0; t <= last; t++) {
      let sum = 0;
      for (let i = 0; i < g.headSize; i++) sum = f(sum + f(query[from + i] * keys[t * kept + shared + i]));
      scores[t] = f(sum * g.scale);
      if (t === 0 || scores[t] > most) most = scores[t];
    }
    let total = 0;
    for (let t = 0; t <= last; t++) {
      scores[t] = expf(f(scores[t] - most));
      total = f(total + scores[t]);
    }
    const factor = f(1 / total);
    for (let i = 0; i < g.headSize; i++) {
      let sum = 0;
      for (let t = 0; t <= last; t++) sum = f(sum + f(scores[t] * values[t * kept + shared + i]));
      out[from + i] = f(sum * factor);
    }
  }
  return out;
}

export const cachedAttention: OpSpec = {
  op: 'cachedAttention',
  infer(node, graph) {
    geometry(node, graph);
    return [index.query, index.keys, index.values].map((i) => {
      const { shape, dtype } = inputOf(node, graph, i);
      return { shape: [...shape], dtype };
    });
  },
  /** Over a full context. */
  macs(node, graph) {
    const { heads, headSize, context } = geometry(node, graph);
    return 2 * heads * headSize * context;
  },
  updates: [
    { input: index.keys, output: 1 },
    { input: index.values, output: 2 },
  ],
  unsupported(node, graph) {
    const tensors = [index.query, index.key, index.value, index.keys, index.values].map((i) => inputOf(node, graph, i));
    return tensors.some((t) => t.dtype !== 'float32' || t.data)
      ? { reason: 'it has a kernel for computed float32 only', change: 'keep this layer in float32' }
      : undefined;
  },
  lower(node, { graph }) {
    const { heads, kvHeads, headSize, context, scale } = geometry(node, graph);
    const call = kernelCall(
      'cachedAttention',
      ['f32'],
      [
        ['heads', heads],
        ['kv_heads', kvHeads],
        ['head_size', headSize],
        ['context', context],
        ['scale', { float: scale }],
      ],
      Object.values(index),
    );
    return { ...call, outputs: [0, 1, 2], scratchBytes: 4 * context };
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const g = geometry(node, graph);
    const [query, key, value, position] = [index.query, index.key, index.value, index.position].map((i) =>
      given(node, inputs, i),
    );
    const [keys, values] = [index.keys, index.values].map((i) => Float32Array.from(given(node, inputs, i)));
    const at = Math.min(g.context - 1, Math.max(0, position[0]));
    keys.set(key, at * g.kvHeads * g.headSize);
    values.set(value, at * g.kvHeads * g.headSize);
    return [attend(g, query, at, keys, values), keys, values];
  },
};
