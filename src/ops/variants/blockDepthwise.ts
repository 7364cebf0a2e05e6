// SPDX-License-Identifier: Apache-2.0
// Depthwise convolution of any shape on cores without SIMD (dwblock.h): int16 activations, and int8 layers that the faster
// kernels do not take.
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { blockLayer, channelField, slicesAreExact, workOf } from './blockLayer.js';
import { type ImageAxis, imageAxes, roundUp, spanOf } from './imageAxes.js';
import type { Lowered, Variant } from './variant.js';

/** Pixels that the kernels compute at a time. */
const together = 4;
const tapsTogether = 3;
/** Gathered inputs of a band, unless one line of outputs needs more. Lines at its ends are gathered twice. */
const bandPlaces = 1024;
const speedBandPlaces = 8192;
/** What gathering an input costs, in products. */
const gatherMacs = 1.6;
/** Offsets of taps are int16. */
const maxOffset = 32_767;

/** Lines run along one axis; `phase` places of a line hold the columns of one remainder modulo the stride. */
interface Lines {
  across: ImageAxis;
  along: ImageAxis;
  phase: number;
}

const gatheredOf = ({ along, phase }: Lines): number => along.stride * phase;
/** Sums that are computed, with those beyond the ends of lines. */
const computed = ({ across, along }: Lines): number => across.outputs * roundUp(along.outputs, together);

function linesAlong(across: ImageAxis, along: ImageAxis): Lines {
  const reach = (roundUp(along.outputs, together) - 1) * along.stride + spanOf(along);
  return { across, along, phase: Math.ceil(reach / along.stride) };
}

/** Where column `j` of the padded image is in a gathered line. */
const placeOf = ({ along, phase }: Lines, j: number): number =>
  (j % along.stride) * phase + Math.floor(j / along.stride);

/** Places of a band of so many lines of outputs. */
const placesOf = (lines: Lines, band: number): number =>
  ((band - 1) * lines.across.stride + spanOf(lines.across)) * gatheredOf(lines);

function bandOf(lines: Lines, limit: number): number {
  let band = lines.across.outputs;
  while (band > 1 && placesOf(lines, band) > limit) band--;
  return band;
}

/** Line by line of the window: where each tap is, and its index in a filter. */
function tapsOf(lines: Lines): { offset: number; index: number }[] {
  const { across, along } = lines;
  const list: { offset: number; index: number }[] = [];
  for (let a = 0; a < across.kernel; a++)
    for (let b = 0; b < along.kernel; b++)
      list.push({
        offset: a * across.dilation * gatheredOf(lines) + placeOf(lines, b * along.dilation),
        index: a * across.tapStep + b * along.tapStep,
      });
  return list;
}

function phaseStarts(lines: Lines): number[] {
  const { stride, pad } = lines.along;
  return Array.from({ length: stride }, (_, phase) =>
    placeOf(lines, pad + ((((phase - pad) % stride) + stride) % stride)),
  );
}

function tapFields(lines: Lines, filters: readonly Int8Array[]): CStruct['fields'] | undefined {
  const taps = tapsOf(lines);
  const count = roundUp(taps.length, tapsTogether);
  const offsets = Int16Array.from({ length: count }, (_, i) => taps[i]?.offset ?? 0);
  if (taps.some(({ offset }) => offset > maxOffset)) return undefined;
  const weights = new Int8Array(filters.length * count);
  filters.forEach((filter, c) => {
    taps.forEach(({ index }, i) => {
      weights[c * count + i] = filter[index];
    });
  });
  const { across, along } = lines;
  const square = across.kernel === 3 && along.kernel === 3 && across.dilation * along.dilation * along.stride === 1;
  return [
    ['taps', constant('taps', 'int16', offsets, [count])],
    ['tap_count', count],
    ['square', square ? 1 : 0],
    ['weights', constant('weights', 'int8', weights, [filters.length, count])],
  ];
}

function lower(
  kernel: string,
  arithmetic: 's8' | 's16',
  isa: 'rv32' | 'thumb',
  node: Node,
  context: LowerContext,
): Lowered | undefined {
  const l = blockLayer(node, context.graph, context.rounding, arithmetic, isa);
  // A sum of all taps is one 32-bit word.
  if (!l || !slicesAreExact(l, l.filters[0].length)) return undefined;
  // dwtaps.h takes it, and writes pixel by pixel, so that its output may lie over its input.
  if (l.mode === 'quarter' && l.channelMultiplier === 1) return undefined;
  const [vertical, horizontal] = imageAxes(l);
  const [rows, columns] = [linesAlong(vertical, horizontal), linesAlong(horizontal, vertical)];
  const lines = computed(columns) < computed(rows) ? columns : rows;
  const { across, along } = lines;
  const band = bandOf(lines, context.prefer === 'speed' ? speedBandPlaces : bandPlaces);
  const taps = tapFields(lines, l.filters);
  if (!taps) return undefined;
  const starts = phaseStarts(lines);
  const fields: CStruct['fields'] = [
    ['out_c', l.outC],
    ['channel_multiplier', l.channelMultiplier],
    ['lines', across.outputs],
    ['columns', along.outputs],
    ['out_line', across.outStep],
    ['out_column', along.outStep],
    ['in_lines', across.size],
    ['in_columns', Math.max(0, Math.min(along.size, gatheredOf(lines) - along.pad))],
    ['in_line', across.inStep],
    ['in_column', along.inStep],
    ['pad_lines', across.pad],
    ['line_stride', across.stride],
    ['line_span', spanOf(across)],
    ['band', band],
    ['gathered', gatheredOf(lines)],
    ['phases', along.stride],
    ['first_phase', along.pad % along.stride],
    ['phase_start', constant('phase_start', 'int16', Int16Array.from(starts), [starts.length])],
    ...taps,
    channelField(l),
    ['input_zero_point', l.inputZeroPoint],
    l.output,
  ];
  const params = { type: `mote_dwblock_${arithmetic}s8`, fields };
  const tapCount = roundUp(l.filters[0].length, tapsTogether);
  const scratchBytes = 4 * roundUp(along.outputs, together) + 8 * tapCount + 2 * placesOf(lines, band);
  // Sums beyond the ends of lines and taps beyond the filter are computed, too; each band of a channel is begun and gathered.
  const bands = l.outC * Math.ceil(across.outputs / band);
  const macs = l.outC * computed(lines) * tapCount + gatherMacs * bands * placesOf(lines, band);
  return {
    call: { kernel, params, inputs: [0], outputs: [0], scratchBytes },
    work: { pixels: bands, outputs: workOf(l).outputs, macs },
  };
}

export const blockDepthwiseVariants = (isa: 'rv32' | 'thumb'): Variant[] =>
  (['s16', 's8'] as const).map((arithmetic) => {
    const kernel = `mote_dwblock_${arithmetic}s8__${isa}_1x4`;
    return {
      kernel,
      op: 'depthwiseConv2d',
      isa,
      lower: (node, context) => lower(kernel, arithmetic, isa, node, context),
    };
  });
