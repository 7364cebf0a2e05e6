// SPDX-License-Identifier: Apache-2.0
// An operator over a band of rows is the same operator on a smaller image: same window, padding only where the band meets
// the edge. So operators, variants and kernels know nothing of bands.
import type { Graph, Node, Tensor, TensorId } from '../model/graph.js';
import { opSpec } from '../ops/index.js';
import type { Band, BandInput } from './rows.js';

/** How output rows follow from input rows. */
export interface RowGeometry {
  span: number;
  stride: number;
  padTop: number;
}

/** What the operators read of their activations' rows, by operator; others are not streamed. */
type GeometryOf = (node: Node, graph: Graph) => RowGeometry | undefined;

const plain: RowGeometry = { span: 1, stride: 1, padTop: 0 };
const elementwise: GeometryOf = () => plain;

const numbers = (node: Node, name: string): number[] => (node.attrs[name] as number[] | undefined) ?? [];

const windowed =
  (kernelOf: (node: Node, graph: Graph) => number): GeometryOf =>
  (node, graph) => {
    const [dilation = 1] = numbers(node, 'dilations');
    return {
      span: (kernelOf(node, graph) - 1) * dilation + 1,
      stride: numbers(node, 'strides')[0],
      padTop: numbers(node, 'pads')[0],
    };
  };

const weightRows = windowed((node, graph) => graph.tensors[node.inputs[1]].shape[1]);
const kernelRows = windowed((node) => numbers(node, 'kernel')[0]);

/** A constant operand must be the same for every row. */
const binary: GeometryOf = (node, graph) =>
  node.inputs.every((id) => {
    const { data, shape } = graph.tensors[id];
    return !data || shape.length < 3 || shape[shape.length - 3] === 1;
  })
    ? plain
    : undefined;

const padded: GeometryOf = (node) => ({ ...plain, padTop: (node.attrs.pads as number[][])[1][0] });

/** Frames of sound: a row of its input is a sample. */
const framed: GeometryOf = (node, graph) => ({
  span: graph.tensors[node.inputs[1]].shape[0],
  stride: node.attrs.hop as number,
  padTop: 0,
});

const geometries: Readonly<Record<string, GeometryOf>> = {
  conv2d: weightRows,
  depthwiseConv2d: weightRows,
  maxPool2d: kernelRows,
  averagePool2d: kernelRows,
  pad: padded,
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  minimum: binary,
  maximum: binary,
  clamp: elementwise,
  leakyRelu: elementwise,
  logistic: elementwise,
  tanh: elementwise,
  hardSwish: elementwise,
  sign: elementwise,
  quantize: elementwise,
  dequantize: elementwise,
  audioFrames: framed,
  rfft: elementwise,
  spectrum: elementwise,
  filterBank: elementwise,
  logScale: elementwise,
  dct: elementwise,
};

/** Inputs that are activations, by index. */
export const activationInputs = (node: Node, graph: Graph): number[] =>
  node.inputs.flatMap((id, i) => (id >= 0 && !graph.tensors[id].data ? [i] : []));

const isImage = (t: Tensor): boolean => t.shape.length === 4 && t.shape[0] === 1;

/** How the node's rows go, or undefined where it cannot be computed in bands. */
export function rowGeometry(node: Node, graph: Graph): RowGeometry | undefined {
  const geometry = geometries[node.op]?.(node, graph);
  if (!geometry || node.outputs.length !== 1) return undefined;
  const inputs = activationInputs(node, graph).map((i) => graph.tensors[node.inputs[i]]);
  const output = graph.tensors[node.outputs[0]];
  if (inputs.length === 0 || ![...inputs, output].every(isImage)) return undefined;
  // Broadcasting along rows or between inputs is left to the whole operator.
  const rows = new Set(inputs.map((t) => t.shape[1]));
  const same = inputs.length === 1 || (rows.size === 1 && rows.has(output.shape[1]));
  return same ? geometry : undefined;
}

function bandPads(node: Node, { padTop, padBottom }: BandInput): Node['attrs'] {
  const { pads } = node.attrs;
  if (!Array.isArray(pads)) return node.attrs;
  if (node.op === 'pad') return { ...node.attrs, pads: [pads[0], [padTop, padBottom], ...pads.slice(2)] };
  return { ...node.attrs, pads: [padTop, pads[1], padBottom, pads[3]] };
}

const withRows = (t: Tensor, rows: number): Tensor => ({ ...t, shape: [t.shape[0], rows, ...t.shape.slice(2)] });

/** The node and a graph in which it computes one band. */
export function bandNode(node: Node, graph: Graph, band: Band): { node: Node; graph: Graph } {
  const tensors = graph.tensors.slice();
  const resize = (id: TensorId, rows: number): void => {
    tensors[id] = withRows(graph.tensors[id], rows);
  };
  for (const i of activationInputs(node, graph)) resize(node.inputs[i], band.inputs[0].rows);
  resize(node.outputs[0], band.rows);
  const banded = { ...node, attrs: bandPads(node, band.inputs[0]) };
  const inBand = { ...graph, tensors };
  const [made] = opSpec(node.op)?.infer(banded, inBand) ?? [];
  if (made?.shape[1] !== band.rows) throw new Error(`${node.name}: a band of ${made?.shape[1]} rows, not ${band.rows}`);
  return { node: banded, graph: inBand };
}
