// SPDX-License-Identifier: Apache-2.0
// Where the tensors of a graph lie: views of storages. A reshape is its input under another shape; the inputs of a
// concatenation lie in its output where nothing forbids it; what only operations of one shape see lies in bricks.

import { elementCount, type Graph, type Node, type Tensor, type TensorId, uses } from '../../../model/graph.js';
import { sameQuant } from '../../../ops/quantized.js';
import { roundUp } from '../../../roundUp.js';
import type { MapView, Storage } from './npuOperation.js';
import { tableOps } from './tableNames.js';

export const brickDepth = 16;

export interface Shape3 {
  height: number;
  width: number;
  depth: number;
}

/** A tensor as the hardware counts it; rows of a matrix are columns of a picture one high. */
export function shape3({ shape }: Pick<Tensor, 'shape'>): Shape3 {
  const [depth, width, height] = [
    shape[shape.length - 1] ?? 1,
    shape[shape.length - 2] ?? 1,
    shape[shape.length - 3] ?? 1,
  ];
  const batch = elementCount(shape.slice(0, Math.max(0, shape.length - 3)));
  return { depth, width, height: height * batch };
}

/** Dense NHWC of a shape. */
export function denseView(storage: number, { height, width, depth }: Shape3, zeroPoint: number, offset = 0): MapView {
  return {
    storage,
    offset,
    height,
    width,
    depth,
    elementBytes: 1,
    bricks: false,
    zeroPoint,
    strideC: 1,
    strideX: depth,
    strideY: width * depth,
  };
}

function brickView(storage: number, shape: Shape3, zeroPoint: number): MapView {
  return {
    ...denseView(storage, shape, zeroPoint),
    bricks: true,
    strideX: brickDepth,
    strideC: brickDepth * shape.width,
    strideY: shape.width * roundUp(shape.depth, brickDepth),
  };
}

const brickBytes = ({ height, width, depth }: Shape3): number => height * width * roundUp(depth, brickDepth);

const zeroPointOf = (t: Tensor): number => t.quant?.zeroPoints[0] ?? 0;

/** Views of tensors, and the storages they refer to. */
export interface Placed {
  storages: Storage[];
  views: Map<TensorId, MapView>;
}

/** Of two maps, one of which may be constant. */
const binary: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'minimum', 'maximum']);

/** Nodes that take a map as it is shaped: bricks will do. */
const spatial: ReadonlySet<string> = new Set([
  'conv2d',
  'depthwiseConv2d',
  'averagePool2d',
  'maxPool2d',
  'mean',
  ...binary,
  ...tableOps,
]);

const padsChannels = ({ attrs: { pads } }: Node): boolean =>
  Array.isArray(pads) && (pads.at(-1) as readonly number[]).some((n) => n > 0);

/** Nodes that see a map as rows. */
const rowwise: ReadonlySet<string> = new Set(['reshape', 'fullyConnected', 'softmax']);

/** A fully connected layer takes one position of all channels as it takes its rows. */
const fitsBricks = (node: Node, tensor: Tensor, isInput: boolean): boolean => {
  if (spatial.has(node.op)) return true;
  if (node.op === 'pad') return !padsChannels(node);
  const { height, width } = shape3(tensor);
  return node.op === 'fullyConnected' && isInput && height === 1 && width === 1 && tensor.shape.length === 4;
};

/** Axis of a concatenation, counted from the last. */
function axisFromEnd(node: Node, rank: number): number {
  const axis = Number(node.attrs.axis ?? 0);
  return rank - 1 - (axis < 0 ? axis + rank : axis);
}

/** `dense`: bricks only where all of them are full. */
export type Layout = 'bricks' | 'dense';

class Placer {
  private readonly storages: Storage[] = [];
  private readonly views = new Map<TensorId, MapView>();
  private readonly producer: Map<TensorId, Node>;
  private readonly consumers: Map<TensorId, Node[]>;

  constructor(
    private readonly graph: Graph,
    private readonly layout: Layout,
  ) {
    const { producer, consumers } = uses(graph);
    this.producer = producer;
    this.consumers = consumers;
  }

  place(): Placed {
    const { graph } = this;
    for (const [port, id] of [...graph.inputs, ...graph.outputs].entries())
      if (!this.views.has(id)) this.own(id, false, port);
    // From the end, so that a concatenation or a reshape knows where its output lies before its inputs are placed.
    for (const node of [...graph.nodes].reverse()) {
      if (node.op === 'reshape') this.alias(node.outputs[0], node.inputs[0]);
      for (const id of node.outputs) if (!this.views.has(id)) this.own(id, this.mayBeBricks(id));
      if (node.op === 'reshape') this.alias(node.inputs[0], node.outputs[0]);
      if (node.op === 'concat') this.placeParts(node);
    }
    for (const node of graph.nodes.filter((n) => binary.has(n.op)))
      for (const id of node.inputs) if (graph.tensors[id].data && !this.views.has(id)) this.constant(id);
    return { storages: this.storages, views: this.views };
  }

  private view(id: TensorId): MapView {
    return this.views.get(id) as MapView;
  }

  private own(id: TensorId, bricks: boolean, port?: number): void {
    const tensor = this.graph.tensors[id];
    const shape = shape3(tensor);
    const bytes = bricks ? brickBytes(shape) : elementCount(tensor.shape);
    const storage = this.storages.push({ name: tensor.name, bytes, ...(port === undefined ? {} : { port }) }) - 1;
    this.views.set(id, (bricks ? brickView : denseView)(storage, shape, zeroPointOf(tensor)));
  }

  /** Operands of elementwise operations; weights and biases have a form of their own. */
  private constant(id: TensorId): void {
    const tensor = this.graph.tensors[id];
    const data = Uint8Array.from(tensor.data as Int8Array);
    const storage = this.storages.push({ name: tensor.name, bytes: data.length, data }) - 1;
    this.views.set(id, denseView(storage, shape3(tensor), zeroPointOf(tensor)));
  }

  /** A tensor without a place that is `known` under another shape; one that has a place is copied. */
  private alias(id: TensorId, known: TensorId): void {
    const whole = this.views.get(known);
    if (!whole || this.views.has(id) || !this.isDense(whole)) return;
    this.views.set(id, denseView(whole.storage, shape3(this.graph.tensors[id]), whole.zeroPoint, whole.offset));
  }

  private isDense(view: MapView): boolean {
    return !view.bricks && view.strideX === view.depth && view.strideY === view.width * view.depth;
  }

  /** Inputs of a concatenation become parts of its output, if nobody but it and operations on maps knows them. */
  private placeParts(node: Node): void {
    const { graph } = this;
    const whole = this.view(node.outputs[0]);
    const rank = graph.tensors[node.outputs[0]].shape.length;
    const fromEnd = axisFromEnd(node, rank);
    let offset = whole.offset;
    for (const [i, id] of node.inputs.entries()) {
      const shape = shape3(graph.tensors[id]);
      const part: MapView = { ...whole, ...shape, offset, zeroPoint: zeroPointOf(graph.tensors[id]) };
      const once = node.inputs.indexOf(id) === i && !this.views.has(id);
      if (once && this.sharesScale(id, node.outputs[0]) && !this.isReshaped(id)) {
        this.views.set(id, part);
      }
      const [c, x, y] = [1, whole.strideX, whole.strideY];
      offset += fromEnd === 0 ? c * shape.depth : fromEnd === 1 ? x * shape.width : y * shape.height;
    }
  }

  private sharesScale(a: TensorId, b: TensorId): boolean {
    return sameQuant(this.graph.tensors[a].quant, this.graph.tensors[b].quant);
  }

  /** By its producer or a consumer: then it must be dense. */
  private isReshaped(id: TensorId): boolean {
    const near = [this.producer.get(id), ...(this.consumers.get(id) ?? [])];
    return near.some((n) => n && rowwise.has(n.op)) || this.producer.get(id) === undefined;
  }

  private mayBeBricks(id: TensorId): boolean {
    const tensor = this.graph.tensors[id];
    const producer = this.producer.get(id);
    if (!producer || tensor.shape.length !== 4) return false;
    if (this.layout === 'dense' && shape3(tensor).depth % brickDepth > 0) return false;
    const readers = this.consumers.get(id) ?? [];
    return fitsBricks(producer, tensor, false) && readers.every((n) => fitsBricks(n, tensor, true));
  }
}

/** Gives every tensor of a graph of supported nodes a view. */
export const placeViews = (graph: Graph, layout: Layout = 'bricks'): Placed => new Placer(graph, layout).place();
