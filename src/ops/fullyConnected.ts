// SPDX-License-Identifier: Apache-2.0
// fullyConnected: rows of the input by weights [O, K].
import { elementCount, type Graph, type Node, type TensorData } from '../model/graph.js';
import { badShape, clampAttr, given, outputOf } from './attributes.js';
import { inputOf, type KernelCall, type LowerContext, type OpSpec, optionalInput } from './op.js';
import { packedCall, storedObstacle, storedOf } from './packedConv.js';
import { weightedObstacle } from './weighted.js';
import { weightedCall } from './weightedCall.js';
import { type Factors, type Finisher, factors, finisher } from './weightedFinish.js';

interface Geometry {
  rows: number;
  inC: number;
  outC: number;
  shape: number[];
}

/** The output keeps the input's leading dimensions where the last one is K; otherwise it is [size / K, O]. */
function geometry(node: Node, graph: Graph): Geometry {
  const x = inputOf(node, graph, 0);
  const w = inputOf(node, graph, 1);
  if (w.shape.length !== 2) badShape(node, `the weights have ${w.shape.length} dimensions, not 2`);
  const [outC, inC] = w.shape;
  const size = elementCount(x.shape);
  if (outC < 1 || inC < 1 || size % inC !== 0) badShape(node, `${size} inputs cannot be read as rows of ${inC}`);
  const bias = optionalInput(node, graph, 2);
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outC)) badShape(node, `the bias is not ${outC} numbers`);
  clampAttr(node);
  return { rows: size / inC, inC, outC, shape: outputShape(node, graph, x.shape, size / inC, inC, outC) };
}

/** What the reader wrote is kept where it holds the right number of elements (keep_num_dims is not an attribute). */
function outputShape(node: Node, graph: Graph, input: number[], rows: number, inC: number, outC: number): number[] {
  const written = graph.tensors[node.outputs[0]]?.shape;
  if (written && written.length > 0 && written[written.length - 1] === outC && elementCount(written) === rows * outC)
    return [...written];
  return input.length > 1 && input[input.length - 1] === inC ? [...input.slice(0, -1), outC] : [rows, outC];
}

function lower(node: Node, context: LowerContext): KernelCall {
  const { graph, rounding } = context;
  if (storedOf(node, graph)) return packedCall(node, graph, rounding);
  const g = geometry(node, graph);
  const w = inputOf(node, graph, 1);
  const bias = optionalInput(node, graph, 2)?.data;
  const weightZero = weightZeroPoint(node, graph);
  return weightedCall(node, context, {
    op: 'fullyConnected',
    head: [
      ['rows', g.rows],
      ['in_c', g.inC],
      ['out_c', g.outC],
    ],
    outC: g.outC,
    axis: 0,
    weights: { data: w.data as Int8Array | Float32Array, shape: w.shape },
    folded: (weights, { input }) => ({
      bias: folding(weights, bias, g, input.zeroPoint, weightZero),
      zeroPoint: ['weight_zero_point', weightZero],
    }),
  });
}

const weightZeroPoint = (node: Node, graph: Graph): number => inputOf(node, graph, 1).quant?.zeroPoints[0] ?? 0;

/** sum (w - wz)(x - xz) = sum w x - wz sum x - xz (sum w - K wz): the last term goes into the bias. */
function folding(
  w: Int8Array,
  bias: TensorData | undefined,
  g: Geometry,
  inputZero: number,
  weightZero: number,
): Int32Array {
  return Int32Array.from({ length: g.outC }, (_, c) => {
    const sum = w.subarray(c * g.inC, (c + 1) * g.inC).reduce((a, b) => a + b, 0);
    return Number(bias?.[c] ?? 0) - inputZero * (sum - g.inC * weightZero);
  });
}

function multiply(g: Geometry, { arithmetic, x, w }: Factors, f: Finisher): void {
  for (let r = 0; r < g.rows; r++) {
    for (let c = 0; c < g.outC; c++) {
      const [from, to] = [r * g.inC, c * g.inC];
      const sum = arithmetic === 'f32' ? dotFloat32(g.inC, x, from, w, to) : dotExact(g.inC, x, from, w, to);
      f.output[r * g.outC + c] = f.finish(sum, c);
    }
  }
}

function dotFloat32(count: number, x: Float32Array, from: number, w: Float32Array, to: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = Math.fround(sum + Math.fround(x[from + i] * w[to + i]));
  return sum;
}

type Exact = Int32Array | Float64Array;

function dotExact(count: number, x: Exact, from: number, w: Exact, to: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += x[from + i] * w[to + i];
  return sum;
}

export const fullyConnected: OpSpec = {
  op: 'fullyConnected',
  infer: (node, graph) => [{ shape: geometry(node, graph).shape, dtype: outputOf(node, graph).dtype }],
  macs(node, graph) {
    const g = geometry(node, graph);
    return g.rows * g.inC * g.outC;
  },
  unsupported: (node, graph) =>
    storedObstacle(node, graph) ?? weightedObstacle(node, graph, geometry(node, graph).inC, true),
  lower,
  evaluate(node, inputs, { graph, rounding }) {
    const g = geometry(node, graph);
    const f = finisher({ node, graph, bias: inputs[2], rounding, axis: 0, shape: [g.rows, g.outC] });
    const weightZero = f.arithmetic === 's8' ? weightZeroPoint(node, graph) : 0;
    multiply(g, factors(f, given(node, inputs, 0), given(node, inputs, 1), weightZero), f);
    return [f.output];
  },
};
