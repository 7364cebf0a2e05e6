// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution with packed weights on Helium and RVV: runtime-c/include/mote/packedtaps.h.

import type { WeightMatrix } from '../../compress/formats/index.js';
import type { Node } from '../../model/graph.js';
import { roundUp } from '../../roundUp.js';
import { type CStruct, type FieldValue, inputOf, type LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { clampFields, constant } from '../weighted.js';
import { weightMatrix } from '../weightMatrix.js';
import { windowFields } from '../window.js';
import { type CodeBits, codeRows } from './codeRows.js';
import { grownLayer } from './grownLayer.js';
import { foldedLayerBias, type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { blockFactors, gcd, pairsFit, pointerBytes, threeFits } from './mveDepthwise.js';
import { ByteStream, mveFactors, mveMissingBits, vectorBytes } from './mveStream.js';
import { depthwiseCodes, grownCodes, matrixOf, type TapCodes } from './packedPlane.js';
import { laneCall } from './rvvDepthwise.js';
import type { Lowered, Variant } from './variant.js';

/** A layer, its weights and their codes. */
interface Packed {
  layer: IntegerLayer;
  matrix: WeightMatrix;
  taps: TapCodes;
}

function packedOf(node: Node, { graph, rounding }: LowerContext): Packed | undefined {
  const layer = integerLayer(node, graph, rounding, 'stored');
  const w = inputOf(node, graph, 1);
  if (layer?.channelMultiplier !== 1 || !w.stored) return undefined;
  const matrix = weightMatrix(node.op, w);
  const taps = depthwiseCodes(matrix, w.stored.encoding);
  return taps && { layer, matrix: matrixOf(matrix, taps), taps };
}

/** The same with weights that are large enough for Helium's rounding: what codes stand for grows. */
function grownOf({ layer, matrix, taps }: Packed): Packed | undefined {
  const bits = layer.rounding === 'single' ? mveMissingBits(layer) : 0;
  const grown = grownLayer(layer, bits);
  if (!grown) return undefined;
  return { layer: grown, matrix, taps: grownCodes(taps, bits) };
}

const bytesField = (name: string, data: readonly number[]): FieldValue =>
  constant(name, 'uint8', Uint8Array.from(data), [data.length]);

const groupsOf = ({ matrix, taps }: Packed): number => (taps.group ? Math.ceil(matrix.columns / taps.group) : 0);

/** Rows of codes, and of scales, of these lanes; a lane without a channel has zeros. */
function lanesOf(packed: Packed, lanes: readonly number[], tapCount: number): { codes: number[]; scales: number[] } {
  const { matrix, taps } = packed;
  const { rows, columns, groupScales } = matrix;
  const groups = groupsOf(packed);
  const codes = codeRows(tapCount, lanes.length, taps.table.bits as CodeBits, (t, lane) =>
    lanes[lane] < rows && t < columns ? taps.codes[lanes[lane] * columns + t] : 0,
  );
  const scales = Array.from({ length: groups }, (_, g) => lanes.map((c) => groupScales?.[c * groups + g] ?? 1));
  return { codes: [...codes], scales: scales.flat() };
}

/** Entries of the table for all, or of these lanes; two's complement needs none. */
function tableOf({ taps: { table } }: Packed, lanes: readonly number[]): number[] | undefined {
  const { values, bits, perChannel, signed } = table;
  if (signed) return undefined;
  const step = 2 ** bits;
  return perChannel
    ? lanes.flatMap((c) => Array.from({ length: step }, (_, i) => values[c * step + i] ?? 0))
    : [...values];
}

function tableFields(packed: Packed, table: number[] | undefined): CStruct['fields'] {
  const { bits, perChannel } = packed.taps.table;
  return [
    ['bits', bits],
    ['table', table ? constant('table', 'int8', Int8Array.from(table), [table.length]) : null],
    ['table_step', table && perChannel ? 2 ** bits : 0],
    ['group', packed.taps.group],
  ];
}

/** Blocks of 16 lanes and what they hold. */
function mveFields(packed: Packed, blocks: number, tapCount: number, channelAt: (lane: number) => number) {
  const { layer } = packed;
  const factors = mveFactors(layer);
  if (!factors) return undefined;
  const bias = foldedLayerBias(layer);
  const bytes = new ByteStream();
  const lanes = Array.from({ length: blocks * vectorBytes }, (_, lane) => channelAt(lane));
  const made = Array.from({ length: blocks }, (_, block) => {
    const own = lanes.slice(block * vectorBytes, (block + 1) * vectorBytes);
    blockFactors(bytes, bias, factors, own);
    return lanesOf(packed, own, tapCount);
  });
  const scales = made.flatMap((m) => m.scales);
  const fields: CStruct['fields'] = [
    ...windowFields(layer, layer.outC),
    [
      'codes',
      bytesField(
        'codes',
        made.flatMap((m) => m.codes),
      ),
    ],
    ['code_bytes', made[0].codes.length],
    ...tableFields(packed, tableOf(packed, lanes)),
    ['scales', scales.length ? bytesField('scales', scales) : null],
    ['factors', { const: { ...bytes.constant().const, name: 'factors' } }],
    ['taps', tapCount],
    ['blocks', blocks],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_zero_point', layer.outputZeroPoint],
    ...clampFields({ min: layer.outputMin, max: layer.outputMax }, layer.rounding),
  ];
  return fields;
}

const streamBytes = (blocks: number, tapCount: number): number => blocks * (tapCount * vectorBytes + 192);

function mveCall(
  kernel: string,
  packed: Packed,
  blocks: number,
  tapCount: number,
  channelAt: (lane: number) => number,
  restBytes: number,
): Lowered | undefined {
  const { layer } = packed;
  const fields = mveFields(packed, blocks, tapCount, channelAt);
  if (!fields) return undefined;
  const order = kernel === threeKernel ? 'channel' : 'pixel';
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*$/, ''), fields },
    inputs: [0],
    outputs: [0],
    overlap: { input: 0, lagBytes: overlapLagBytes(layer, layer.outC, order, 1) },
    scratchBytes: streamBytes(blocks, tapCount) + restBytes,
  };
  return { call, work: workOf(layer) };
}

const anyKernel = 'mote_packedtaps_s8int__mve';
const threeKernel = 'mote_packedtaps_s8int_3x3__mve';
const lanesKernel = 'mote_packedtaps_s8int_lanes__rvv';

function lowerAny(node: Node, context: LowerContext): Lowered | undefined {
  const read = packedOf(node, context);
  const packed = read && grownOf(read);
  if (!packed || !pairsFit(packed.layer)) return undefined;
  const { inC, kernelH, kernelW } = packed.layer;
  const tapCount = roundUp(kernelH * kernelW, 2);
  const channels = roundUp(inC, vectorBytes);
  const restBytes = channels + tapCount * pointerBytes;
  return mveCall(anyKernel, packed, channels / vectorBytes, tapCount, (c) => c, restBytes);
}

/** Most lanes for each channel: their constants repeat until they fill whole vectors. */
const mostRepeats = 4;

function lowerThree(node: Node, context: LowerContext): Lowered | undefined {
  const read = packedOf(node, context);
  const packed = read && grownOf(read);
  if (!packed) return undefined;
  const { inC, inW, strideW, kernelH, kernelW } = packed.layer;
  if (kernelH !== 3 || kernelW !== 3 || !threeFits(packed.layer)) return undefined;
  const blocks = inC / gcd(inC, vectorBytes);
  if (inC % vectorBytes !== 0 && (strideW !== 1 || blocks * vectorBytes > mostRepeats * inC)) return undefined;
  return mveCall(threeKernel, packed, blocks, 9, (lane) => lane % inC, inW * inC + 10 * vectorBytes);
}

function lowerLanes(node: Node, context: LowerContext): Lowered | undefined {
  const packed = packedOf(node, context);
  if (!packed) return undefined;
  const { rows, columns } = packed.matrix;
  const lanes = Array.from({ length: rows }, (_, c) => c);
  const { codes, scales } = lanesOf(packed, lanes, columns);
  return laneCall(
    packed.layer,
    lanesKernel,
    () => [
      ['codes', bytesField('codes', codes)],
      ...tableFields(packed, tableOf(packed, lanes)),
      ['scales', scales.length ? bytesField('scales', scales) : null],
    ],
    rows * columns,
  );
}

export const mveTapsVariants: readonly Variant[] = [
  { kernel: anyKernel, op: 'depthwiseConv2d', isa: 'mve', lower: lowerAny },
  { kernel: threeKernel, op: 'depthwiseConv2d', isa: 'mve', lower: lowerThree },
];

export const rvvTapsVariants: readonly Variant[] = [
  { kernel: lanesKernel, op: 'depthwiseConv2d', isa: 'rvv', lower: lowerLanes },
];
