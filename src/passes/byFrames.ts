// SPDX-License-Identifier: Apache-2.0
// A model that looks at a window of frames (axis 1 of its input) becomes one that takes only the frames that are new, and
// gives what the window that ends there gives. What a layer needs of earlier frames it keeps (`slide`); everything else
// is computed once per frame. That is exact where a frame's values do not depend on where in the window it lies: layers
// may not pad in time. Until a whole window has passed, outputs are those of a window that never was. Behind a front end
// (audioFrames, for which a sample is a frame) a network that does not go frame by frame runs on the whole window of features.
import { fail, MoteError } from '../cli/errors.js';
import { addTensor, cloneGraph, type Graph, type Node, type TensorId } from '../model/graph.js';
import { inferNode } from './inferShapes.js';

export interface ByFrames {
  graph: Graph;
  /** Frames of the window, and how many of them are new. */
  windowFrames: number;
  newFrames: number;
}

/** Of a tensor that is computed frame by frame: its rows in the window, and those that are new. */
interface Rows {
  all: number;
  fresh: number;
}

const windowed = new Set(['conv2d', 'depthwiseConv2d', 'maxPool2d', 'averagePool2d', 'audioFrames']);
/** Element by element, or along other axes than time. */
const perElement = new Set(['add', 'sub', 'mul', 'div', 'minimum', 'maximum', 'batchNorm', 'pcan']);
const ofFeatures = ['rfft', 'spectrum', 'filterBank', 'logScale', 'dct'];
const frontEndOps = new Set(['audioFrames', 'noiseReduction', 'pcan', ...ofFeatures]);
const unary = new Set([
  'clamp',
  'leakyRelu',
  'logistic',
  'tanh',
  'hardSwish',
  'quantize',
  'dequantize',
  'sign',
  ...ofFeatures,
]);

function refuse(node: Node, reason: string, change: string): never {
  return fail('model.unsupported', { node: node.name, op: node.op, reason: `frame by frame, ${reason}`, change });
}

const pair = (node: Node, key: string): [number, number] => (node.attrs[key] ?? [1, 1]) as unknown as [number, number];

/** What a layer that slides a window looks at in time. */
function reach(node: Node, graph: Graph): { frames: number; stride: number } {
  if (node.op === 'audioFrames')
    return { frames: graph.tensors[node.inputs[1]].shape[0], stride: node.attrs.hop as number };
  const pads = node.attrs.pads as readonly number[] | undefined;
  if (pads && (pads[0] !== 0 || pads[2] !== 0)) {
    const where = pads[0] === 0 ? 'end' : pads[2] === 0 ? 'beginning' : 'beginning and the end';
    refuse(
      node,
      `it pads the ${where} of the window in time (${pads[0]} and ${pads[2]} frames), so that a frame's values depend on its place in the window`,
      'train the model without padding in time (VALID)',
    );
  }
  const weights = node.op === 'conv2d' || node.op === 'depthwiseConv2d';
  const taps = weights ? graph.tensors[node.inputs[1]].shape[1] : pair(node, 'kernel')[0];
  return { frames: (taps - 1) * pair(node, 'dilations')[0] + 1, stride: pair(node, 'strides')[0] };
}

/** Frames from one of its outputs to the next. */
function strideIn(node: Node): number {
  if (node.op === 'audioFrames') return node.attrs.hop as number;
  return windowed.has(node.op) ? pair(node, 'strides')[0] : 1;
}

/** Whether a node may go frame by frame. */
type Goes = (node: Node) => boolean;

/** New frames that make every strided layer give a whole number of rows: the product of the strides up to where the
 *  window becomes one. */
function hopOf(graph: Graph, goes: Goes): number {
  const strideOf = new Map<TensorId, number>(graph.inputs.map((id) => [id, 1]));
  let hop = 1;
  for (const node of graph.nodes) {
    const stride = strideOf.get(node.inputs[0]);
    if (stride === undefined || !goes(node) || (graph.tensors[node.outputs[0]].shape[1] ?? 1) <= 1) continue;
    if (node.op === 'noiseReduction') for (const id of node.outputs) strideOf.set(id, stride);
    if (!windowed.has(node.op) && !unary.has(node.op) && !perElement.has(node.op)) continue;
    const next = stride * strideIn(node);
    strideOf.set(node.outputs[0], next);
    hop = Math.max(hop, next);
  }
  return hop;
}

class Rewriter {
  readonly graph: Graph;
  private readonly rows = new Map<TensorId, Rows>();
  private readonly nodes: Node[] = [];
  /** Windows that are kept already. */
  private readonly kept = new Map<string, TensorId>();

  constructor(
    private readonly source: Graph,
    newFrames: number,
    all: number,
    private readonly goes: Goes,
  ) {
    this.graph = cloneGraph(source);
    const [id] = source.inputs;
    this.graph.tensors[id].shape[1] = newFrames;
    this.rows.set(id, { all, fresh: newFrames });
  }

  run(): Graph {
    for (const node of this.source.nodes) this.convert({ ...node, inputs: [...node.inputs] });
    // Outputs are those of the whole window.
    this.graph.outputs = this.graph.outputs.map((id) => this.whole(id));
    this.graph.nodes = this.nodes;
    return this.graph;
  }

  private convert(node: Node): void {
    const rows = this.rows.get(node.inputs[0]);
    if (rows && this.goes(node) && windowed.has(node.op)) this.slidesWindow(node, rows);
    else if (rows && node.op === 'noiseReduction') this.keepsNoise(node, rows);
    else if (this.isPerFrame(node)) this.runsPerFrame(node, this.framesOf(node));
    else {
      node.inputs = node.inputs.map((id) => this.whole(id));
      this.push(node, undefined);
    }
  }

  private framesOf(node: Node): Rows {
    return node.inputs.map((id) => this.rows.get(id)).find((r) => r) as Rows;
  }

  /** Whether the node does to each frame what it does to the others. */
  private isPerFrame(node: Node): boolean {
    const moving = node.inputs.filter((id) => this.rows.has(id));
    if (moving.length === 0 || !this.goes(node)) return false;
    if (unary.has(node.op)) return true;
    const [x, y] = [this.source.tensors[node.inputs[0]].shape, this.source.tensors[node.outputs[0]].shape];
    const kept = x.length > 2 && y.length > 2 && y[0] === 1 && y[1] === x[1];
    if (node.op === 'reshape' || node.op === 'fullyConnected') return kept;
    if (node.op === 'softmax') return kept && (node.attrs.axis === x.length - 1 || node.attrs.axis === -1);
    const [first, ...rest] = moving.map((id) => this.rows.get(id) as Rows);
    if (rest.some((r) => r.all !== first.all || r.fresh !== first.fresh)) return false;
    const rank = this.source.tensors[node.outputs[0]].shape.length;
    const others = node.inputs.filter((id) => id >= 0 && !this.rows.has(id)).map((id) => this.source.tensors[id]);
    if (perElement.has(node.op)) {
      // A constant that changes along time (from the right, axis 1 is rank - 1 places away) would have to be kept as well.
      const alongTime = (shape: readonly number[]): number => shape[shape.length - rank + 1] ?? 1;
      return others.every((t) => t.data !== undefined && alongTime(t.shape) === 1);
    }
    return node.op === 'concat' && others.length === 0 && node.attrs.axis !== 1 && node.attrs.axis !== 1 - rank;
  }

  private runsPerFrame(node: Node, rows: Rows): void {
    const shape = node.attrs.shape as readonly number[] | undefined;
    if (node.op === 'reshape' && shape)
      node.attrs = { ...node.attrs, shape: shape.map((n, axis) => (axis === 1 ? rows.fresh : n)) };
    this.push(node, rows);
  }

  /** The noise goes on from frame to frame, as long as the signal does. */
  private keepsNoise(node: Node, rows: Rows): void {
    const [, , write] = node.outputs;
    const { name, shape } = this.graph.tensors[write];
    const read = addTensor(this.graph, { name: `${name}/before`, dtype: 'int32', shape: [...shape] });
    node.inputs = [node.inputs[0], read];
    this.graph.states = [...(this.graph.states ?? []), { read, write }];
    this.push(node, rows);
    this.rows.set(node.outputs[1], rows);
  }

  /** The layer on a window of just the rows that its new rows need. */
  private slidesWindow(node: Node, { all, fresh }: Rows): void {
    const { frames, stride } = reach(node, this.source);
    if ((all - frames) % stride !== 0)
      refuse(
        node,
        `its windows of ${frames} frames at a stride of ${stride} leave out the last of ${all} frames`,
        'choose a length of the window that the strides fit',
      );
    const made = (all - frames) / stride + 1;
    // Where all rows become one, a row per call is enough, whatever the stride.
    const next = made === 1 ? 1 : fresh / stride;
    const needed = frames + (next - 1) * stride;
    if (!Number.isInteger(next) || needed < fresh)
      refuse(node, `its stride of ${stride} leaves out frames`, 'use a stride that is no longer than the window');
    node.inputs[0] = this.last(node.inputs[0], needed);
    this.push(node, { all: made, fresh: next });
  }

  private push(node: Node, rows: Rows | undefined): void {
    this.nodes.push(node);
    inferNode(this.graph, node);
    if (rows && rows.all > rows.fresh) this.rows.set(node.outputs[0], rows);
  }

  /** The tensor as the window has it. */
  private whole(id: TensorId): TensorId {
    const rows = this.rows.get(id);
    return rows ? this.last(id, rows.all) : id;
  }

  /** The last rows of a tensor, those that are new among them. */
  private last(id: TensorId, count: number): TensorId {
    const { name, dtype, quant, shape } = this.graph.tensors[id];
    const known = count === shape[1] ? id : this.kept.get(`${id} ${count}`);
    if (known !== undefined) return known;
    const kept = { dtype, ...(quant ? { quant } : {}), shape: shape.map((n, axis) => (axis === 1 ? count : n)) };
    const read = addTensor(this.graph, { ...kept, name: `${name}/frames` });
    const write = addTensor(this.graph, { ...kept, shape: [...kept.shape], name: `${name}/last${count}` });
    this.kept.set(`${id} ${count}`, write);
    this.graph.states = [...(this.graph.states ?? []), { read, write }];
    this.nodes.push({ op: 'slide', name: `${name}/slide`, inputs: [read, id], outputs: [write], attrs: {} });
    return write;
  }
}

/** Takes a canonical graph; fails by name with the first layer that does not go frame by frame. */
function goingByFrames(graph: Graph, goes: Goes): ByFrames {
  const [id] = graph.inputs;
  const node: Node = { op: 'input', name: graph.tensors[id].name, inputs: [], outputs: [id], attrs: {} };
  if (graph.inputs.length !== 1) refuse(node, 'a model may have only one input', 'join the inputs');
  if (graph.states?.length) refuse(node, 'the model keeps state already', 'leave out --stream');
  const { shape } = graph.tensors[id];
  if (shape.length < 3 || shape[1] < 2)
    refuse(node, `an input of shape [${shape}] has no frames on axis 1`, 'give the model an input [1, frames, ...]');
  const newFrames = hopOf(graph, goes);
  if (newFrames >= shape[1]) refuse(node, `the strides take ${newFrames} frames at once`, 'use shorter strides');
  const windowFrames = shape[1] - unheard(graph);
  return { graph: new Rewriter(graph, newFrames, windowFrames, goes).run(), windowFrames, newFrames };
}

const frontEnd = (graph: Graph): Node | undefined => graph.nodes.find((n) => n.op === 'audioFrames');

/** Samples behind the last frame of a clip. */
function unheard(graph: Graph): number {
  const node = frontEnd(graph);
  if (!node) return 0;
  const { frames, stride } = reach(node, graph);
  return (graph.tensors[node.inputs[0]].shape[1] - frames) % stride;
}

/** Whether an error says that a layer does not go frame by frame. */
const isRefusal = (error: unknown): boolean => error instanceof MoteError && error.code === 'model.unsupported';

export function byFrames(graph: Graph): ByFrames {
  if (!frontEnd(graph)) return goingByFrames(graph, () => true);
  try {
    return goingByFrames(graph, () => true);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return goingByFrames(graph, (node) => frontEndOps.has(node.op));
  }
}
