// SPDX-License-Identifier: Apache-2.0
// Rows of the attention operators: ONNX's own (onnx/defs/nn/defs.cc, opset 23) and those that ONNX Runtime's tools write
// (docs/ContribOperators.md of onnxruntime). All become products of matrices and a softmax (attend.ts).
import type { TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import {
  attend,
  causalBias,
  emitJoined,
  type Heads,
  madeConstant,
  maskedScore,
  reshaped,
  splitHeads,
  withPast,
} from './attend.js';
import { productWith } from './dense.js';
import type { Convert } from './elementwise.js';
import type { OnnxNode } from './node.js';
import { turnHeads } from './rotary.js';

const shapeOf = (n: OnnxNode, id: TensorId): number[] => n.values.graph.tensors[id].shape;

/** 1 / sqrt(size) unless the node says otherwise; contrib operators write 0 for that. */
function scaleOf(n: OnnxNode, query: TensorId): number {
  const size = shapeOf(n, query).at(-1) ?? 1;
  const stated = n.float('scale', 0);
  if (!Number.isFinite(stated)) n.broken(`scale ${stated}`);
  return stated === 0 ? 1 / Math.sqrt(size) : stated;
}

const softcapOf = (n: OnnxNode): number => {
  const cap = n.float('softcap', 0);
  return cap >= 0 && cap < 1e30 ? cap : n.broken(`softcap ${cap}`);
};

/** The sum of what is added to the scores; the first of the two is there only sometimes. */
const bothBiases = (n: OnnxNode, a: TensorId | undefined, b: TensorId | undefined): TensorId | undefined =>
  a === undefined || b === undefined ? (a ?? b) : n.temporary('add', [a, b], {}, 'bias');

interface Mask {
  bias?: TensorId;
  allowed?: TensorId;
}

/** A mask of numbers is added; one of bools says which scores count, and as a constant becomes numbers. */
function maskOf(n: OnnxNode, i: number, columns: number): Mask {
  if (!n.has(i)) return {};
  const { shape, dtype } = n.tensor(i);
  if (shape.length < 2 || (shape.at(-1) !== columns && shape.at(-1) !== 1))
    refuse(`its mask [${shape}] is not for ${columns} keys`, `pad the mask to ${columns} columns`);
  if (dtype !== 'bool') return { bias: n.id(i) };
  const value = n.value(i);
  if (value.kind !== 'constant') return { allowed: n.id(i) };
  const data = value.tensor.data ?? n.broken('its mask has no data');
  return { bias: madeConstant(n, 'mask', shape, 'float32', (k) => (Number(data[k]) === 0 ? maskedScore : 0)) };
}

/** Attention of opset 23: heads side by side in three dimensions, or four. */
const convertAttention: Convert = (n) => {
  if (n.has(6)) refuse('its number of valid keys is an input', 'mask the other keys instead');
  const flat = n.shape(0).length === 3;
  const headsOf = (name: string, i: number): number => (flat ? n.int(name) : n.shape(i)[1]);
  const [queryHeads, kvHeads] = [headsOf('q_num_heads', 0), headsOf('kv_num_heads', 1)];
  const part = (i: number, heads: number, purpose: string): TensorId =>
    flat ? splitHeads(n, n.id(i), heads, purpose) : n.id(i);
  const query = part(0, queryHeads, 'query');
  const key = withPast(n, 4, part(1, kvHeads, 'key'), 1, 'keys');
  const value = withPast(n, 5, part(2, kvHeads, 'value'), 2, 'values');
  if (shapeOf(n, query).length !== 4 || shapeOf(n, key).length !== 4)
    n.broken(`queries [${shapeOf(n, query)}] and keys [${shapeOf(n, key)}] are not heads of rows`);
  const [rows, columns] = [shapeOf(n, query)[2], shapeOf(n, key)[2]];
  const { bias, allowed } = maskOf(n, 3, columns);
  const before = n.has(4) ? n.shape(4)[2] : 0;
  const causal = n.int('is_causal', 0) !== 0 ? causalBias(n, rows, columns, before) : undefined;
  const mode = n.int('qk_matmul_output_mode', 0);
  const seen = (step: number, id: TensorId): void => {
    if (step === mode) n.bind({ kind: 'computed', id }, 3);
  };
  const all = bothBiases(n, bias, causal);
  const attended = attend(n, {
    query,
    key,
    value,
    scale: scaleOf(n, query),
    softcap: softcapOf(n),
    ...(all !== undefined && { bias: all }),
    ...(allowed !== undefined && { allowed }),
    seen,
  });
  if (flat) emitJoined(n, attended);
  else n.bind({ kind: 'computed', id: attended });
};

// com.microsoft

/** What all three of ONNX Runtime's operators end in; `more` is added to the scores beside the causal mask. */
function finish(n: OnnxNode, heads: Heads, more: TensorId | undefined, causal: TensorId | undefined): void {
  const bias = bothBiases(n, more, causal);
  const { query } = heads;
  const how = { scale: scaleOf(n, query), softcap: softcapOf(n), ...(bias !== undefined && { bias }) };
  emitJoined(n, attend(n, { ...heads, ...how }));
}

/** Numbers added to the scores where the keys are padding: 1 keeps a key, 0 does not. */
function paddingBias(n: OnnxNode, i: number, columns: number): TensorId | undefined {
  if (!n.has(i)) return undefined;
  const { shape, dtype } = n.tensor(i);
  const last = shape.at(-1);
  if ((shape.length !== 2 && shape.length !== 3) || last !== columns)
    refuse(`its padding mask has shape [${shape}]`, 'use a mask with a 0 or 1 for each key');
  const whole = dtype === 'int32' || dtype === 'int64' ? n.id(i) : n.broken(`a padding mask of ${dtype}`);
  const kept = n.temporary('cast', [whole], { to: 'float32' }, 'kept');
  const gone = n.temporary('sub', [n.number('one', 1), kept], {}, 'gone');
  const filter = n.number('filter', n.float('mask_filter_value', -10_000));
  const bias = n.temporary('mul', [gone, filter], {}, 'padding');
  return reshaped(n, bias, shape.length === 2 ? [shape[0], 1, 1, columns] : [shape[0], 1, ...shape.slice(1)], 'filter');
}

const causalOf = (n: OnnxNode, query: TensorId, key: TensorId, wanted: boolean): TensorId | undefined => {
  const [rows, columns] = [shapeOf(n, query)[2], shapeOf(n, key)[2]];
  return wanted ? causalBias(n, rows, columns, columns - rows) : undefined;
};

/** Query, key and value of one tensor, along `axis`. */
function parted(n: OnnxNode, x: TensorId, axis: number, sizes: readonly number[], purpose: string): TensorId[] {
  const shape = shapeOf(n, x);
  return sizes.map((size, i) => {
    const from = sizes.slice(0, i).reduce((a, b) => a + b, 0);
    const begin = shape.map((_, d) => (d === axis ? from : 0));
    const strides = shape.map(() => 1);
    const kept = shape.map((s, d) => (d === axis ? size : s));
    return n.temporary('slice', [x], { begin, size: kept, strides }, `${purpose}${i}`);
  });
}

function multiHeads(n: OnnxNode, heads: number): Heads {
  if (n.shape(0).length === 5 || !n.has(1) || n.shape(1).length === 5)
    refuse('its keys and values are packed into one tensor', 'give it query, key and value by themselves');
  const biases = n.has(3) ? biasParts(n) : [];
  const side = (i: number, purpose: string): TensorId => {
    if (n.shape(i).length === 4) return n.id(i);
    const x = biases.length > 0 ? n.temporary('add', [n.id(i), biases[i]], {}, `${purpose}_biased`) : n.id(i);
    return splitHeads(n, x, heads, purpose);
  };
  return { query: side(0, 'query'), key: side(1, 'key'), value: side(2, 'value') };
}

/** The bias of query, key and value in one vector. */
function biasParts(n: OnnxNode): TensorId[] {
  const widths = [0, 1, 2].map((i) => (n.shape(i).length === 3 ? n.shape(i)[2] : 0));
  const total = widths.reduce((a, b) => a + b, 0);
  if (n.shape(3).join() !== `${total}` || widths.includes(0))
    refuse(`its bias [${n.shape(3)}] is not for query, key and value`, 'add the bias before');
  return parted(n, n.id(3), 0, widths, 'bias');
}

const convertMultiHead: Convert = (n) => {
  const given = multiHeads(n, n.int('num_heads'));
  const key = withPast(n, 6, given.key, 1, 'keys');
  const value = withPast(n, 7, given.value, 2, 'values');
  const padding = paddingBias(n, 4, shapeOf(n, key)[2]);
  const bias = bothBiases(n, padding, n.has(5) ? n.id(5) : undefined);
  const causal = causalOf(n, given.query, key, n.int('unidirectional', 0) !== 0);
  finish(n, { query: given.query, key, value }, bias, causal);
};

/** Attention of com.microsoft: one matrix makes query, key and value of one input. */
const convertPackedAttention: Convert = (n) => {
  if (n.has(4) || n.hasOutput(1)) refuse('it keeps keys and values of before', 'export it without a past');
  const [batch, rows] = n.shape(0);
  const heads = n.int('num_heads');
  if (n.shape(0).length !== 3 || n.int('do_rotary', 0) !== 0)
    refuse('it turns its heads or has no three dimensions', 'export the model without graph fusion');
  let all = productWith(n, n.id(0), 1, false, 'query_key_value');
  if (n.has(2)) all = n.temporary('add', [all, n.id(2)], {}, 'query_key_value_biased');
  const width = shapeOf(n, all)[2];
  const sizes = n.ints('qkv_hidden_sizes') ?? [width / 3, width / 3, width / 3];
  if (
    sizes.length !== 3 ||
    sizes.some((s) => !(Number.isInteger(s) && s > 0)) ||
    sizes[0] + sizes[1] + sizes[2] !== width
  )
    n.broken(`parts [${sizes}] of ${width}`);
  const [query, key, value] = parted(n, all, 2, sizes, 'part').map((id, i) => splitHeads(n, id, heads, `side${i}`));
  if (batch < 1 || rows < 1) n.broken(`shape [${n.shape(0)}]`);
  const padding = paddingBias(n, 3, rows);
  const bias = bothBiases(n, padding, n.has(5) ? n.id(5) : undefined);
  finish(n, { query, key, value }, bias, causalOf(n, query, key, n.int('unidirectional', 0) !== 0));
};

/** How many keys count is an input that says nothing new where all of them do. */
function requireWholePast(n: OnnxNode, columns: number): void {
  const value = n.value(5);
  const known = value.kind === 'constant' && n.constantNumber(5, 'last key') === columns - 1;
  if (n.has(3) && !known)
    refuse(
      'how many keys of its past count is computed',
      'export the step over a whole text, without a past; a llama2.c checkpoint runs token by token',
    );
}

const convertGroupQuery: Convert = (n) => {
  const [queryHeads, kvHeads] = [n.int('num_heads'), n.int('kv_num_heads')];
  if (n.int('smooth_softmax', 0) > 0 || n.has(11)) refuse('it smooths its softmax', 'export it without smooth_softmax');
  const sides = n.has(1) ? [0, 1, 2].map((i) => n.id(i)) : packedSides(n, queryHeads, kvHeads);
  const [query, key, value] = sides.map((id, i) => splitHeads(n, id, i === 0 ? queryHeads : kvHeads, `side${i}`));
  const before = n.has(3) ? n.shape(3)[2] : 0;
  const rows = shapeOf(n, query)[2];
  requireWholePast(n, before + rows);
  const turn = (x: TensorId, purpose: string): TensorId =>
    n.int('do_rotary', 0) === 0
      ? x
      : turnHeads(
          n,
          x,
          { cosines: 7, sines: 8, first: before, interleaved: n.int('rotary_interleaved', 0) !== 0 },
          purpose,
        );
  const keys = withPast(n, 3, turn(key, 'turned_key'), 1, 'keys');
  const values = withPast(n, 4, value, 2, 'values');
  const columns = shapeOf(n, keys)[2];
  const window = n.int('local_window_size', -1);
  const causal = causalBias(n, rows, columns, columns - rows, window > 0 ? window - 1 : -1);
  finish(n, { query: turn(query, 'turned_query'), key: keys, value: values }, n.has(10) ? n.id(10) : undefined, causal);
};

function packedSides(n: OnnxNode, queryHeads: number, kvHeads: number): TensorId[] {
  const size = n.shape(0)[2] / (queryHeads + 2 * kvHeads);
  if (!Number.isInteger(size)) n.broken(`${queryHeads} and ${kvHeads} heads of shape [${n.shape(0)}]`);
  return parted(n, n.id(0), 2, [queryHeads * size, kvHeads * size, kvHeads * size], 'packed');
}

export const attentions: Readonly<Record<string, Convert>> = {
  Attention: convertAttention,
  'com.microsoft.Attention': convertPackedAttention,
  'com.microsoft.MultiHeadAttention': convertMultiHead,
  'com.microsoft.GroupQueryAttention': convertGroupQuery,
};
