// SPDX-License-Identifier: Apache-2.0
// binaryConv2d with output channels in lanes (runtime-c/include/mote/binaryrow.h).
import type { Graph, Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { type BinaryLayer, binaryLayer, fixedPoint, strictOf, thresholds } from '../binaryConv2d.js';
import { channelMask } from '../bits.js';
import type { CStruct } from '../op.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { byWord } from './binaryLanes.js';
import type { Lowered, Variant } from './variant.js';

/** Lanes that the work is counted in: of 128-bit registers. */
const lanes = 32;

const types: Readonly<Record<string, string>> = { int32: 'b1', int8: 's8' };

interface Finish {
  layer: BinaryLayer;
  bias: Int32Array;
  multiplier?: Int32Array;
  shift: number;
  min: number;
  max: number;
}

function finishOf(node: Node, graph: Graph): Finish | undefined {
  const layer = binaryLayer(node, graph);
  if (outputOf(node, graph).dtype === 'int32') {
    const made = thresholds(layer, strictOf(node));
    return { layer: made.layer, bias: made.threshold, shift: 0, min: 0, max: 0 };
  }
  const fixed = fixedPoint(node, graph);
  if (!fixed) return undefined;
  const { bias, multiplier, shift, range } = fixed;
  return { layer, bias, multiplier, shift, min: range.min, max: range.max };
}

/** What a tap outside the image reads where it reads anything. */
const outsideOf = ({ words, inC, padValue }: BinaryLayer): Int32Array =>
  Int32Array.from({ length: words }, (_, j) => (padValue > 0 ? channelMask(inC, j) : 0));

function fields({ layer, bias, multiplier, shift, min, max }: Finish): CStruct['fields'] {
  const codes = byWord(layer);
  const { outC, words } = layer;
  return [
    ...windowFields(layer, outC),
    ['words', words],
    ['pad_value', layer.padValue],
    ['codes', constant('codes', 'int32', codes, [codes.length / outC, outC])],
    ['outside', constant('outside', 'int32', outsideOf(layer), [words])],
    ['bias', constant('bias', 'int32', bias, [outC])],
    ['multiplier', multiplier ? constant('multiplier', 'int32', multiplier, [outC]) : null],
    ['shift', shift],
    ['output_min', min],
    ['output_max', max],
  ];
}

function lower(kernel: string, type: string, node: Node, graph: Graph): Lowered | undefined {
  if (types[outputOf(node, graph).dtype] !== type) return undefined;
  const made = finishOf(node, graph);
  if (!made) return undefined;
  const { outH, outW, outC, kernelH, kernelW, words } = made.layer;
  const params = { type: kernel.replace(/__.*/, ''), fields: fields(made) };
  const pixels = outH * outW;
  const outputs = pixels * Math.ceil(outC / lanes) * lanes;
  return {
    call: { kernel, params, inputs: [0], outputs: [0], scratchBytes: 0 },
    work: { pixels, outputs, macs: outputs * kernelH * kernelW * words * 32 },
  };
}

export const binaryRowVariants = (isa: 'rvv'): Variant[] =>
  Object.values(types).map((type) => {
    const kernel = `mote_binaryrow_b1${type}__${isa}`;
    return { kernel, op: 'binaryConv2d', isa, lower: (node, { graph }) => lower(kernel, type, node, graph) };
  });
