// SPDX-License-Identifier: Apache-2.0
// Between ONNX's NCHW and the IR's NHWC. A spatial operator reads its input through `transpose` and its result goes
// back through the inverse, so that everything else keeps ONNX's meaning; the passes cancel the pairs.
import type { Attrs, Tensor, TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import type { OnnxNode } from './node.js';

/** N, C, spatial… -> N, spatial…, C */
export const toChannelsLast = (rank: number): number[] =>
  rank < 3 ? range(rank) : [0, ...range(rank - 2).map((d) => d + 2), 1];

/** N, spatial…, C -> N, C, spatial… */
export const toChannelsFirst = (rank: number): number[] =>
  rank < 3 ? range(rank) : [0, rank - 1, ...range(rank - 2).map((d) => d + 1)];

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

type Quantized = Pick<Tensor, 'dtype' | 'quant'>;

/** Emits `op` on channels-last input 0 and gives the node's output back channels-first. Other inputs are as given. */
export function emitChannelsLast(
  n: OnnxNode,
  op: string,
  more: readonly TensorId[],
  attrs: Attrs,
  quantized?: Quantized,
): void {
  const rank = n.shape(0).length;
  if (rank < 3) {
    n.emit(op, [n.id(0), ...more], attrs, quantized);
    return;
  }
  const x = n.temporary('transpose', [n.id(0)], { perm: toChannelsLast(rank) }, 'nhwc_input');
  const y = n.temporary(op, [x, ...more], attrs, 'nhwc', quantized);
  n.emit('transpose', [y], { perm: toChannelsFirst(rank) });
}

/**
 * The same for operators that the IR has in two dimensions only: a signal N,C,L becomes an image of height 1.
 * `attrs` are those of the image.
 */
export function emitOnImage(
  n: OnnxNode,
  op: string,
  more: readonly TensorId[],
  attrs: Attrs,
  quantized?: Quantized,
): void {
  if (n.shape(0).length !== 3) {
    emitChannelsLast(n, op, more, attrs, quantized);
    return;
  }
  const { values } = n;
  const signal = n.temporary('transpose', [n.id(0)], { perm: [0, 2, 1] }, 'nlc_input');
  const [batch, length, channels] = values.graph.tensors[signal].shape;
  const image = n.temporary('reshape', [signal], { shape: [batch, 1, length, channels] }, 'nhwc_input');
  const y = n.temporary(op, [image, ...more], attrs, 'nhwc', quantized);
  const { shape } = values.graph.tensors[y];
  const flat = n.temporary('reshape', [y], { shape: [shape[0], shape[2], shape[3]] }, 'nlc');
  n.emit('transpose', [flat], { perm: [0, 2, 1] });
}

/** Spatial sizes of input 0 as [height, width]; a signal has height 1. */
export function imageSize(n: OnnxNode): [number, number] {
  const shape = n.shape(0);
  if (shape.length === 3) return [1, shape[2]];
  if (shape.length === 4) return [shape[2], shape[3]];
  return refuse(`its input has ${shape.length} dimensions`, 'use 1-dimensional or 2-dimensional layers');
}
