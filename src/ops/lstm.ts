// SPDX-License-Identifier: Apache-2.0
// lstm: long short-term memory over a sequence. Gates in the order input, forget, cell, output. Outputs: the hidden state
// of every step, and hidden and cell state after the last.
import type { Graph, Node, TensorData } from '../model/graph.js';
import { badShape, given, outputOf } from './attributes.js';
import {
  activate,
  activationFields,
  callInputs,
  cellActivations,
  clip,
  clipAttr,
  dotFloat,
  floatArray,
  outputShape,
  type Sequence,
  sequenceField,
  sequenceOf,
  stateInput,
  stepsOf,
  weightsObstacle,
} from './cell.js';
import { kernelCall } from './kernels.js';
import { evaluateInteger, integerKind, integerObstacle, lowerInteger } from './lstmInteger.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec, optionalInput } from './op.js';
import { constant, type Reason } from './weighted.js';

const f = Math.fround;
const gates = 4;
export const lstmIndex = { peephole: 4, hidden: 5, cell: 6 } as const;
const stateIndices = [lstmIndex.hidden, lstmIndex.cell];

export function lstmSequence(node: Node, graph: Graph): Sequence {
  const s = sequenceOf(node, graph, gates, gates);
  for (const i of stateIndices) stateInput(node, graph, i, s);
  const peephole = optionalInput(node, graph, lstmIndex.peephole);
  if (peephole && peephole.shape.reduce((a, b) => a * b, 1) !== 3 * s.hidden)
    badShape(node, `the peephole weights are not ${3 * s.hidden} numbers`);
  cellActivations(node, 3);
  return s;
}

const isFloat = (node: Node, graph: Graph): boolean =>
  [...node.inputs.flatMap((id) => (id >= 0 ? [graph.tensors[id]] : [])), outputOf(node, graph)].every(
    (t) => t.dtype === 'float32',
  );

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const weights = weightsObstacle(node, graph, [1, 2, 3, lstmIndex.peephole], stateIndices);
  return weights ?? (isFloat(node, graph) ? undefined : integerObstacle(node, graph, lstmSequence(node, graph)));
}

function lowerFloat(node: Node, graph: Graph, s: Sequence): KernelCall {
  const [w, r] = [inputOf(node, graph, 1), inputOf(node, graph, 2)];
  const bias = optionalInput(node, graph, 3)?.data;
  const peephole = optionalInput(node, graph, lstmIndex.peephole)?.data;
  return kernelCall(
    'lstm',
    ['f32'],
    [
      sequenceField(s),
      ['given_hidden', optionalInput(node, graph, lstmIndex.hidden) ? 1 : 0],
      ['given_cell', optionalInput(node, graph, lstmIndex.cell) ? 1 : 0],
      ['weights', constant('weights', 'float32', w.data as TensorData, w.shape)],
      ['recurrent', constant('recurrent', 'float32', r.data as TensorData, r.shape)],
      ['bias', floatArray('bias', bias, gates * s.hidden)],
      ['peephole', peephole ? floatArray('peephole', peephole, 3 * s.hidden) : null],
      ...activationFields(cellActivations(node, 3)),
      ['gate_clip', { float: clipAttr(node, 'gateClip') }],
      ['cell_clip', { float: clipAttr(node, 'cellClip') }],
    ],
  );
}

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const s = lstmSequence(node, graph);
  const float = isFloat(node, graph);
  const call = float ? lowerFloat(node, graph, s) : lowerInteger(node, graph, s, rounding);
  const scratchBytes = gates * s.hidden * (float ? 4 : 2);
  return { ...call, inputs: callInputs(node, graph, stateIndices), outputs: [0, 1, 2], scratchBytes };
}

function evaluateFloat(node: Node, data: readonly (TensorData | undefined)[], s: Sequence): TensorData[] {
  const [x, w, r] = [0, 1, 2].map((i) => given(node, data, i));
  const n = s.hidden;
  const bias = (data[3] ?? new Float32Array(gates * n)) as Float32Array;
  const peephole = data[lstmIndex.peephole] as Float32Array | undefined;
  const [h, c] = stateIndices.map((i) => (data[i]?.slice() ?? new Float32Array(s.batch * n)) as Float32Array);
  const y = new Float32Array(s.steps * s.batch * n);
  const [gate, candidate, shown] = cellActivations(node, 3);
  const [gateClip, cellClip] = [clipAttr(node, 'gateClip'), clipAttr(node, 'cellClip')];
  const peep = (row: number, i: number, cell: number): number => (peephole ? f(peephole[row * n + i] * cell) : 0);
  const look = (sum: number, add: number): number => (peephole ? f(sum + add) : sum);
  for (const at of stepsOf(s)) {
    const sums = Float32Array.from({ length: gates * n }, (_, row) =>
      dotFloat(dotFloat(bias[row], w, row * s.inputs, x, at.x, s.inputs), r, row * n, h, at.state, n),
    );
    for (let i = 0; i < n; i++) {
      const cell = c[at.state + i];
      const input = look(sums[i], peep(0, i, cell));
      const forget = look(sums[n + i], peep(1, i, cell));
      const kept = f(activate(gate, clip(forget, gateClip)) * cell);
      const added = f(activate(gate, clip(input, gateClip)) * activate(candidate, clip(sums[2 * n + i], gateClip)));
      c[at.state + i] = clip(f(kept + added), cellClip);
      const now = c[at.state + i];
      const output = look(sums[3 * n + i], peep(2, i, now));
      h[at.state + i] = f(activate(gate, clip(output, gateClip)) * activate(shown, now));
      y[at.y + i] = h[at.state + i];
    }
  }
  return [y, h, c];
}

export const lstm: OpSpec = {
  op: 'lstm',
  infer(node, graph) {
    const s = lstmSequence(node, graph);
    const y = outputOf(node, graph);
    const kind = integerKind(node, graph);
    const cell = optionalInput(node, graph, lstmIndex.cell) ?? graph.tensors[node.outputs[2]];
    const quant = kind && y.quant ? { quant: y.quant } : {};
    const cellQuant = kind && cell?.quant ? { quant: cell.quant } : {};
    return [
      { shape: outputShape(s), dtype: y.dtype },
      { shape: [s.batch, s.hidden], dtype: y.dtype, ...quant },
      { shape: [s.batch, s.hidden], dtype: kind ? 'int16' : 'float32', ...cellQuant },
    ];
  },
  macs(node, graph) {
    const s = lstmSequence(node, graph);
    return s.steps * s.batch * gates * s.hidden * (s.inputs + s.hidden);
  },
  updates: [
    { input: lstmIndex.hidden, output: 1 },
    { input: lstmIndex.cell, output: 2 },
  ],
  unsupported: obstacle,
  lower,
  evaluate(node, inputs, { graph, rounding }) {
    const s = lstmSequence(node, graph);
    return isFloat(node, graph) ? evaluateFloat(node, inputs, s) : evaluateInteger(node, inputs, graph, s, rounding);
  },
};
