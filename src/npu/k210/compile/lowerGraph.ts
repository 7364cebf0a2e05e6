// SPDX-License-Identifier: Apache-2.0
// A graph of nodes that the KPU takes -> KPU layers. Activations and pools go into the layer before them where it serves
// nothing else; strides are a pool that takes one of four; an addition is a 1x1 convolution of two maps that lie together.

import { type Graph, type Node, type Tensor, type TensorId, uses } from '../../../model/graph.js';
import { clampAttr, intList } from '../../../ops/attributes.js';
import { inputOf, optionalInput } from '../../../ops/op.js';
import { activationRange, limitsOf, type Scale, scaleOf, weightScales } from '../../../ops/quantized.js';
import { windowOf } from '../../../ops/window.js';
import type { MapShape } from '../kpuMemory.js';
import { joinedBegins } from '../kpuMemory.js';
import { signShift } from '../planes.js';
import { pooledShape, pools } from '../pooling.js';
import { addWeights } from './addWeights.js';
import { curveOf } from './curves.js';
import type { Curve, KpuLayer, KpuProgram, MapId } from './kpuLayer.js';
import { stridingOf } from './kpuSupport.js';

const mapShape = ({ shape: [, height, width, channels] }: Tensor): MapShape => ({ channels, height, width });

interface Lowering extends KpuProgram {
  graph: Graph;
  mapOf: Map<TensorId, MapId>;
  /** Tensors that something outside of the next node reads. */
  reads: Map<TensorId, number>;
  layerOf: Map<TensorId, KpuLayer>;
}

const shifted = (s: Scale): Scale => ({ scale: s.scale, zeroPoint: s.zeroPoint + signShift });

/** Cut and zero of a node's output, in uint8. */
function curveFor(node: Node, output: Tensor): Curve {
  const scale = scaleOf(node, output);
  const { min, max } = activationRange(clampAttr(node), scale, limitsOf(output));
  return { zero: scale.zeroPoint + signShift, min: min + signShift, max: max + signShift };
}

function addMap(l: Lowering, name: string, shape: MapShape, parts?: readonly MapId[]): MapId {
  return l.maps.push({ name, shape, ...(parts ? { parts } : {}) }) - 1;
}

function sourceOf(l: Lowering, id: TensorId): MapId {
  const map = l.mapOf.get(id);
  if (map === undefined) throw new Error(`'${l.graph.tensors[id].name}' is not there yet`);
  return map;
}

/** Adds a layer that makes a tensor, and its map. */
function push(l: Lowering, id: TensorId, shape: MapShape, layer: Omit<KpuLayer, 'target'>): void {
  const target = addMap(l, l.graph.tensors[id].name, shape);
  const whole = { ...layer, target };
  l.layers.push(whole);
  l.mapOf.set(id, target);
  l.layerOf.set(id, whole);
}

/** One tap of weight 1: each channel as it is, from `dy` rows below and `dx` columns to the right. */
function copyLayer(
  name: string,
  source: MapId,
  channels: number,
  curve: Curve,
  shift: 0 | 1,
): Omit<KpuLayer, 'target' | 'pool'> {
  const kernel = shift ? 3 : 1;
  const taps = kernel * kernel;
  const weights = new Uint8Array(channels * taps);
  for (let c = 0; c < channels; c++) weights[c * taps + taps - 1] = 1;
  const factors = new Float64Array(channels).fill(1);
  const offsets = new Float64Array(channels);
  return {
    name,
    source,
    depthwise: true,
    kernel,
    weights,
    weightZero: 0,
    inputZero: curve.zero,
    factors,
    offsets,
    curve,
  };
}

/** OHWI (or 1HWO of a depthwise layer) int8 -> [outputs, inputs or 1, kernel, kernel] uint8. */
function kpuWeights(w: Tensor, depthwise: boolean): Uint8Array {
  const data = w.data as Int8Array;
  const [first, kh, kw, last] = w.shape;
  const [outputs, inputs] = depthwise ? [last, 1] : [first, last];
  const weights = new Uint8Array(data.length);
  let at = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let tap = 0; tap < kh * kw; tap++)
        weights[at++] = data[depthwise ? tap * last + o : (o * kh * kw + tap) * inputs + i] + signShift;
  return weights;
}

function lowerWeighted(l: Lowering, node: Node, depthwise: boolean): void {
  const { graph } = l;
  const [x, w, y] = [inputOf(node, graph, 0), inputOf(node, graph, 1), graph.tensors[node.outputs[0]]];
  const bias = optionalInput(node, graph, 2)?.data as Int32Array | undefined;
  const axis = depthwise ? 3 : 0;
  const outputs = w.shape[axis];
  const scales = weightScales(node, w, axis);
  const [from, to] = [shifted(scaleOf(node, x)), shifted(scaleOf(node, y))];
  const factors = Float64Array.from(
    { length: outputs },
    (_, c) => (from.scale * scales[scales.length === 1 ? 0 : c]) / to.scale,
  );
  const window = windowOf(node, graph, [w.shape[1], w.shape[2]], true);
  const striding = stridingOf(window);
  const full = { ...mapShape(x), channels: outputs };
  const curve = curveFor(node, y);
  const layer: Omit<KpuLayer, 'target'> = {
    name: node.name,
    source: sourceOf(l, node.inputs[0]),
    depthwise,
    kernel: w.shape[1] === 3 ? 3 : 1,
    weights: kpuWeights(w, depthwise),
    weightZero: signShift,
    inputZero: from.zeroPoint,
    factors,
    offsets: factors.map((f, c) => (bias ? f * bias[c] : 0)),
    curve,
    pool: striding === 'even' ? 'lefttop2s2' : 'none',
  };
  const [id] = node.outputs;
  if (striding !== 'odd') {
    push(l, id, mapShape(y), layer);
    return;
  }
  // The wanted rows and columns are the odd ones: a second layer moves them to the even ones, which the pool takes.
  push(l, id, full, layer);
  const copy = copyLayer(`${node.name} odd`, sourceOf(l, id), outputs, { zero: to.zeroPoint, min: 0, max: 255 }, 1);
  push(l, id, mapShape(y), { ...copy, pool: 'lefttop2s2' });
}

/** A map as it is, elsewhere: a map can be part of one joined map only, and there once. */
function freshCopy(l: Lowering, id: TensorId, others: readonly MapId[] = []): MapId {
  const source = sourceOf(l, id);
  const taken = others.includes(source) || l.maps.some(({ parts }) => parts?.includes(source));
  if (!taken) return source;
  const t = l.graph.tensors[id];
  const { zeroPoint } = shifted({ scale: 1, zeroPoint: t.quant?.zeroPoints[0] ?? 0 });
  const target = addMap(l, `${t.name} again`, l.maps[source].shape);
  const curve = { zero: zeroPoint, min: 0, max: 255 };
  l.layers.push({ ...copyLayer(`${t.name} again`, source, t.shape[3], curve, 0), pool: 'none', target });
  return target;
}

function lowerAdd(l: Lowering, node: Node): void {
  const { graph } = l;
  const [a, b, y] = [inputOf(node, graph, 0), inputOf(node, graph, 1), graph.tensors[node.outputs[0]]];
  const same = node.inputs[0] === node.inputs[1];
  const first = same ? sourceOf(l, node.inputs[0]) : freshCopy(l, node.inputs[0]);
  const second = same ? first : freshCopy(l, node.inputs[1]);
  const shape = mapShape(y);
  const begin = same ? 0 : joinedBegins([shape, shape])[1];
  const joined = { ...shape, channels: begin + shape.channels };
  const source = same ? first : addMap(l, `${node.name} inputs`, joined, [first, second]);
  const scales = {
    a: shifted(scaleOf(node, a)),
    b: shifted(scaleOf(node, b)),
    y: shifted(scaleOf(node, y)),
  };
  push(l, node.outputs[0], shape, {
    name: node.name,
    source,
    depthwise: false,
    kernel: 1,
    ...addWeights(shape.channels, begin, scales),
    curve: curveFor(node, y),
    pool: 'none',
  });
}

/** Maps that lie together, and for each output channel the one that it is. */
function lowerConcat(l: Lowering, node: Node): void {
  const y = l.graph.tensors[node.outputs[0]];
  const to = shifted(scaleOf(node, y));
  const parts: MapId[] = [];
  for (const id of node.inputs) parts.push(freshCopy(l, id, parts));
  const shapes = parts.map((id) => l.maps[id].shape);
  const begins = joinedBegins(shapes);
  const last = shapes.length - 1;
  const joined = begins[last] + shapes[last].channels;
  const shape = mapShape(y);
  const weights = new Uint8Array(shape.channels * joined);
  const [factors, offsets] = [new Float64Array(shape.channels), new Float64Array(shape.channels)];
  let output = 0;
  for (const [i, { channels }] of shapes.entries()) {
    const from = shifted(scaleOf(node, inputOf(node, l.graph, i)));
    for (let c = 0; c < channels; c++, output++) {
      weights[output * joined + begins[i] + c] = 1;
      factors[output] = from.scale / to.scale;
      offsets[output] = -from.zeroPoint * factors[output];
    }
  }
  push(l, node.outputs[0], shape, {
    name: node.name,
    source: addMap(l, `${node.name} inputs`, { ...shape, channels: joined }, parts),
    depthwise: false,
    kernel: 1,
    weights,
    weightZero: 0,
    inputZero: 0,
    factors,
    offsets,
    curve: plainCurve(y),
    pool: 'none',
  });
}

/** The layer that made a node's input, where only this node reads it. */
function ownLayer(l: Lowering, node: Node): KpuLayer | undefined {
  const [id] = node.inputs;
  const layer = l.layerOf.get(id);
  return l.reads.get(id) === 1 && layer?.pool === 'none' ? layer : undefined;
}

/** The layer now makes another tensor. */
function retarget(l: Lowering, layer: KpuLayer, node: Node, shape: MapShape): void {
  l.maps[layer.target] = { name: l.graph.tensors[node.outputs[0]].name, shape };
  l.mapOf.set(node.outputs[0], layer.target);
  l.layerOf.set(node.outputs[0], layer);
}

const plainCurve = (t: Tensor): Curve => ({ zero: (t.quant?.zeroPoints[0] ?? 0) + signShift, min: 0, max: 255 });

/** The layer before a node, or a copy to hang a pool or an activation on. */
function layerFor(l: Lowering, node: Node): KpuLayer {
  const own = ownLayer(l, node);
  if (own) return own;
  const x = inputOf(node, l.graph, 0);
  const source = sourceOf(l, node.inputs[0]);
  const copy = copyLayer(node.name, source, x.shape[3], plainCurve(x), 0);
  push(l, node.outputs[0], l.maps[source].shape, { ...copy, pool: 'none' });
  return l.layers[l.layers.length - 1];
}

function lowerMaxPool(l: Lowering, node: Node): void {
  const size = intList(node, 'kernel', { min: 1, max: 4 }, 2)[0];
  const layer = layerFor(l, node);
  const { min, max } = curveFor(node, l.graph.tensors[node.outputs[0]]);
  const pool = pools.find((p) => p.kind === 'max' && p.size === size && p.stride === size);
  if (!pool) throw new Error(`no pool of ${size}`);
  layer.pool = pool.name;
  layer.curve = { ...layer.curve, min: Math.max(layer.curve.min, min), max: Math.min(layer.curve.max, max) };
  retarget(l, layer, node, pooledShape(l.maps[layer.target].shape, pool));
}

/** Four taps of weight 1, a quarter of their sum: rounded, where the KPU's own mean cuts. */
function lowerAveragePool(l: Lowering, node: Node): void {
  const x = inputOf(node, l.graph, 0);
  const y = l.graph.tensors[node.outputs[0]];
  const channels = x.shape[3];
  const weights = new Uint8Array(channels * 9);
  for (let c = 0; c < channels; c++) for (const tap of [4, 5, 7, 8]) weights[c * 9 + tap] = 1;
  push(l, node.outputs[0], mapShape(y), {
    ...copyLayer(node.name, sourceOf(l, node.inputs[0]), channels, curveFor(node, y), 1),
    weights,
    factors: new Float64Array(channels).fill(1 / 4),
    pool: 'lefttop2s2',
  });
}

function lowerCurve(l: Lowering, node: Node): void {
  const x = inputOf(node, l.graph, 0);
  const y = l.graph.tensors[node.outputs[0]];
  const real = curveOf(node, l.graph);
  if (!real) throw new Error(`'${node.op}' is no rising function`);
  const [from, to] = [scaleOf(node, x), shifted(scaleOf(node, y))];
  const layer = layerFor(l, node);
  const before = layer.curve;
  const cut = (steps: number): number => Math.min(before.max - before.zero, Math.max(before.min - before.zero, steps));
  const inner = before.of;
  const reals = (steps: number): number => (inner ? inner(steps) - before.zero : cut(steps)) * from.scale;
  layer.curve = { zero: to.zeroPoint, min: 0, max: 255, of: (steps) => real(reals(steps)) / to.scale + to.zeroPoint };
  retarget(l, layer, node, l.maps[layer.target].shape);
}

const lowerings: Record<string, (l: Lowering, node: Node) => void> = {
  conv2d: (l, node) => lowerWeighted(l, node, false),
  depthwiseConv2d: (l, node) => lowerWeighted(l, node, true),
  add: lowerAdd,
  concat: lowerConcat,
  maxPool2d: lowerMaxPool,
  averagePool2d: lowerAveragePool,
  leakyRelu: lowerCurve,
  logistic: lowerCurve,
  tanh: lowerCurve,
  softplus: lowerCurve,
  elu: lowerCurve,
};

/** How many inputs are maps, where it is not one. */
const mapInputs: Record<string, (node: Node) => number> = { add: () => 2, concat: (n) => n.inputs.length };

/** What nodes read and none of them makes, constants left out: a program's inputs, in its order. */
export function programInputs(nodes: readonly Node[]): TensorId[] {
  const made = new Set(nodes.flatMap((n) => n.outputs));
  const read = nodes.flatMap((n) => n.inputs.slice(0, mapInputs[n.op]?.(n) ?? 1));
  return [...new Set(read)].filter((id) => !made.has(id));
}

/** Lowers a node, and says which layers it added or changed. */
function lower(l: Lowering, node: Node): void {
  const before = l.layers.length;
  lowerings[node.op](l, node);
  for (let i = before; i < l.layers.length; i++) l.nodesOf.push([]);
  const last = l.layers.indexOf(l.layerOf.get(node.outputs[0]) as KpuLayer);
  const touched = new Set([...l.layers.keys()].slice(before)).add(last);
  for (const i of touched) l.nodesOf[i].push(node);
}

/** Nodes that `kpuSupports` took, in order; `outputs` are the tensors that are wanted. */
export function lowerGraph(graph: Graph, nodes: readonly Node[], outputs: readonly TensorId[]): KpuProgram {
  const { consumers } = uses({ ...graph, nodes: [...nodes] });
  const inputs = programInputs(nodes);
  const reads = new Map([...consumers].map(([id, list]) => [id, list.length + (outputs.includes(id) ? 1 : 0)]));
  const l: Lowering = {
    graph,
    maps: [],
    layers: [],
    nodesOf: [],
    inputs: [],
    outputs: [],
    mapOf: new Map(),
    reads,
    layerOf: new Map(),
  };
  for (const id of inputs) {
    const map = addMap(l, graph.tensors[id].name, mapShape(graph.tensors[id]));
    l.mapOf.set(id, map);
    l.inputs.push(map);
  }
  for (const node of nodes) lower(l, node);
  const { maps, layers, nodesOf } = l;
  return { maps, layers, nodesOf, inputs: l.inputs, outputs: outputs.map((id) => sourceOf(l, id)) };
}
