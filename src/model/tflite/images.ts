// SPDX-License-Identifier: Apache-2.0
// Rows of resizing and of exchanging blocks of pixels with channels.
// Semantics: tensorflow/lite/kernels/internal/reference/resize_bilinear.h, resize_nearest_neighbor.h, depth_to_space.h.
import { linearSources } from '../resize.js';
import type { Field } from './flatbuffer.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

const f = Math.fround;
const largest = 65_535;

interface ResizeOptions {
  union: number;
  alignCorners: Field<'bool'>;
  halfPixel: Field<'bool'>;
}

interface Resizing {
  axes: { from: number; to: number; scale: number }[];
  alignCorners: boolean;
  halfPixel: boolean;
}

function resizing(n: TfliteNode, options: ResizeOptions): Resizing {
  const { shape } = n.input(0);
  const size = n.ints(1, 'size');
  if (shape.length !== 4 || size.length !== 2 || size.some((s) => !(s >= 1 && s <= largest)))
    n.broken(`it resizes [${shape}] to [${size}]`);
  const alignCorners = n.option(options, options.alignCorners);
  const halfPixel = n.option(options, options.halfPixel);
  if (alignCorners && halfPixel) n.broken('it aligns corners and takes centers of pixels');
  n.charge(32 * (size[0] + size[1]));
  const axes = size.map((to, d) => ({ from: shape[d + 1], to, scale: to / shape[d + 1] }));
  return { axes, alignCorners, halfPixel };
}

export function convertResizeBilinear(n: TfliteNode): void {
  const { axes, alignCorners, halfPixel } = resizing(n, schema.ResizeBilinearOptions);
  const coordinates = alignCorners ? 'align_corners' : halfPixel ? 'half_pixel' : 'asymmetric';
  const [rows, columns] = axes.map((axis) => linearSources(axis, coordinates));
  n.emit('resizeLinear', n.inputs.slice(0, 1), {
    rows: rows.first,
    nextRows: rows.second,
    rowWeights: rows.weights,
    columns: columns.first,
    nextColumns: columns.second,
    columnWeights: columns.weights,
  });
}

/** In float32, as TensorFlow Lite computes it: which pixel is taken hangs on the last bit. */
export function convertResizeNearest(n: TfliteNode): void {
  const { axes, alignCorners, halfPixel } = resizing(n, schema.ResizeNearestOptions);
  const [rows, columns] = axes.map(({ from, to }) => {
    const scale = alignCorners && to > 1 ? f((from - 1) / (to - 1)) : f(from / to);
    return Array.from({ length: to }, (_, x) => {
      const at = f(f(x + (halfPixel ? 0.5 : 0)) * scale);
      return Math.min(from - 1, alignCorners ? Math.floor(at + 0.5) : Math.floor(at));
    });
  });
  n.emit('resizeNearest', n.inputs.slice(0, 1), { rows, columns });
}

/** A reshape to blocks, a transpose and a reshape. */
function emitBlocks(n: TfliteNode, parts: readonly number[]): void {
  const perm = [0, 1, 3, 2, 4, 5];
  const split = n.emitTemporary('reshape', n.inputs.slice(0, 1), { shape: parts }, [...parts]);
  const moved = perm.map((p) => parts[p]);
  n.emitReshape(n.emitTemporary('transpose', [split], { perm }, moved));
}

function imageAndBlock(n: TfliteNode, options: { union: number; block: Field<'int32'> }): [number[], number] {
  const { shape } = n.input(0);
  const b = n.option(options, options.block);
  if (shape.length !== 4 || !(b >= 1 && b <= largest)) n.broken(`blocks of ${b} in shape [${shape}]`);
  return [shape, b];
}

export function convertDepthToSpace(n: TfliteNode): void {
  const [[batch, h, w, c], b] = imageAndBlock(n, schema.DepthToSpaceOptions);
  if (c % (b * b) !== 0) n.broken(`blocks of ${b} in ${c} channels`);
  emitBlocks(n, [batch, h, w, b, b, c / (b * b)]);
}

export function convertSpaceToDepth(n: TfliteNode): void {
  const [[batch, h, w, c], b] = imageAndBlock(n, schema.SpaceToDepthOptions);
  if (h % b !== 0 || w % b !== 0) n.broken(`blocks of ${b} in ${h} x ${w} pixels`);
  emitBlocks(n, [batch, h / b, b, w / b, b, c]);
}
