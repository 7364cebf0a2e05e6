// SPDX-License-Identifier: Apache-2.0
// binaryConv2d by tables, 16 pixels at a time (runtime-c/include/mote/binary_lanes.h).
import type { Graph, Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { type BinaryLayer, binaryLayer, fixedPoint, strictOf, thresholds } from '../binaryConv2d.js';
import type { CStruct } from '../op.js';
import { constant } from '../weighted.js';
import { tapRanges, windowFields } from '../window.js';
import type { Lowered, Variant } from './variant.js';

const tilePixels = 16;
const tableBytes = 1024;
/** Words of a window whose differences fit bytes. */
const sectionWords = 7;
/** Halves of words hold no more, and a bit for the comparison. */
const maxProducts = 32_767;

/** Bytes hold no more, and a bit for the comparison. */
const maxNarrow = 127;

const wordsOfWindow = (layer: BinaryLayer): number => layer.kernelH * layer.kernelW * layer.words;
const isNarrow = (layer: BinaryLayer): boolean => layer.products <= maxNarrow && wordsOfWindow(layer) <= sectionWords;

/** Whether some window reads outside the image. */
export function leavesImage(layer: BinaryLayer): boolean {
  const rows = tapRanges(layer.outH, layer.strideH, layer.padTop, layer.dilationH, layer.kernelH, layer.inH);
  const columns = tapRanges(layer.outW, layer.strideW, layer.padLeft, layer.dilationW, layer.kernelW, layer.inW);
  const whole = (list: typeof rows, kernel: number): boolean => list.every((r) => r.begin === 0 && r.end === kernel);
  return !whole(rows, layer.kernelH) || !whole(columns, layer.kernelW);
}

/** [word of the window][outC] */
export function byWord({ weights, outC }: BinaryLayer): Int32Array {
  const chunks = weights.length / outC;
  return Int32Array.from(weights, (_, i) => weights[(i % outC) * chunks + Math.floor(i / outC)]);
}

const types: Readonly<Record<string, string>> = { int32: 'b1', int8: 's8', float32: 'f32' };

interface Finish {
  layer: BinaryLayer;
  bias: Int32Array | undefined;
  multiplier: Int32Array | undefined;
  shift: number;
  min: number;
  max: number;
}

function finishOf(node: Node, graph: Graph, layer: BinaryLayer): Finish {
  const { dtype } = outputOf(node, graph);
  const none = { layer, bias: undefined, multiplier: undefined, shift: 0, min: 0, max: 0 };
  if (dtype === 'int32') {
    const made = thresholds(layer, strictOf(node));
    const [sign, copies] = isNarrow(layer) ? [0x80, 0x01010101] : [0x8000, 0x10001];
    const bias = made.threshold.map((t) => Math.imul(Math.floor(t / 2) + sign, copies));
    return { ...none, layer: made.layer, bias };
  }
  const fixed = dtype === 'int8' ? fixedPoint(node, graph) : undefined;
  if (!fixed) return none;
  const { bias, multiplier, shift, range } = fixed;
  return { layer, bias, multiplier: multiplier.map((m) => 2 * m), shift, min: range.min, max: range.max };
}

function fields(node: Node, graph: Graph): CStruct['fields'] {
  const made = finishOf(node, graph, binaryLayer(node, graph));
  const { layer } = made;
  const real = outputOf(node, graph).dtype === 'float32';
  const integers = (name: string, data: Int32Array | undefined): CStruct['fields'][number] => [
    name,
    data ? constant(name, 'int32', data, [layer.outC]) : null,
  ];
  const floats = (name: string, data: Float32Array): CStruct['fields'][number] => [
    name,
    real ? constant(name, 'float32', data, [layer.outC]) : null,
  ];
  const codes = byWord(layer);
  return [
    ...windowFields(layer, layer.outC),
    ['words', layer.words],
    ['pad_value', layer.padValue],
    ['narrow', isNarrow(layer) ? 1 : 0],
    ['codes', constant('codes', 'int32', codes, [codes.length / layer.outC, layer.outC])],
    integers('bias', made.bias),
    integers('multiplier', made.multiplier),
    ['shift', made.shift],
    ['output_min', made.min],
    ['output_max', made.max],
    floats('scale', layer.scale),
    floats('offset', layer.bias),
    ['value_min', { float: layer.range.min }],
    ['value_max', { float: layer.range.max }],
  ];
}

function lower(kernel: string, type: string, node: Node, graph: Graph): Lowered | undefined {
  if (types[outputOf(node, graph).dtype] !== type) return undefined;
  const layer = binaryLayer(node, graph);
  if (layer.products > maxProducts || (layer.padValue === 0 && layer.inC % 2 !== 0 && leavesImage(layer)))
    return undefined;
  const chunks = wordsOfWindow(layer);
  const params = { type: kernel.replace(/__.*/, ''), fields: fields(node, graph) };
  const scratchBytes = tableBytes + layer.outC * (chunks > sectionWords ? 48 : 16);
  const tiles = Math.ceil((layer.outH * layer.outW) / tilePixels);
  const words = tiles * chunks;
  return {
    call: { kernel, params, inputs: [0], outputs: [0], scratchBytes },
    // Tables are made for each word of a tile's windows; a missing pixel costs what a pixel does.
    work: { pixels: words, outputs: tiles * tilePixels * layer.outC, macs: words * tilePixels * 32 * layer.outC },
  };
}

export const binaryLanes = (isa: 'c99' | 'dsp'): Variant[] =>
  Object.values(types).map((type) => {
    const kernel = `mote_binarylanes_b1${type}__${isa}`;
    return { kernel, op: 'binaryConv2d', isa, lower: (node, { graph }) => lower(kernel, type, node, graph) };
  });
