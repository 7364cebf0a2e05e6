// SPDX-License-Identifier: Apache-2.0
// Derivatives of a float graph's outputs, backwards through its nodes: of one sample, for one weighting of the outputs. For
// an operator without a rule, random signs of about the right size stand in: what lies before it is still costed, roughly.
import type { Graph, Node, TensorId } from '../model/graph.js';
import { opSpec } from '../ops/index.js';
import { poolWindow } from '../ops/pooling.js';
import { tapRanges } from '../ops/window.js';
import { clampOf } from '../passes/activation.js';
import { isWeighted } from '../passes/affine.js';
import { geometryOf, plainWeightGradients, type WeightGradients } from './weightGradients.js';

export type Values = ReadonlyMap<TensorId, Float32Array>;

interface Step {
  graph: Graph;
  node: Node;
  values: Values;
  /** Of the node's output before its activation. */
  gradient: Float32Array;
  engine: WeightGradients;
}

/** Gradients of the node's inputs; undefined where the rule does not fit. */
type Rule = (step: Step) => (Float32Array | undefined)[] | undefined;

const seen = ({ values, node }: Step, input: number): Float32Array | undefined => values.get(node.inputs[input]);

/** Each output spreads its gradient over the window that it saw. */
const throughWeights: Rule = ({ graph, node, gradient, engine, values }) => {
  const input = values.get(node.inputs[0]);
  const { data } = graph.tensors[node.inputs[1]];
  if (!input || !(data instanceof Float32Array)) return undefined;
  const result = new Float32Array(input.length);
  if (!graph.inputs.includes(node.inputs[0])) engine.input(geometryOf(graph, node), data, gradient, result);
  return [result];
};

const throughAdd: Rule = (step) => {
  const { node, gradient } = step;
  const fits = node.inputs.every((_, i) => (seen(step, i)?.length ?? gradient.length) === gradient.length);
  return fits ? node.inputs.map((_, i) => (seen(step, i) ? gradient : undefined)) : undefined;
};

/** The mean of a window gives each of its elements a share, its maximum all to the first that has it. */
const throughPool =
  (mean: boolean): Rule =>
  (step) => {
    const { graph, node, gradient, values } = step;
    const [x, y] = [seen(step, 0), values.get(node.outputs[0])];
    if (!x || !y) return undefined;
    const w = poolWindow(node, graph, !mean);
    const rows = tapRanges(w.outH, w.strideH, w.padTop, w.dilationH, w.kernelH, w.inH);
    const columns = tapRanges(w.outW, w.strideW, w.padLeft, w.dilationW, w.kernelW, w.inW);
    const result = new Float32Array(x.length);
    for (let at = 0; at < gradient.length; at++) {
      const [c, place] = [at % w.inC, Math.floor(at / w.inC)];
      const [row, column] = [Math.floor(place / w.outW), place % w.outW];
      const inside = (rows[row].end - rows[row].begin) * (columns[column].end - columns[column].begin);
      taps: for (let ky = rows[row].begin; ky < rows[row].end; ky++)
        for (let kx = columns[column].begin; kx < columns[column].end; kx++) {
          const iy = row * w.strideH - w.padTop + ky * w.dilationH;
          const from = (iy * w.inW + column * w.strideW - w.padLeft + kx * w.dilationW) * w.inC + c;
          if (!mean && x[from] !== y[at]) continue;
          result[from] += mean ? gradient[at] / inside : gradient[at];
          if (!mean) break taps;
        }
    }
    return [result];
  };

/** Step of a numeric derivative, as a share of 1 + |x|: far above float32's rounding, far below a curve's bends. */
const slopeStep = 1e-3;

/** Operators that treat each element by itself: the slope is measured. */
const throughElements: Rule = (step) => {
  const { graph, node, gradient } = step;
  const x = seen(step, 0);
  const spec = opSpec(node.op);
  if (!x || !spec || x.length !== gradient.length) return undefined;
  const evaluate = (at: Float32Array): Float32Array =>
    spec.evaluate(node, [at, ...node.inputs.slice(1).map((id) => graph.tensors[id]?.data)], {
      graph,
      rounding: 'tflite',
    })[0] as Float32Array;
  const moved = x.map((v) => v + slopeStep * (1 + Math.abs(v)));
  const [here, there] = [evaluate(x), evaluate(moved)];
  return [gradient.map((g, i) => (g * (there[i] - here[i])) / (moved[i] - x[i]))];
};

const rules: Readonly<Record<string, Rule>> = {
  conv2d: throughWeights,
  depthwiseConv2d: throughWeights,
  fullyConnected: throughWeights,
  add: throughAdd,
  reshape: ({ gradient }) => [gradient],
  averagePool2d: throughPool(true),
  maxPool2d: throughPool(false),
  ...Object.fromEntries(
    ['clamp', 'leakyRelu', 'tanh', 'logistic', 'hardSwish', 'batchNorm'].map((op) => [op, throughElements]),
  ),
};

const meanSquare = (v: Float32Array): number => v.reduce((sum, x) => sum + x * x, 0) / Math.max(1, v.length);

/** Noise keeps its share of the signal through the operator, whatever it does. */
function guessed(step: Step, next: () => number): (Float32Array | undefined)[] {
  const { node, gradient, values } = step;
  const signal = meanSquare(values.get(node.outputs[0]) ?? new Float32Array());
  return node.inputs.map((_, i) => {
    const x = seen(step, i);
    if (!x) return undefined;
    const size = Math.sqrt((meanSquare(gradient) * gradient.length * signal) / (meanSquare(x) || 1) / x.length);
    return x.map(() => (next() & 1 ? size : -size));
  });
}

/** The gradient before the activation: nothing passes where the output is at a bound. */
function beforeActivation(node: Node, output: Float32Array | undefined, gradient: Float32Array): Float32Array {
  const { min, max } = clampOf(node.attrs.activation);
  if (!output || (min === null && max === null)) return gradient;
  const [low, high] = [min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY];
  return gradient.map((g, i) => (output[i] > low && output[i] < high ? g : 0));
}

/** Shows each weighted layer the gradient of its output before the activation, from the last layer to the first. */
export function backward(
  graph: Graph,
  values: Values,
  seeds: ReadonlyMap<TensorId, Float32Array>,
  next: () => number,
  visit: (node: Node, gradient: Float32Array) => void,
  engine: WeightGradients = plainWeightGradients,
): void {
  const gradients = new Map(seeds);
  for (const node of [...graph.nodes].reverse()) {
    const whole = gradients.get(node.outputs[0]);
    if (!whole) continue;
    const gradient = beforeActivation(node, values.get(node.outputs[0]), whole);
    if (isWeighted(node)) visit(node, gradient);
    const step = { graph, node, values, gradient, engine };
    const results = rules[node.op]?.(step) ?? guessed(step, next);
    results.forEach((result, i) => {
      const id = node.inputs[i];
      const before = gradients.get(id);
      if (result) gradients.set(id, before ? before.map((v, k) => v + result[k]) : result);
    });
  }
}
