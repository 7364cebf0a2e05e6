// SPDX-License-Identifier: Apache-2.0
// What every lowering of a graph node is given and what most begin with: the views of its tensors, storages of its own.
import type { Graph, Node } from '../../../model/graph.js';
import type { Multiplier } from '../../../ops/requantize.js';
import type { Scale } from '../scaling.js';
import { type MapView, type NpuOperation, type Output, pointKernel } from './npuOperation.js';
import { denseView, type Placed, type Shape3 } from './views.js';

export interface Context {
  node: Node;
  graph: Graph;
  placed: Placed;
}

export type Lowering = (context: Context) => NpuOperation[];

const view = ({ placed }: Context, id: number): MapView => placed.views.get(id) as MapView;
export const inputView = (c: Context, i = 0): MapView => view(c, c.node.inputs[i]);
export const outputView = (c: Context): MapView => view(c, c.node.outputs[0]);

/** Multiplier * 2^(shift - 31) as the hardware writes it. */
export const npuScale = ({ multiplier, shift }: Multiplier): Scale => ({ multiplier, shift: 31 - shift });

/** What leaves every number as it is. */
export const asItIs: Output = { rounding: 'tfl', min: -128, max: 127 };

/** One byte after the other: a maximum over one element, and what the output stage makes of it. */
export function pointwise(c: Context, input: MapView, output: MapView, stage: Output = asItIs): NpuOperation {
  return {
    kind: 'pool',
    mode: 'max',
    name: c.node.name,
    input: { ...input, zeroPoint: 0 },
    output: { ...output, zeroPoint: 0 },
    kernel: pointKernel,
    stage,
  };
}

const wordBytes = 4;

/** Dense int32, without a zero point. */
function wordView(storage: number, shape: Shape3): MapView {
  const bytes = denseView(storage, shape, 0);
  return {
    ...bytes,
    elementBytes: wordBytes,
    strideC: wordBytes,
    strideX: wordBytes * bytes.strideX,
    strideY: wordBytes * bytes.strideY,
  };
}

/** A map between two operations of one node. */
export function scratchView({ node, placed }: Context, shape: Shape3, elementBytes: 1 | 4): MapView {
  const bytes = shape.height * shape.width * shape.depth * elementBytes;
  const storage = placed.storages.push({ name: node.name, bytes }) - 1;
  return elementBytes === 1 ? denseView(storage, shape, 0) : wordView(storage, shape);
}

/** One int32 in region 0, the same one for all who need it. */
export function wordConstant({ placed }: Context, value: number): MapView {
  const name = `int32 ${value}`;
  const known = placed.storages.findIndex((s) => s.name === name && s.data !== undefined);
  const data = new Uint8Array(wordBytes);
  new DataView(data.buffer).setInt32(0, value, true);
  const storage = known < 0 ? placed.storages.push({ name, bytes: wordBytes, data }) - 1 : known;
  return wordView(storage, { height: 1, width: 1, depth: 1 });
}
