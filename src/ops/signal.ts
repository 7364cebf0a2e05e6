// SPDX-License-Identifier: Apache-2.0
// What the operators of audio front ends share. Their tensors are [1, frames, 1, n], so that a frame is a row of an image.
// Words are int32 tensors whose bits are read without sign. Bin 0 of a spectrum is no filter's: it holds the exponent of its row, the
// left shift by which the frame was scaled up before its FFT.
import type { Graph, Node, Tensor } from '../model/graph.js';
import { badShape } from './attributes.js';
import { inputOf } from './op.js';

export interface Rows {
  frames: number;
  /** Elements of a frame. */
  size: number;
}

/** Input i, which must have a frame per row, of one of these types. */
export function framesOf(node: Node, graph: Graph, types: readonly Tensor['dtype'][], i = 0): Rows {
  const { shape, dtype } = inputOf(node, graph, i);
  if (shape.length !== 4 || shape[0] !== 1 || shape[2] !== 1)
    badShape(node, `input ${i} [${shape}] is not [1, frames, 1, n]`);
  if (!types.includes(dtype)) badShape(node, `input ${i} is ${dtype}, not ${types.join(' or ')}`);
  return { frames: shape[1], size: shape[3] };
}

export const frameShape = (frames: number, size: number): number[] => [1, frames, 1, size];

/** Number of the highest bit that is set, from 1; 0 for 0. */
export const bitLength = (word: number): number => 32 - Math.clz32(word);

/** The root of an integer below 2^64, to the nearest; a word has 32 bits. As tflite-micro's Sqrt32 and Sqrt64, which do
 *  not round up to 2^16 and 2^32. */
export function nearestRoot(value: bigint): number {
  let root = BigInt(Math.floor(Math.sqrt(Number(value))));
  while (root * root > value) root--;
  while ((root + 1n) * (root + 1n) <= value) root++;
  const last = value >> 32n === 0n ? 0xffffn : 0xffffffffn;
  return Number(value - root * root > root && root !== last ? root + 1n : root);
}
