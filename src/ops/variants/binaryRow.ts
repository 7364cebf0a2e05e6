// SPDX-License-Identifier: Apache-2.0
// binaryConv2d with output channels in lanes (runtime-c/include/mote/binaryrow.h).
import type { Graph, Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { type BinaryLayer, binaryLayer, fixedPoint, strictOf, thresholds } from '../binaryConv2d.js';
import { channelMask } from '../bits.js';
import type { CStruct } from '../op.js';
import { constant } from '../weighted.js';
import { windowFields } from '../window.js';
import { byWord, leavesImage } from './binaryLanes.js';
import type { Lowered, Variant } from './variant.js';

/** Lanes that the work is counted in: of RVV's 128-bit registers in groups of eight, and of four of Helium's. */
const lanes = { rvv: 32, mve: 16 } as const;
const runBytes = 12;

type Isa = keyof typeof lanes;

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

/** For kernels that count differing bits, half of a distance; undefined where halves would be odd. */
function halved(made: Finish): Finish | undefined {
  const { inC, padValue } = made.layer;
  if (leavesImage(made.layer) && (padValue !== 0 || inC % 2 !== 0)) return undefined;
  const { multiplier, bias } = made;
  return multiplier
    ? { ...made, multiplier: multiplier.map((m) => 2 * m) }
    : { ...made, bias: bias.map((t) => Math.floor(t / 2)) };
}

/** Whether Helium takes the pixels as they are (mote_binary_direct). */
const isDirect = (l: BinaryLayer): boolean =>
  l.kernelH * l.kernelW * l.strideH * l.strideW === 1 &&
  l.words === 2 &&
  l.padTop + l.padLeft === 0 &&
  l.inH === l.outH &&
  l.inW === l.outW &&
  l.outC % 32 === 0;

/** What such an output takes of what others do, and of their products (counted). */
const directShare = { outputs: 0.6, macs: 0.5 };

function lower(kernel: string, type: string, isa: Isa, node: Node, graph: Graph): Lowered | undefined {
  if (types[outputOf(node, graph).dtype] !== type) return undefined;
  const whole = finishOf(node, graph);
  const made = whole && isa === 'mve' ? halved(whole) : whole;
  if (!made) return undefined;
  const { outH, outW, outC, kernelH, kernelW, words } = made.layer;
  const params = { type: kernel.replace(/__.*/, ''), fields: fields(made) };
  const pixels = outH * outW;
  const outputs = pixels * Math.ceil(outC / lanes[isa]) * lanes[isa];
  const macs = outputs * kernelH * kernelW * words * 32;
  const scratchBytes = isa === 'mve' ? runBytes * kernelH * kernelW : 0;
  return {
    call: { kernel, params, inputs: [0], outputs: [0], scratchBytes },
    work:
      isa === 'mve' && isDirect(made.layer)
        ? { pixels: 0, outputs: directShare.outputs * outputs, macs: directShare.macs * macs }
        : { pixels, outputs, macs },
  };
}

export const binaryRowVariants = (isa: Isa): Variant[] =>
  Object.values(types).map((type) => {
    const kernel = `mote_binaryrow_b1${type}__${isa}`;
    return { kernel, op: 'binaryConv2d', isa, lower: (node, { graph }) => lower(kernel, type, isa, node, graph) };
  });
