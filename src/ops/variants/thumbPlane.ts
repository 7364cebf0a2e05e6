// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution on Armv6-M from a padded plane of one channel (depthwiseconv2d.h, mote_depthwiseconv2d_s8s8_plane).
import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { planeOverlap } from '../overlap.js';
import { constant } from '../weighted.js';
import { type ImageAxis, imageAxes, roundUp, spanOf } from './imageAxes.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { thumbChannels, thumbFinishFields, thumbScales } from './thumbRequantize.js';
import type { Lowered, Variant, Work } from './variant.js';

/** Pixels that the kernel computes at a time. */
const together = 4;
const tapsTogether = 3;
/** Offsets in the plane are int16. */
const maxPlaneBytes = 32_000;

interface Plane {
  across: ImageAxis;
  along: ImageAxis;
  /** Bytes of one phase of a line. */
  phaseBytes: number;
  lineBytes: number;
  bytes: number;
}

/** The plane whose lines run along one axis. */
function planeOf(across: ImageAxis, along: ImageAxis): Plane {
  const reach = (a: ImageAxis, outputs: number): number => (outputs - 1) * a.stride + spanOf(a);
  const phaseBytes = Math.ceil(reach(along, roundUp(along.outputs, together)) / along.stride);
  const lineBytes = phaseBytes * along.stride;
  return { across, along, phaseBytes, lineBytes, bytes: roundUp(reach(across, across.outputs) * lineBytes, 4) };
}

/** Sums that are computed, with those beyond the ends of lines. */
const computed = ({ across, along }: Plane): number => across.outputs * roundUp(along.outputs, together);

/** Where column `j` of the padded line is in it. */
const columnAt = (plane: Plane, j: number): number => {
  const { stride } = plane.along;
  return (j % stride) * plane.phaseBytes + Math.floor(j / stride);
};

function tapOffsets(plane: Plane): number[] {
  const { across, along } = plane;
  const offsets: number[] = [];
  for (let a = 0; a < across.kernel; a++)
    for (let b = 0; b < along.kernel; b++)
      offsets[a * across.tapStep + b * along.tapStep] =
        a * across.dilation * plane.lineBytes + columnAt(plane, b * along.dilation);
  return offsets;
}

/** How much of the image the plane holds, and where it goes. Padding may be wider than the window reaches. */
function imageFields(plane: Plane): [string, number | { const: ReturnType<typeof constant>['const'] }][] {
  const { across, along } = plane;
  const columns = plane.lineBytes - along.pad;
  const lines = Math.floor(plane.bytes / plane.lineBytes) - across.pad;
  const starts = Array.from({ length: along.stride }, (_, phase) => {
    const first = along.pad + ((((phase - along.pad) % along.stride) + along.stride) % along.stride);
    return columnAt(plane, first);
  });
  return [
    ['in_lines', Math.max(0, Math.min(across.size, lines))],
    ['in_columns', Math.max(0, Math.min(along.size, columns))],
    ['in_line', across.inStep],
    ['in_column', along.inStep],
    ['plane_bytes', plane.bytes],
    ['plane_start', across.pad * plane.lineBytes],
    ['plane_line', plane.lineBytes],
    ['phases', along.stride],
    ['first_phase', along.pad % along.stride],
    ['phase_start', constant('phase_start', 'int16', Int16Array.from(starts), [starts.length])],
  ];
}

/** [taps][channels] -> [channels][taps], filled up with 0. */
function channelFirst(weights: Int8Array, outC: number, count: number): Int8Array {
  const out = new Int8Array(outC * count);
  weights.forEach((w, i) => {
    out[(i % outC) * count + Math.floor(i / outC)] = w;
  });
  return out;
}

const channelSums = (filters: Int8Array, outC: number, of: (w: number) => number): Int32Array => {
  const taps = filters.length / outC;
  return Int32Array.from({ length: outC }, (_, c) =>
    filters.subarray(c * taps, (c + 1) * taps).reduce((a, w) => a + of(w), 0),
  );
};

/** A kernel of this kind, and how it has its weights: [channels][taps], filled up with 0. */
interface PlaneKernel {
  kernel: string;
  weights(filters: Int8Array, tapCount: number): Lowered['call']['params']['fields'];
}

/** To begin a phase of a line takes about as long as gathering so many columns. */
const columnsPerPhase = 4;

/** What takes the time is not what a layer has outputs and products: lines begun, bytes gathered, sums of whole groups. */
function planeWork(layer: IntegerLayer, plane: Plane, tapCount: number): Work {
  const { across, along } = plane;
  const held = Math.min(across.size, Math.floor(plane.bytes / plane.lineBytes) - across.pad);
  const { outC, channelMultiplier } = layer;
  const columns = Math.min(along.size, plane.lineBytes - along.pad) + columnsPerPhase * along.stride;
  return {
    calls: outC * across.outputs,
    pixels: (outC / channelMultiplier) * Math.max(0, held) * columns,
    outputs: workOf(layer).outputs,
    macs: outC * computed(plane) * tapCount,
  };
}

/** The call of a depthwise layer. */
export function planeCall(layer: IntegerLayer, { kernel, weights }: PlaneKernel): Lowered | undefined {
  const [vertical, horizontal] = imageAxes(layer);
  const planes = [planeOf(vertical, horizontal), planeOf(horizontal, vertical)];
  const plane = computed(planes[1]) < computed(planes[0]) ? planes[1] : planes[0];
  const { outC } = layer;
  const offsets = tapOffsets(plane);
  const tapCount = roundUp(offsets.length, tapsTogether);
  const filters = channelFirst(layer.weights, outC, tapCount);
  const sums = channelSums(filters, outC, (w) => w);
  const channels = thumbChannels(layer, channelSums(filters, outC, Math.abs));
  if (plane.bytes > maxPlaneBytes || !channels) return undefined;
  const bias = Int32Array.from(channels, (channel, c) => channel.bias - 128 * sums[c]);
  const { across, along } = plane;
  const fields: Lowered['call']['params']['fields'] = [
    ['in_c', layer.inC],
    ['out_c', outC],
    ['channel_multiplier', layer.channelMultiplier],
    ['lines', across.outputs],
    ['columns', along.outputs],
    ['line_stride', across.stride * plane.lineBytes],
    ['out_line', across.outStep],
    ['out_column', along.outStep],
    ...imageFields(plane),
    [
      'taps',
      constant(
        'taps',
        'int16',
        Int16Array.from({ length: tapCount }, (_, i) => offsets[i] ?? 0),
        [tapCount],
      ),
    ],
    ['tap_count', tapCount],
    ...weights(filters, tapCount),
    ['bias', constant('bias', 'int32', bias, [outC])],
    ['scale', thumbScales(channels)],
    ['outside', layer.inputZeroPoint + 128],
    ...thumbFinishFields(layer),
  ];
  const call = {
    kernel,
    params: { type: kernel.replace(/__.*/, ''), fields },
    inputs: [0],
    outputs: [0],
    // A channel is in the scratch before any of its outputs is written.
    ...(layer.channelMultiplier === 1 ? { overlap: planeOverlap(layer, []) } : {}),
    scratchBytes: plane.bytes + 4 * roundUp(along.outputs, together) + 8 * tapCount,
  };
  return { call, work: planeWork(layer, plane, tapCount) };
}

const kernel = 'mote_depthwiseconv2d_s8s8_plane__thumb';

function lowerPlane(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const layer = integerLayer(node, graph, rounding);
  return (
    layer &&
    planeCall(layer, {
      kernel,
      weights: (filters, taps) => [['weights', constant('weights', 'int8', filters, [layer.outC, taps])]],
    })
  );
}

export const thumbPlane: Variant = {
  kernel,
  op: 'depthwiseConv2d',
  isa: 'thumb',
  lower: lowerPlane,
};
