// SPDX-License-Identifier: Apache-2.0
// Float LSTM, GRU and RNN become int8 and int16: 20 and 30 dB and more over sequences that look like a sensor's, with and
// without the state that comes in; state that is kept goes on in integers; what has no tables is refused.
import { describe, expect, it } from 'vitest';
import { randomOf } from '../../test/kernels/random.js';
import {
  type Attrs,
  addTensor,
  emptyGraph,
  type Graph,
  NO_TENSOR,
  type Node,
  type Quant,
  type TensorId,
} from '../model/graph.js';
import { resetStates } from '../model/state.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { inferNode } from '../passes/inferShapes.js';
import { quantizeValues } from '../passes/integerOperands.js';
import { quantizeFromCalibration } from './quantizeFromCalibration.js';

const [steps, width, hidden] = [24, 6, 20];

const layers = {
  lstm: { gates: 4, biases: 4, states: 2, activations: ['sigmoid', 'tanh', 'tanh'] },
  gru: { gates: 3, biases: 6, states: 1, activations: ['sigmoid', 'tanh'] },
  rnn: { gates: 1, biases: 1, states: 1, activations: ['tanh'] },
} as const;
type Op = keyof typeof layers;

/** A layer as trained ones are: weights about one over the root of what a gate sums. */
function layerGraph(op: Op, withState: boolean, attrs: Attrs = {}): Graph {
  const random = randomOf(op.length + (withState ? 9 : 0));
  const graph = emptyGraph('test', { format: 'onnx', quantized: false });
  const { gates, biases, states, activations } = layers[op];
  const constant = (shape: number[], size: number): TensorId => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.real(-size, size));
    return addTensor(graph, { name: 'weights', dtype: 'float32', shape, data });
  };
  const port = (shape: number[]): TensorId => {
    const id = addTensor(graph, { name: `input${graph.inputs.length}`, dtype: 'float32', shape });
    graph.inputs.push(id);
    return id;
  };
  const [w, r] = [width, hidden].map((n) => constant([gates * hidden, n], 1.5 / Math.sqrt(n)));
  const node: Node = {
    op,
    name: op,
    inputs: [port([steps, 1, width]), w, r, constant([biases * hidden], 0.5), ...(op === 'lstm' ? [NO_TENSOR] : [])],
    outputs: [],
    attrs: {
      batchFirst: false,
      reverse: false,
      activations: activations.map((kind) => ({ kind })),
      gateClip: null,
      ...(op === 'gru' ? { resetAfter: withState } : {}),
      ...attrs,
    },
  };
  for (let i = 0; i < states; i++) node.inputs.push(withState ? port([1, hidden]) : NO_TENSOR);
  for (let i = 0; i <= states; i++)
    node.outputs.push(addTensor(graph, { name: `output${i}`, dtype: 'float32', shape: [] }));
  graph.nodes.push(node);
  inferNode(graph, node);
  graph.outputs = [...node.outputs];
  return graph;
}

/** Its states live from one inference to the next. */
function keepingState(graph: Graph): Graph {
  const [x, h, c] = graph.inputs;
  const [y, newH, newC] = graph.outputs;
  const states = [
    { read: h, write: newH },
    { read: c, write: newC },
  ];
  return { ...graph, inputs: [x], outputs: [y], states };
}

/** Slow waves with a little noise, and states of a moment before. */
function samplesFor({ inputs, tensors }: Graph): Float32Array[][] {
  const random = randomOf(5);
  return Array.from({ length: 8 }, (_, sample) =>
    inputs.map((id, i) => {
      const count = tensors[id].shape.reduce((a, b) => a * b, 1);
      if (i > 0) return Float32Array.from({ length: count }, () => random.real(-0.8, 0.8));
      const phases = Array.from({ length: width }, () => random.real(0, 6));
      const wave = (k: number): number =>
        Math.sin((Math.floor(k / width) / steps) * (6 + sample) + phases[k % width]) * (1 + (k % width) / 4);
      return Float32Array.from({ length: count }, (_, k) => wave(k) + random.real(-0.1, 0.1));
    }),
  );
}

const leastDb = { int8: 20, int16: 30 } as const;

describe.each(['int8', 'int16'] as const)('a float recurrent layer becomes %s', (activations) => {
  for (const op of ['lstm', 'gru', 'rnn'] as const) {
    for (const withState of [false, true]) {
      it(`${op}${withState ? ' with the state that comes in' : ''} with ${leastDb[activations]} dB`, async () => {
        const graph = layerGraph(op, withState);
        const { graph: integer, report } = await quantizeFromCalibration(graph, samplesFor(graph), undefined, {
          activations,
        });
        expect(report.outputSnrDb).toBeGreaterThan(leastDb[activations]);
        const [layer] = integer.nodes.filter((n) => n.op === op);
        expect(integer.tensors[layer.outputs[0]].dtype).toBe(activations);
        expect(integer.nodes.some((n) => n.op === 'dequantize')).toBe(false);
      });
    }
  }

  it('goes on from the state that it keeps', async () => {
    const graph = keepingState(layerGraph('lstm', true));
    const samples = samplesFor(graph);
    const { graph: integer } = await quantizeFromCalibration(graph, samples, undefined, { activations });
    const [exact, kept] = [graph, integer].map(resetStates);
    const [x, y] = [integer.inputs[0], integer.outputs[0]].map((id) => integer.tensors[id]);
    let [signal, noise] = [0, 0];
    for (const sample of samples) {
      const [wanted] = evaluateGraph(graph, sample, { rounding: 'single', state: exact });
      const input = quantizeValues(sample[0], x.quant as Quant, activations);
      const [got] = evaluateGraph(integer, [input], { rounding: 'single', state: kept });
      const { scales, zeroPoints } = y.quant as Quant;
      wanted.forEach((v, i) => {
        signal += Number(v) ** 2;
        noise += (Number(v) - scales[0] * (Number(got[i]) - zeroPoints[0])) ** 2;
      });
    }
    expect(10 * Math.log10(signal / noise)).toBeGreaterThan(leastDb[activations] - 2);
    expect(integer.states?.map((s) => [s.read, s.write].map((id) => integer.tensors[id].dtype))).toEqual([
      [activations, activations],
      ['int16', 'int16'],
    ]);
  });

  it('refuses functions that it has no tables of', async () => {
    const graph = layerGraph('rnn', false, { activations: [{ kind: 'relu' }] });
    await expect(quantizeFromCalibration(graph, samplesFor(graph))).rejects.toThrow(/'rnn' \(rnn\) cannot run/);
  });
});
