// SPDX-License-Identifier: Apache-2.0
// Operators that only move data: copies to where nothing could be placed at once, one byte after the other.
import { type Padding, paddingOf, padFill } from '../../../ops/pad.js';
import { limitsOf, sameQuant } from '../../../ops/quantized.js';
import { rescaled, rescaleOf } from '../../../ops/rescale.js';
import { asItIs, type Context, inputView, type Lowering, outputView, pointwise } from './lowering.js';
import type { MapView, NpuOperation } from './npuOperation.js';
import { denseView } from './views.js';

const sameView = (a: MapView, b: MapView): boolean => a.storage === b.storage && a.offset === b.offset;

/** A reshape whose input and output are both ports is a copy of dense bytes. */
export const reshape: Lowering = (c) => {
  const [x, y] = [inputView(c), outputView(c)];
  if (sameView(x, y)) return [];
  return [pointwise(c, denseView(x.storage, y, x.zeroPoint, x.offset), y)];
};

/** Where a part of a concatenation belongs. */
function partView(whole: MapView, part: MapView, fromEnd: number, at: number): MapView {
  const step = [1, whole.strideX, whole.strideY][fromEnd];
  return { ...whole, height: part.height, width: part.width, depth: part.depth, offset: whole.offset + at * step };
}

/** Bytes of a part in the scale of the whole; none where they are the same. */
function rescaleTable({ node, graph }: Context, part: number): Uint8Array | undefined {
  const [x, y] = [graph.tensors[part], graph.tensors[node.outputs[0]]];
  if (sameQuant(x.quant, y.quant)) return undefined;
  const value = rescaled(
    rescaleOf({ node, x, y }, (s) => s),
    'tflite',
    limitsOf(y),
  );
  return Uint8Array.from({ length: 256 }, (_, i) => value(i - 128));
}

export const concat: Lowering = (c) => {
  const whole = outputView(c);
  const { shape } = c.graph.tensors[c.node.outputs[0]];
  const axis = Number(c.node.attrs.axis ?? 0);
  const fromEnd = shape.length - 1 - (axis < 0 ? axis + shape.length : axis);
  let at = 0;
  return c.node.inputs.flatMap((id, i) => {
    const x = inputView(c, i);
    const target = partView(whole, x, fromEnd, at);
    at += [x.depth, x.width, x.height][fromEnd];
    const table = rescaleTable(c, id);
    return sameView(x, target) ? [] : [pointwise(c, x, target, table ? { ...asItIs, table } : asItIs)];
  });
};

type Axis = 'height' | 'width' | 'depth';
const axes: readonly Axis[] = ['height', 'width', 'depth'];

/** Elements [from, to) of a map along one dimension; bricks are never cut along their channels. */
function slice(view: MapView, axis: Axis, from: number, to: number): MapView {
  const stride = { height: view.strideY, width: view.strideX, depth: view.strideC }[axis];
  return { ...view, offset: view.offset + from * stride, [axis]: to - from };
}

/** What is added along height, width and depth. */
function bordersOf({ before, after }: Padding): { axis: Axis; before: number; after: number }[] {
  const rank = before.length;
  return axes.map((axis, i) => {
    const d = rank - axes.length + i;
    return { axis, before: before[d] ?? 0, after: after[d] ?? 0 };
  });
}

/** The borders, each as long as those before it left room for, and the input between them. A border is clamped to the one
 *  value where it lies: what was there does not matter. */
export const pad: Lowering = (c) => {
  const value = padFill(c.node, c.graph);
  const found: NpuOperation[] = [];
  let inside = outputView(c);
  for (const { axis, before, after } of bordersOf(paddingOf(c.node, c.graph))) {
    const size = inside[axis];
    for (const [from, to] of [
      [0, before],
      [size - after, size],
    ]) {
      const border = slice(inside, axis, from, to);
      if (to > from) found.push(pointwise(c, border, border, { ...asItIs, min: value, max: value }));
    }
    inside = slice(inside, axis, before, size - after);
  }
  return [...found, pointwise(c, inputView(c), inside)];
};
