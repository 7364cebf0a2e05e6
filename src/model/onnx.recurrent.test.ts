// SPDX-License-Identifier: Apache-2.0
// LSTM, GRU and RNN from ONNX files against ONNX Runtime: every direction, initial states as inputs, all outputs.
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { canonicalize } from '../passes/index.js';
import { xorshift32 } from '../xorshift.js';
import { readOnnx } from './onnx.js';
import { type TestAttribute, type TestConstant, type TestGraph, writeOnnx } from './testing/onnxWriter.js';

const [steps, batch, width, hidden] = [4, 2, 3, 5];
const gates = { LSTM: 4, GRU: 3, RNN: 1 };
type Op = keyof typeof gates;

const next = xorshift32(21);
const values = (count: number): Float32Array => Float32Array.from({ length: count }, () => (next() >>> 24) / 128 - 1);
const constant = (name: string, dims: number[]): TestConstant => ({
  name,
  type: 'float',
  dims,
  data: values(dims.reduce((a, b) => a * b, 1)),
});

interface Case {
  op: Op;
  direction: 'forward' | 'reverse' | 'bidirectional';
  attributes?: Record<string, TestAttribute>;
  peephole?: boolean;
}

function modelOf({ op, direction, attributes, peephole }: Case): TestGraph {
  const d = direction === 'bidirectional' ? 2 : 1;
  const g = gates[op];
  const states = op === 'LSTM' ? ['h', 'c'] : ['h'];
  const results = ['y', ...states.map((s) => `${s}_last`)];
  const shape = [d, batch, hidden];
  const constants = [
    constant('w', [d, g * hidden, width]),
    constant('r', [d, g * hidden, hidden]),
    constant('b', [d, 2 * g * hidden]),
    ...(peephole ? [constant('p', [d, 3 * hidden])] : []),
  ];
  return {
    inputs: [
      { name: 'x', type: 'float', dims: [steps, batch, width] },
      ...states.map((name) => ({ name, type: 'float' as const, dims: shape })),
    ],
    outputs: results.map((name) => ({
      name,
      type: 'float' as const,
      dims: name === 'y' ? [steps, d, batch, hidden] : shape,
    })),
    nodes: [
      {
        op,
        inputs: ['x', 'w', 'r', 'b', '', ...states, ...(peephole ? ['p'] : [])],
        outputs: results,
        attributes: { hidden_size: { int: hidden }, direction: { text: direction }, ...attributes },
      },
    ],
    constants,
  };
}

async function check(c: Case): Promise<void> {
  const bytes = writeOnnx(modelOf(c));
  const graph = canonicalize(readOnnx(bytes, 'recurrent'));
  const inputs = graph.inputs.map((id) => values(graph.tensors[id].shape.reduce((a, b) => a * b, 1)));
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const feeds = Object.fromEntries(
    graph.inputs.map((id, i) => [
      graph.tensors[id].name,
      new ort.Tensor('float32', inputs[i], graph.tensors[id].shape),
    ]),
  );
  const wanted = await session.run(feeds);
  const got = evaluateGraph(graph, inputs, { rounding: 'single' });
  session.outputNames.forEach((name, i) => {
    const data = wanted[name].data as Float32Array;
    expect(graph.tensors[graph.outputs[i]].shape).toEqual([...wanted[name].dims]);
    const worst = Math.max(...Array.from(got[i] as Float32Array, (v, k) => Math.abs(v - data[k])));
    expect(worst, name).toBeLessThan(2e-6);
  });
}

describe('recurrent layers equal ONNX Runtime', () => {
  it.each<[string, Case]>([
    ['LSTM forward', { op: 'LSTM', direction: 'forward' }],
    ['LSTM reverse', { op: 'LSTM', direction: 'reverse' }],
    ['LSTM both ways', { op: 'LSTM', direction: 'bidirectional' }],
    ['LSTM with peephole weights', { op: 'LSTM', direction: 'forward', peephole: true }],
    ['LSTM with clipping', { op: 'LSTM', direction: 'forward', attributes: { clip: { float: 0.4 } } }],
    ['GRU forward', { op: 'GRU', direction: 'forward' }],
    ['GRU both ways', { op: 'GRU', direction: 'bidirectional' }],
    ['GRU with the reset after', { op: 'GRU', direction: 'reverse', attributes: { linear_before_reset: { int: 1 } } }],
    ['RNN forward', { op: 'RNN', direction: 'forward' }],
    ['RNN both ways', { op: 'RNN', direction: 'bidirectional' }],
  ])('%s', async (_, c) => check(c));
});
