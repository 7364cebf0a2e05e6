// SPDX-License-Identifier: Apache-2.0
// Rows of the operators that pad, cut and join.
import { elementCount } from '../graph.js';
import { refuse } from '../refusal.js';
import { activationOf } from './activation.js';
import type { TfliteNode } from './node.js';
import * as schema from './schema.js';

export function convertTranspose(n: TfliteNode): void {
  const rank = n.input(0).shape.length;
  const perm = n.ints(1, 'permutation').map((a) => n.axis(a, rank));
  if (perm.length !== rank || new Set(perm).size !== rank)
    n.broken(`[${perm}] is no permutation of ${rank} dimensions`);
  n.emit('transpose', n.inputs.slice(0, 1), { perm });
}

/** PAD fills with the real number 0, PADV2 with the constant of its third input. */
export function convertPad(n: TfliteNode): void {
  const rank = n.input(0).shape.length;
  const flat = n.ints(1, 'padding');
  if (flat.length !== 2 * rank) n.broken(`${flat.length} padding numbers for ${rank} dimensions`);
  if (flat.some((p) => p < 0)) n.broken(`negative padding [${flat}]`);
  const pads = Array.from({ length: rank }, (_, d) => [flat[2 * d], flat[2 * d + 1]]);
  n.emit('pad', n.inputs.slice(0, 1), { pads, value: padValue(n) });
}

function padValue(n: TfliteNode): number {
  const value = n.optional(2);
  if (value === undefined) return 0;
  const { data, quant } = value;
  if (data === undefined) return refuse(`its padding value ('${value.name}') is computed`, 'use a constant value');
  if (data.length !== 1) n.broken(`a padding value of ${data.length} elements`);
  const stored = Number(data[0]);
  return quant === undefined ? stored : quant.scales[0] * (stored - quant.zeroPoints[0]);
}

export function convertConcatenation(n: TfliteNode): void {
  const options = schema.ConcatenationOptions;
  const rank = n.input(0).shape.length;
  const axis = n.axis(n.option(options, options.axis), rank);
  if (activationOf(n, n.option(options, options.activation)) !== undefined) {
    refuse('it has a fused activation', 'make the activation a layer of its own');
  }
  for (let i = 0; i < n.inputCount; i++) n.input(i);
  n.emit('concat', n.inputs, { axis });
}

export function convertSlice(n: TfliteNode): void {
  const { shape } = n.input(0);
  const begin = n.ints(1, 'begin');
  const asked = n.ints(2, 'size');
  if (begin.length !== shape.length || asked.length !== shape.length) n.broken(`slice of ${begin.length} dimensions`);
  const size = asked.map((s, d) => (s === -1 ? shape[d] - begin[d] : s));
  if (begin.some((b, d) => b < 0 || size[d] < 1 || b + size[d] > shape[d])) {
    n.broken(`slice [${begin}] of size [${size}] is outside [${shape}]`);
  }
  n.emit('slice', n.inputs.slice(0, 1), { begin, size, strides: shape.map(() => 1) });
}

interface Range {
  begin: number;
  size: number;
  stride: number;
}

export function convertStridedSlice(n: TfliteNode): void {
  const options = schema.StridedSliceOptions;
  const { shape } = n.input(0);
  const mask = (field: typeof options.beginMask): number => n.option(options, field);
  if (mask(options.ellipsisMask) !== 0 || mask(options.newAxisMask) !== 0) {
    refuse('it uses an ellipsis or a new axis', 'write the slice with one range per dimension');
  }
  const begin = n.ints(1, 'begin');
  const end = n.ints(2, 'end').map((e, d) => (n.option(options, options.offset) ? e + begin[d] : e));
  const strides = n.ints(3, 'strides');
  if (begin.length > shape.length || end.length !== begin.length || strides.length !== begin.length) {
    n.broken(`slice of ${begin.length} dimensions of [${shape}]`);
  }
  const bit = (field: typeof options.beginMask, d: number): boolean => ((mask(field) >> d) & 1) === 1;
  const ranges = shape.map((length, d): Range => {
    if (d >= begin.length) return { begin: 0, size: length, stride: 1 };
    if (strides[d] < 1) return refuse(`it has the stride ${strides[d]}`, 'slice forwards');
    const from = bit(options.beginMask, d) ? 0 : clampIndex(begin[d], length);
    const shrink = bit(options.shrinkAxisMask, d);
    const to = shrink ? from + 1 : bit(options.endMask, d) ? length : clampIndex(end[d], length);
    const size = Math.ceil((to - from) / strides[d]);
    return size >= 1 && from < length ? { begin: from, size, stride: strides[d] } : n.broken('it takes no elements');
  });
  emitSlice(n, ranges);
}

function clampIndex(index: number, length: number): number {
  return Math.min(length, Math.max(0, index < 0 ? index + length : index));
}

/** Where an axis was shrunk away the output has fewer dimensions than the slice. */
function emitSlice(n: TfliteNode, ranges: Range[]): void {
  const size = ranges.map((r) => r.size);
  const attrs = { begin: ranges.map((r) => r.begin), size, strides: ranges.map((r) => r.stride) };
  const inputs = n.inputs.slice(0, 1);
  if (n.output.shape.length === size.length) {
    n.emit('slice', inputs, attrs);
    return;
  }
  if (elementCount(n.output.shape) !== elementCount(size))
    n.broken(`a slice of [${size}] is called [${n.output.shape}]`);
  n.emitReshape(n.emitTemporary('slice', inputs, attrs, size));
}
