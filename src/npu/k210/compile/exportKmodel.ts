// SPDX-License-Identifier: Apache-2.0
// A whole int8 graph as a kmodel: layers on the KPU, what comes behind them (means, convolutions of small maps, fully connected, softmax) in float32 on
// the CPU, by nncase's own nodes.
import { fail } from '../../../cli/errors.js';
import { elementCount, type Graph, type Node, type Tensor, type TensorId, uses } from '../../../model/graph.js';
import { clampAttr, intList, maxWindow } from '../../../ops/attributes.js';
import { inputOf, optionalInput } from '../../../ops/op.js';
import { scaleOf, weightScales } from '../../../ops/quantized.js';
import { windowOf } from '../../../ops/window.js';
import { type CpuNode, floatLowest } from '../cpuNodes.js';
import type { Kmodel } from '../kmodel.js';
import type { MemoryRange, Shape4 } from '../kmodelBytes.js';
import { signShift } from '../planes.js';
import { alignMain, compileKpu } from './compileKpu.js';
import { kpuSupports } from './kpuSupport.js';

const unfit = (node: Node, reason: string): never => fail('npu.node', { node: node.name, op: node.op, reason });

interface Tail {
  graph: Graph;
  nodes: CpuNode[];
  constants: Uint8Array[];
  constantBytes: number;
  mainBytes: number;
  /** Where a tensor is in main memory, and whether its elements lie channel by channel. */
  at: Map<TensorId, { range: MemoryRange; planes?: Tensor }>;
}

function mainRange(tail: Tail, type: MemoryRange['type'], elements: number): MemoryRange {
  const bytes = elements * (type === 'float32' ? 4 : 1);
  const range: MemoryRange = { area: 'main', type, startBytes: tail.mainBytes, bytes };
  tail.mainBytes += alignMain(bytes);
  return range;
}

/** The float range of an input: uint8 is dequantized at its first use. */
function floatsOf(tail: Tail, node: Node): { range: MemoryRange; planes?: Tensor } {
  const [id] = node.inputs;
  const place = tail.at.get(id) ?? unfit(node, 'its input is made by no layer before it');
  if (place.range.type === 'float32') return place;
  const t = tail.graph.tensors[id];
  const { scale, zeroPoint } = scaleOf(node, t);
  const output = mainRange(tail, 'float32', elementCount(t.shape));
  tail.nodes.push({
    op: 'dequantize',
    input: place.range,
    output,
    zeroPoint: zeroPoint + signShift,
    scale: Math.fround(1 / scale),
  });
  const floats = { ...place, range: output };
  tail.at.set(id, floats);
  return floats;
}

function lowerMean(tail: Tail, node: Node): void {
  const x = inputOf(node, tail.graph, 0);
  const axes = (node.attrs.axes as readonly number[]).map((a) => (a < 0 ? a + 4 : a)).sort();
  const { range, planes } = floatsOf(tail, node);
  if (x.shape.length !== 4 || axes.join() !== '1,2' || !planes) unfit(node, 'it is not the mean of a whole map');
  const [, height, width, channels] = x.shape;
  const output = mainRange(tail, 'float32', channels);
  tail.nodes.push({
    op: 'mean',
    input: range,
    output,
    inShape: [1, channels, height, width],
    outShape: [1, channels, 1, 1],
  });
  tail.at.set(node.outputs[0], { range: output });
}

/** A map's place: of one pixel the order of its elements is the same in planes. */
const mapPlace = (range: MemoryRange, y: Tensor): { range: MemoryRange; planes?: Tensor } =>
  y.shape[1] * y.shape[2] === 1 ? { range } : { range, planes: y };

/** What a convolution and a pool share: shapes, window, cut. */
function windowed(tail: Tail, node: Node, kernel: readonly [number, number], dilated: boolean) {
  const { graph } = tail;
  const [x, y] = [inputOf(node, graph, 0), graph.tensors[node.outputs[0]]];
  if (x.shape.length !== 4 || x.shape[0] !== 1 || y.shape.length !== 4) unfit(node, 'it works on no image');
  const w = windowOf(node, graph, kernel, dilated);
  const [top, left, bottom, right] = intList(node, 'pads', { min: 0, max: maxWindow }, 4);
  const { min, max } = clampAttr(node);
  const { range } = floatsOf(tail, node);
  const inShape: Shape4 = [1, x.shape[3], w.inH, w.inW];
  return {
    input: range,
    output: mainRange(tail, 'float32', elementCount(y.shape)),
    inShape,
    pads: [top, bottom, left, right],
    filter: kernel,
    strides: [w.strideH, w.strideW],
    dilations: [w.dilationH, w.dilationW],
    min: min ?? floatLowest,
    max: max ?? -floatLowest,
  };
}

function lowerConvolution(tail: Tail, node: Node): void {
  const { graph } = tail;
  const w = inputOf(node, graph, 1);
  const data = w.data as Int8Array | undefined;
  const depthwise = node.op === 'depthwiseConv2d';
  const [first, kernelH, kernelW, last] = w.shape;
  const [outputs, inputs] = depthwise ? [last, 1] : [first, last];
  if (!data || w.dtype !== 'int8' || w.stored?.groupScales) unfit(node, 'its weights are no int8 constants');
  const scales = weightScales(node, w, depthwise ? 3 : 0);
  const scaleAt = (c: number): number => scales[scales.length === 1 ? 0 : c];
  const window = windowed(tail, node, [kernelH, kernelW], true);
  const taps = kernelH * kernelW;
  const weights = new Float32Array(outputs * inputs * taps);
  for (let o = 0, at = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let tap = 0; tap < taps; tap++, at++)
        weights[at] = (data as Int8Array)[depthwise ? tap * last + o : (o * taps + tap) * inputs + i] * scaleAt(o);
  const bias = optionalInput(node, graph, 2)?.data as Int32Array | undefined;
  const input = scaleOf(node, inputOf(node, graph, 0)).scale;
  tail.nodes.push({
    op: 'convolution',
    ...window,
    groups: window.inShape[1] / inputs,
    outputs,
    weights,
    bias: Float32Array.from({ length: outputs }, (_, c) => (bias ? bias[c] * input * scaleAt(c) : 0)),
  });
  tail.at.set(node.outputs[0], mapPlace(window.output, graph.tensors[node.outputs[0]]));
}

function lowerAverage(tail: Tail, node: Node): void {
  const [kernelH, kernelW] = intList(node, 'kernel', { min: 1, max: maxWindow }, 2);
  const window = windowed(tail, node, [kernelH, kernelW], false);
  tail.nodes.push({ op: 'average', ...window });
  tail.at.set(node.outputs[0], mapPlace(window.output, tail.graph.tensors[node.outputs[0]]));
}

function lowerReshape(tail: Tail, node: Node): void {
  const place = tail.at.get(node.inputs[0]) ?? unfit(node, 'its input is made by no layer before it');
  const x = inputOf(node, tail.graph, 0);
  tail.at.set(node.outputs[0], { range: place.range, ...(place.planes ? { planes: place.planes } : {}) });
  if (place.planes && x.shape.length !== 4) unfit(node, 'it takes a map apart');
}

/** Index in [H, W, C] of each element of [C, H, W]. */
function planeOrder({ shape: [, height, width, channels] }: Tensor): number[] {
  const pixels = height * width;
  return Array.from({ length: pixels * channels }, (_, i) => (i % pixels) * channels + Math.floor(i / pixels));
}

function lowerFullyConnected(tail: Tail, node: Node): void {
  const { graph } = tail;
  const { range, planes } = floatsOf(tail, node);
  const w = inputOf(node, graph, 1);
  const x = inputOf(node, graph, 0);
  const data = w.data as Int8Array;
  const [columns, depth] = w.shape;
  if (!data || w.stored?.groupScales || elementCount(x.shape) !== depth) unfit(node, 'it has several rows');
  const scales = weightScales(node, w, 0);
  const scaleAt = (c: number): number => scales[scales.length === 1 ? 0 : c];
  const order = planes ? planeOrder(planes) : Array.from({ length: depth }, (_, i) => i);
  const weights = new Float32Array(depth * columns);
  for (let i = 0; i < depth; i++)
    for (let c = 0; c < columns; c++) weights[i * columns + c] = data[c * depth + order[i]] * scaleAt(c);
  const bias = optionalInput(node, graph, 2)?.data as Int32Array | undefined;
  const input = scaleOf(node, x).scale;
  const { min, max } = clampAttr(node);
  const output = mainRange(tail, 'float32', columns);
  tail.nodes.push({
    op: 'matmul',
    input: range,
    weights: { area: 'constants', type: 'float32', startBytes: tail.constantBytes, bytes: 4 * weights.length },
    output,
    rows: 1,
    depth,
    columns,
    min: min ?? floatLowest,
    max: max ?? -floatLowest,
    bias: Float32Array.from({ length: columns }, (_, c) => (bias ? bias[c] * input * scaleAt(c) : 0)),
  });
  tail.constants.push(new Uint8Array(weights.buffer));
  tail.constantBytes += weights.byteLength;
  tail.at.set(node.outputs[0], { range: output });
}

function lowerSoftmax(tail: Tail, node: Node): void {
  const { range, planes } = floatsOf(tail, node);
  const { shape } = inputOf(node, tail.graph, 0);
  const inner = shape[shape.length - 1];
  const axis = (node.attrs.axis as number | undefined) ?? -1;
  if (planes || (axis !== -1 && axis !== shape.length - 1)) unfit(node, 'it is not over the last axis');
  const beta = typeof node.attrs.beta === 'number' ? node.attrs.beta : 1;
  const output = mainRange(tail, 'float32', elementCount(shape));
  tail.nodes.push({ op: 'softmax', input: range, output, inner, outer: elementCount(shape) / inner, beta });
  tail.at.set(node.outputs[0], { range: output });
}

const lowerings: Record<string, (tail: Tail, node: Node) => void> = {
  mean: lowerMean,
  reshape: lowerReshape,
  fullyConnected: lowerFullyConnected,
  softmax: lowerSoftmax,
  conv2d: lowerConvolution,
  depthwiseConv2d: lowerConvolution,
  averagePool2d: lowerAverage,
};

/** The nodes before the first that the KPU does not take. */
function kpuPrefix(graph: Graph): Node[] {
  const end = graph.nodes.findIndex((n) => !kpuSupports(n, graph).npu);
  return end < 0 ? graph.nodes : graph.nodes.slice(0, end);
}

/** A reshape of the input to a map of one channel moves no byte: the map is the input. */
function withoutInputReshape(graph: Graph): Graph {
  const [first, ...rest] = graph.nodes;
  const isInput = first?.op === 'reshape' && graph.inputs.includes(first.inputs[0]);
  const shape = isInput ? graph.tensors[first.outputs[0]].shape : [];
  if (shape.length !== 4 || shape[3] !== 1) return graph;
  const [from, to] = [first.inputs[0], first.outputs[0]];
  return withoutInputReshape({ ...graph, nodes: rest, inputs: graph.inputs.map((id) => (id === from ? to : id)) });
}

/** The kmodel of an int8 graph; `npu.node` names the first node that can be in none. */
export function exportKmodel(whole: Graph): Kmodel {
  const graph = withoutInputReshape(whole);
  const onKpu = kpuPrefix(graph);
  const behind = graph.nodes.slice(onKpu.length);
  if (onKpu.length === 0) {
    const [first] = graph.nodes;
    const verdict = kpuSupports(first, graph);
    unfit(first, verdict.npu ? 'nothing comes before it' : verdict.reason);
  }
  const made = new Set(onKpu.flatMap((n) => n.outputs));
  const { consumers } = uses({ ...graph, nodes: behind });
  const wanted = [...made].filter((id) => consumers.has(id) || graph.outputs.includes(id));
  const model = compileKpu(graph, onKpu, wanted);
  const tail: Tail = {
    graph,
    nodes: [],
    constants: [],
    constantBytes: 0,
    mainBytes: model.mainBytes,
    at: new Map(wanted.map((id, i) => [id, { range: model.outputs[i], planes: graph.tensors[id] }])),
  };
  for (const node of behind) {
    const lower = lowerings[node.op];
    if (lower) lower(tail, node);
    else {
      const verdict = kpuSupports(node, graph);
      unfit(node, verdict.npu ? 'it comes behind a node for the CPU' : verdict.reason);
    }
  }
  const outputs = graph.outputs.map((id) => (tail.at.get(id) as { range: MemoryRange }).range);
  return {
    ...model,
    constants: Uint8Array.from(Buffer.concat(tail.constants)),
    mainBytes: tail.mainBytes,
    outputs,
    nodes: [...model.nodes, ...tail.nodes],
  };
}
