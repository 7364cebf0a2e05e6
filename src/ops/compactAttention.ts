// SPDX-License-Identifier: Apache-2.0
// compactAttention: cachedAttention with keys and values kept as int8, a scale for each head of each position: about a quarter of
// the memory. The query becomes int8 too, so that scores are exact sums of integers; shares of the values, each with the scale of
// its value, become integers of up to 15 bits, so that what is attended to is one as well: kernels may add in any order.
// Inputs: query [1, heads * headSize], key and value [1, kvHeads * headSize], position [1], keys, values [context, kvHeads *
// headSize] int8, their scales [context, kvHeads]. Outputs: what the heads attend to, and all four caches.
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, finiteNumber, given, int } from './attributes.js';
import { quantizeRow } from './dynamicQuantize.js';
import { expf } from './floatMath.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const f = Math.fround;

const index = { query: 0, key: 1, value: 2, position: 3, keys: 4, values: 5, keyScales: 6, valueScales: 7 } as const;
const caches = [index.keys, index.values, index.keyScales, index.valueScales];

interface Geometry {
  heads: number;
  kvHeads: number;
  headSize: number;
  context: number;
  scale: number;
  mostWeight: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const heads = int(node, 'heads', { min: 1, max: 65_536 });
  const kvHeads = int(node, 'kvHeads', { min: 1, max: heads });
  const tensor = (i: number) => inputOf(node, graph, i);
  const width = elementCount(tensor(index.query).shape);
  const headSize = width / heads;
  const kept = kvHeads * headSize;
  const [context] = tensor(index.keys).shape;
  if (heads % kvHeads !== 0 || !Number.isInteger(headSize) || headSize > 65_536)
    badShape(node, `${width} elements of the query are not ${heads} heads over ${kvHeads}`);
  for (const i of [index.key, index.value])
    if (elementCount(tensor(i).shape) !== kept) badShape(node, `its key or value is not ${kept} elements`);
  if (tensor(index.position).dtype !== 'int32' || elementCount(tensor(index.position).shape) !== 1)
    badShape(node, 'its position is not one int32');
  for (const i of caches) {
    const expected = [context, i < index.keyScales ? kept : kvHeads];
    if (tensor(i).shape.join() !== expected.join()) badShape(node, `a cache [${tensor(i).shape}] is not [${expected}]`);
  }
  const mostWeight = Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * context)));
  return { heads, kvHeads, headSize, context, scale: f(finiteNumber(node, 'scale')), mostWeight };
}

/** The caches with the row of this token in its place. */
function keep(g: Geometry, at: number, row: ArrayLike<number>, cache: Int8Array, scales: Float32Array): void {
  for (let head = 0; head < g.kvHeads; head++) {
    const part = Float32Array.from({ length: g.headSize }, (_, i) => row[head * g.headSize + i]);
    const out = new Int8Array(g.headSize);
    scales[at * g.kvHeads + head] = quantizeRow(part, 0, g.headSize, out);
    cache.set(out, (at * g.kvHeads + head) * g.headSize);
  }
}

/** Shares of the values as integers, and what 1 stands for in their sum. */
function weigh(
  g: Geometry,
  scores: Float32Array,
  valueScale: (t: number) => number,
): { weights: number[]; unit: number } {
  let most = scores[0];
  for (const s of scores) if (s > most) most = s;
  let [total, largest] = [0, 0];
  const parts = scores.map((s, t) => {
    const share = expf(f(s - most));
    total = f(total + share);
    const part = f(share * valueScale(t));
    if (part > largest) largest = part;
    return part;
  });
  const usable = largest > f(1e-30) && largest < Number.POSITIVE_INFINITY;
  const factor = usable ? f(g.mostWeight / largest) : 0;
  const weights = Array.from(parts, (part) => {
    const w = f(part * factor);
    return w >= g.mostWeight ? g.mostWeight : w > 0 ? Math.trunc(f(w + 0.5)) : 0;
  });
  return { weights, unit: usable ? f(f(largest / g.mostWeight) * f(1 / total)) : 0 };
}

interface Caches {
  keys: Int8Array;
  values: Int8Array;
  keyScales: Float32Array;
  valueScales: Float32Array;
}

function attend(g: Geometry, query: ArrayLike<number>, last: number, c: Caches): Float32Array {
  const out = new Float32Array(g.heads * g.headSize);
  const kept = g.kvHeads * g.headSize;
  for (let head = 0; head < g.heads; head++) {
    const shared = Math.floor(head / (g.heads / g.kvHeads));
    const own = Float32Array.from({ length: g.headSize }, (_, i) => query[head * g.headSize + i]);
    const turned = new Int8Array(g.headSize);
    const unit = f(quantizeRow(own, 0, g.headSize, turned) * g.scale);
    const scores = Float32Array.from({ length: last + 1 }, (_, t) => {
      const row = c.keys.subarray(t * kept + shared * g.headSize);
      const sum = turned.reduce((s, q, i) => s + q * row[i], 0);
      return f(f(sum) * f(unit * c.keyScales[t * g.kvHeads + shared]));
    });
    const shares = weigh(g, scores, (t) => c.valueScales[t * g.kvHeads + shared]);
    for (let i = 0; i < g.headSize; i++) {
      const sum = shares.weights.reduce((s, w, t) => s + w * c.values[t * kept + shared * g.headSize + i], 0);
      out[head * g.headSize + i] = f(f(sum) * shares.unit);
    }
  }
  return out;
}

export const compactAttention: OpSpec = {
  op: 'compactAttention',
  infer(node, graph) {
    geometry(node, graph);
    return [index.query, ...caches].map((i) => {
      const { shape, dtype } = inputOf(node, graph, i);
      return { shape: [...shape], dtype };
    });
  },
  /** Over a full context. */
  macs(node, graph) {
    const { heads, headSize, context } = geometry(node, graph);
    return 2 * heads * headSize * context;
  },
  updates: caches.map((input, i) => ({ input, output: i + 1 })),
  unsupported(node, graph) {
    const fits = Object.values(index).every((i) => {
      const { dtype, data } = inputOf(node, graph, i);
      const wanted = i === index.position ? 'int32' : i === index.keys || i === index.values ? 'int8' : 'float32';
      return dtype === wanted && !data;
    });
    return fits
      ? undefined
      : { reason: 'its types have no kernel', change: 'keep caches in int8, the rest in float32' };
  },
  lower(node, { graph }) {
    const { heads, kvHeads, headSize, context, scale, mostWeight } = geometry(node, graph);
    const call = kernelCall(
      'compactAttention',
      ['s8'],
      [
        ['heads', heads],
        ['kv_heads', kvHeads],
        ['head_size', headSize],
        ['context', context],
        ['most_weight', mostWeight],
        ['scale', { float: scale }],
      ],
      Object.values(index),
    );
    return { ...call, outputs: [0, 1, 2, 3, 4], scratchBytes: 6 * (context + (context & 1)) + headSize };
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const g = geometry(node, graph);
    const at = Math.min(g.context - 1, Math.max(0, given(node, inputs, index.position)[0]));
    const [keys, values] = [index.keys, index.values].map((i) => Int8Array.from(given(node, inputs, i)));
    const [keyScales, valueScales] = [index.keyScales, index.valueScales].map((i) =>
      Float32Array.from(given(node, inputs, i)),
    );
    keep(g, at, given(node, inputs, index.key), keys, keyScales);
    keep(g, at, given(node, inputs, index.value), values, valueScales);
    const y = attend(g, given(node, inputs, index.query), at, { keys, values, keyScales, valueScales });
    return [y, keys, values, keyScales, valueScales];
  },
};
