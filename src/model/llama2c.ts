// SPDX-License-Identifier: Apache-2.0
// A llama2.c checkpoint as the graph of one step: a token in, the logits of the next one out. Keys and values of the tokens
// before it are state, as is the position; a reset begins a new text.
import { fail } from '../cli/errors.js';
import { type Attrs, addTensor, emptyGraph, type Graph, NO_TENSOR, type TensorData, type TensorId } from './graph.js';
import { type Block, type Checkpoint, readCheckpoint } from './llama2c/checkpoint.js';

export interface TextOptions {
  /** Tokens that a text may have; the model's own context unless it is less. */
  context?: number;
}

/** Of llama2.c's RMS norm (run.c `rmsnorm`). */
const epsilon = 1e-5;
/** Base of the angles (run.c `forward`). */
const angleBase = 10_000;

interface Builder {
  graph: Graph;
  model: Checkpoint;
  context: number;
}

function constant(b: Builder, name: string, shape: number[], data: TensorData): TensorId {
  return addTensor(b.graph, { name, dtype: 'float32', shape, data });
}

/** A node with one float output. */
function add(b: Builder, op: string, name: string, inputs: TensorId[], shape: number[], attrs: Attrs = {}): TensorId {
  const id = addTensor(b.graph, { name, dtype: 'float32', shape });
  b.graph.nodes.push({ op, name, inputs, outputs: [id], attrs });
  return id;
}

function product(b: Builder, name: string, x: TensorId, weights: Float32Array, columns: number): TensorId {
  const rows = weights.length / columns;
  const w = constant(b, `${name}.weight`, [rows, columns], weights);
  return add(b, 'fullyConnected', name, [x, w, NO_TENSOR], [1, rows]);
}

function norm(b: Builder, name: string, x: TensorId, scale: Float32Array): TensorId {
  const { width } = b.model;
  const weight = constant(b, `${name}.weight`, [width], scale);
  return add(b, 'layerNorm', name, [x, weight, NO_TENSOR], [1, width], { depth: width, epsilon, centre: false });
}

/** State of the shape, and what its node makes of it. */
function addState(b: Builder, name: string, dtype: 'float32' | 'int32', shape: number[]): [TensorId, TensorId] {
  const read = addTensor(b.graph, { name, dtype, shape });
  const write = addTensor(b.graph, { name: `${name}.next`, dtype, shape });
  b.graph.states = [...(b.graph.states ?? []), { read, write }];
  return [read, write];
}

interface Place {
  position: TensorId;
  cosines: TensorId;
  sines: TensorId;
}

function placeOf(b: Builder): Place {
  const [count, next] = addState(b, 'count', 'int32', [1]);
  const position = addTensor(b.graph, { name: 'position', dtype: 'int32', shape: [1] });
  const attrs = { limit: b.context };
  b.graph.nodes.push({ op: 'position', name: 'position', inputs: [count], outputs: [position, next], attrs });
  const headSize = b.model.width / b.model.heads;
  const half = headSize / 2;
  const angle = (at: number): number => Math.floor(at / half) / angleBase ** ((2 * (at % half)) / headSize);
  const row = (name: string, of: (x: number) => number): TensorId => {
    const data = Float32Array.from({ length: b.context * half }, (_, at) => of(angle(at)));
    return add(b, 'gather', name, [constant(b, `${name}.table`, [b.context, half], data), position], [1, half], {
      axis: 0,
    });
  };
  return { position, cosines: row('cosines', Math.cos), sines: row('sines', Math.sin) };
}

function attention(b: Builder, prefix: string, block: Block, x: TensorId, place: Place): TensorId {
  const { width, heads, kvHeads } = b.model;
  const headSize = width / heads;
  const kept = kvHeads * headSize;
  const turned = (name: string, weights: Float32Array): TensorId => {
    const flat = product(b, `${prefix}/${name}`, x, weights, width);
    const attrs = { headSize, interleaved: true };
    const shape = [1, weights.length / width];
    return add(b, 'rotary', `${prefix}/${name}_rotary`, [flat, place.cosines, place.sines], shape, attrs);
  };
  const [query, key] = [turned('query', block.query), turned('key', block.key)];
  const value = product(b, `${prefix}/value`, x, block.value, width);
  const [keys, newKeys] = addState(b, `${prefix}/keys`, 'float32', [b.context, kept]);
  const [values, newValues] = addState(b, `${prefix}/values`, 'float32', [b.context, kept]);
  const out = addTensor(b.graph, { name: `${prefix}/attention`, dtype: 'float32', shape: [1, width] });
  b.graph.nodes.push({
    op: 'cachedAttention',
    name: `${prefix}/attention`,
    inputs: [query, key, value, place.position, keys, values],
    outputs: [out, newKeys, newValues],
    attrs: { heads, kvHeads, scale: 1 / Math.sqrt(headSize) },
  });
  return product(b, `${prefix}/output`, out, block.output, width);
}

/** silu(x gate) * (x up), down again (SwiGLU, arXiv 2002.05202). */
function feedForward(b: Builder, prefix: string, block: Block, x: TensorId): TensorId {
  const { width, hidden } = b.model;
  const gate = product(b, `${prefix}/gate`, x, block.gate, width);
  const opened = add(b, 'silu', `${prefix}/silu`, [gate], [1, hidden]);
  const up = product(b, `${prefix}/up`, x, block.up, width);
  const both = add(b, 'mul', `${prefix}/gated`, [opened, up], [1, hidden]);
  return product(b, `${prefix}/down`, both, block.down, hidden);
}

function contextOf(model: Checkpoint, { context }: TextOptions): number {
  if (context !== undefined && context > model.context)
    fail('usage.option', {
      option: 'context',
      expected: `at most the ${model.context} of the model`,
      got: `${context}`,
    });
  return context ?? model.context;
}

export function readLlama2c(bytes: Uint8Array, name: string, options: TextOptions = {}): Graph {
  const model = readCheckpoint(bytes);
  const graph = emptyGraph(name, { format: 'llama2c', producer: 'llama2.c', quantized: false });
  const b: Builder = { graph, model, context: contextOf(model, options) };
  const token = addTensor(graph, { name: 'token', dtype: 'int32', shape: [1] });
  graph.inputs.push(token);
  const place = placeOf(b);
  const { width, vocabulary } = model;
  const words = constant(b, 'embedding.weight', [vocabulary, width], model.embedding);
  let x = add(b, 'gather', 'embedding', [words, token], [1, width], { axis: 0 });
  model.blocks.forEach((block, l) => {
    const prefix = `block${l}`;
    const attended = attention(b, prefix, block, norm(b, `${prefix}/norm`, x, block.attentionNorm), place);
    x = add(b, 'add', `${prefix}/attended`, [x, attended], [1, width]);
    const fed = feedForward(b, prefix, block, norm(b, `${prefix}/feed_norm`, x, block.feedNorm));
    x = add(b, 'add', `${prefix}/fed`, [x, fed], [1, width]);
  });
  graph.outputs.push(product(b, 'logits', norm(b, 'final_norm', x, model.finalNorm), model.classifier, width));
  graph.text = { vocabulary, context: b.context };
  return graph;
}
