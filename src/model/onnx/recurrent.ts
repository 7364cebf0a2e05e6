// SPDX-License-Identifier: Apache-2.0
// Rows of LSTM, GRU and RNN: one IR layer per direction. https://onnx.ai/onnx/operators/ has the formulas.

import { cellKinds } from '../../ops/cell.js';
import { inferNode } from '../../passes/inferShapes.js';
import { type Attrs, type AttrValue, addTensor, NO_TENSOR, type TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import type { OnnxNode } from './node.js';

interface Kind {
  op: 'lstm' | 'gru' | 'rnn';
  gates: number;
  /** The IR's order of gates, as positions in the file's. */
  order: readonly number[];
  activations: readonly string[];
  /** The file's bias of W and of R are one to the IR. */
  joinsBias: boolean;
  states: number;
}

const kinds: Readonly<Record<string, Kind>> = {
  // i o f c -> i f c o
  LSTM: {
    op: 'lstm',
    gates: 4,
    order: [0, 2, 3, 1],
    activations: ['Sigmoid', 'Tanh', 'Tanh'],
    joinsBias: true,
    states: 2,
  },
  GRU: { op: 'gru', gates: 3, order: [0, 1, 2], activations: ['Sigmoid', 'Tanh'], joinsBias: false, states: 1 },
  RNN: { op: 'rnn', gates: 1, order: [0], activations: ['Tanh'], joinsBias: true, states: 1 },
};

const inputs = { w: 1, r: 2, bias: 3, lengths: 4, hidden: 5, cell: 6, peephole: 7 } as const;

/** Constant input i, of one direction: its rows in groups of `hidden`, in another order. */
function rowsOf(n: OnnxNode, i: number, direction: number, order: readonly number[], length: number): Float32Array {
  const { data, dtype, shape } = n.constant(i, 'weights');
  if (dtype !== 'float32' || !data) return refuse(`its weights are ${dtype}`, 'use float32 weights');
  const size = data.length / shape[0];
  const out = new Float32Array(order.length * length);
  if (size < Math.max(...order.map((g) => (g + 1) * length))) return n.broken(`its weights have shape [${shape}]`);
  order.forEach((gate, k) => {
    const from = direction * size + gate * length;
    out.set((data as Float32Array).subarray(from, from + length), k * length);
  });
  return out;
}

function activations(n: OnnxNode, kind: Kind, direction: number): AttrValue {
  const given = n.strings('activations');
  const names =
    given?.slice(direction * kind.activations.length, (direction + 1) * kind.activations.length) ?? kind.activations;
  if (names.length !== kind.activations.length) n.broken(`it has ${given?.length} activations`);
  // alpha and beta are listed for the functions that have them, in order.
  let [alphaAt, betaAt] = [0, 0];
  const [alphas, betas] = [n.floats('activation_alpha') ?? [], n.floats('activation_beta') ?? []];
  const all = given ?? kind.activations;
  const filled = all.map((name) => {
    const key = name.charAt(0).toLowerCase() + name.slice(1);
    const row = Object.hasOwn(cellKinds, key)
      ? cellKinds[key]
      : refuse(`its activation is ${name}`, 'use Sigmoid, Tanh or Relu');
    return {
      kind: key,
      ...(row.alpha === undefined ? {} : { alpha: alphas[alphaAt++] ?? row.alpha }),
      ...(row.beta === undefined ? {} : { beta: betas[betaAt++] ?? row.beta }),
    };
  });
  return given ? filled.slice(direction * kind.activations.length, (direction + 1) * kind.activations.length) : filled;
}

/** The state that direction `d` begins with; none where that is zero. */
function initial(n: OnnxNode, i: number, d: number, batchFirst: boolean, hidden: number): TensorId {
  if (!n.has(i)) return NO_TENSOR;
  const value = n.value(i);
  if (value.kind === 'constant' && Array.from(value.tensor.data as Float32Array).every((v) => v === 0))
    return NO_TENSOR;
  const shape = n.shape(i);
  const [batch, directions] = batchFirst ? [shape[0], shape[1]] : [shape[1], shape[0]];
  let id = n.id(i);
  if (directions > 1) {
    const begin = batchFirst ? [0, d, 0] : [d, 0, 0];
    const size = batchFirst ? [batch, 1, hidden] : [1, batch, hidden];
    id = n.temporary('slice', [id], { begin, size, strides: [1, 1, 1] }, `state${i}_${d}`);
  }
  return n.temporary('reshape', [id], { shape: [batch, hidden] }, `initial${i}_${d}`);
}

function constantTensor(n: OnnxNode, what: string, shape: number[], data: Float32Array): TensorId {
  return addTensor(n.values.graph, { name: `${n.name}/${what}`, dtype: 'float32', shape, data });
}

/** The shapes that ONNX gives weights and biases. */
function checkWeights(n: OnnxNode, { gates }: Kind, directions: number): void {
  const hidden = n.int('hidden_size', n.shape(inputs.r)[2]);
  const wanted: [input: number, shape: number[]][] = [
    [inputs.w, [directions, gates * hidden, n.shape(0)[2]]],
    [inputs.r, [directions, gates * hidden, hidden]],
    [inputs.bias, [directions, 2 * gates * hidden]],
    [inputs.peephole, [directions, 3 * hidden]],
  ];
  for (const [i, shape] of wanted)
    if (n.has(i) && n.shape(i).join() !== shape.join())
      n.broken(`its weights have shape [${n.shape(i)}], expected [${shape}]`);
}

function checkLengths(n: OnnxNode, steps: number): void {
  if (!n.has(inputs.lengths)) return;
  const lengths = n.constantInts(inputs.lengths, 'sequence lengths', 65_535);
  if (lengths.some((l) => l !== steps))
    refuse('its sequences have other lengths than the input', 'use sequences of one length');
}

/** One direction: its outputs, all steps first. */
function direction(n: OnnxNode, kind: Kind, d: number, reverse: boolean, batchFirst: boolean): TensorId[] {
  const hidden = n.int('hidden_size', n.shape(inputs.r)[2]);
  const width = n.shape(0)[2];
  const { gates, order } = kind;
  const w = constantTensor(n, `w${d}`, [gates * hidden, width], rowsOf(n, inputs.w, d, order, hidden * width));
  const r = constantTensor(n, `r${d}`, [gates * hidden, hidden], rowsOf(n, inputs.r, d, order, hidden * hidden));
  let bias: TensorId = NO_TENSOR;
  if (n.has(inputs.bias)) {
    const both = rowsOf(n, inputs.bias, d, [...order, ...order.map((g) => g + gates)], hidden);
    const half = both.length / 2;
    const data = kind.joinsBias ? both.slice(0, half).map((v, i) => v + both[half + i]) : both;
    bias = constantTensor(n, `bias${d}`, [data.length], data);
  }
  const states = [inputs.hidden, inputs.cell].slice(0, kind.states).map((i) => initial(n, i, d, batchFirst, hidden));
  const peephole = (): TensorId =>
    n.has(inputs.peephole)
      ? constantTensor(n, `p${d}`, [3 * hidden], rowsOf(n, inputs.peephole, d, [0, 2, 1], hidden))
      : NO_TENSOR;
  const attrs: Attrs = {
    batchFirst,
    reverse,
    activations: activations(n, kind, d),
    gateClip: n.hasAttribute('clip') ? n.float('clip') : null,
    ...(kind.op === 'gru' ? { resetAfter: n.int('linear_before_reset', 0) !== 0 } : {}),
  };
  const { graph, producers } = n.values;
  const read = [n.id(0), w, r, bias, ...(kind.op === 'lstm' ? [peephole()] : []), ...states];
  const y = n.temporary(kind.op, read, attrs, `y${d}`);
  const node = producers.get(y);
  if (!node) throw new Error(`${n.name}: it was not emitted`);
  for (let i = 0; i < kind.states; i++) {
    const id = addTensor(graph, { name: `${n.name}/state${i}_${d}`, dtype: 'float32', shape: [] });
    producers.set(id, node);
    node.outputs.push(id);
  }
  inferNode(graph, node);
  return node.outputs;
}

/** The directions' tensors side by side along a new axis, as output i. */
function join(n: OnnxNode, i: number, ids: readonly TensorId[], axis: number): void {
  if (!n.hasOutput(i)) return;
  const { shape } = n.values.graph.tensors[ids[0]];
  const one = [...shape.slice(0, axis), 1, ...shape.slice(axis)];
  if (ids.length === 1) {
    n.emit('reshape', [ids[0]], { shape: one }, undefined, i);
    return;
  }
  const parts = ids.map((id, d) => n.temporary('reshape', [id], { shape: one }, `out${i}_${d}`));
  n.emit('concat', parts, { axis }, undefined, i);
}

/** LSTM, GRU, RNN. */
export function convertRecurrent(name: 'LSTM' | 'GRU' | 'RNN'): (n: OnnxNode) => void {
  return (n) => {
    const kind = kinds[name];
    const x = n.shape(0);
    if (x.length !== 3) n.broken(`its input has shape [${x}]`);
    const batchFirst = n.int('layout', 0) === 1;
    checkLengths(n, x[batchFirst ? 1 : 0]);
    if (name === 'LSTM' && n.int('input_forget', 0) !== 0)
      refuse('its input and forget gates are coupled', 'use a plain LSTM');
    const way = n.text('direction', 'forward');
    const reversed =
      { forward: [false], reverse: [true], bidirectional: [false, true] }[way] ?? n.broken(`its direction is '${way}'`);
    checkWeights(n, kind, reversed.length);
    const outputs = reversed.map((reverse, d) => direction(n, kind, d, reverse, batchFirst));
    // Y is [steps, directions, batch, hidden] or [batch, steps, directions, hidden]; states have batch and direction likewise.
    join(
      n,
      0,
      outputs.map((o) => o[0]),
      batchFirst ? 2 : 1,
    );
    for (let i = 1; i <= kind.states; i++)
      join(
        n,
        i,
        outputs.map((o) => o[i]),
        batchFirst ? 1 : 0,
      );
  };
}
