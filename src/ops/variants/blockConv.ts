// SPDX-License-Identifier: Apache-2.0
// Convolution of any shape on cores without SIMD (convblock.h): int16 activations, and int8 layers that the faster
// kernels do not take.
import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { overlapLagBytes } from '../overlap.js';
import { constant } from '../weighted.js';
import { type BlockLayer, blockLayer, channelField, slicesAreExact, workOf } from './blockLayer.js';
import type { Lowered, Variant } from './variant.js';

const tile = 4;

/** An instruction set's layout of weights, and its scratch. */
interface Layout {
  isa: 'rv32' | 'thumb';
  feature: string;
  bytesPerTap: number;
  headBytes: number;
  weights(filters: readonly Int8Array[]): number[];
}

const even = (n: number): number => n + (n % 2);

/** For every 4 channels: for each tap their 4 weights; missing channels and taps are 0. */
function tiledWeights(filters: readonly Int8Array[]): number[] {
  const bytes: number[] = [];
  for (let c = 0; c < filters.length; c += tile) {
    for (let t = 0; t < even(filters[0].length); t++)
      for (let k = c; k < c + tile; k++) bytes.push((filters[k]?.[t] ?? 0) & 0xff);
  }
  return bytes;
}

const layouts: readonly Layout[] = [
  { isa: 'rv32', feature: 'rv32_4x4', bytesPerTap: 8, headBytes: 0, weights: tiledWeights },
  {
    isa: 'thumb',
    feature: 'thumb_4x1',
    bytesPerTap: 16,
    headBytes: 16,
    weights: (filters) => filters.flatMap((f) => Array.from(f, (w) => w + 128)),
  },
];

/** Slices of about this many taps cost next to nothing. */
const usualSlice = 128;

interface Slicing {
  slice: number;
  scratchBytes: number;
}

/** The slicing with the least scratch; for speed, the one with the fewest slices. */
function slicingOf(l: BlockLayer, layout: Layout, prefer: LowerContext['prefer']): Slicing {
  const taps = l.filters[0].length;
  const keptBytes = tile * (l.mode === 'wide' ? 8 : 4) * (l.outC / l.groups);
  const sliced = (count: number): Slicing => {
    const slice = count === 1 ? taps : even(Math.ceil(taps / count));
    const gathered = layout.headBytes + layout.bytesPerTap * even(slice);
    return { slice, scratchBytes: gathered + (slice < taps ? keptBytes : 0) };
  };
  let count = 1;
  while (!slicesAreExact(l, sliced(count).slice)) count++;
  if (prefer === 'speed') return sliced(count);
  const [few, more] = [sliced(count), sliced(Math.max(count, Math.ceil(taps / usualSlice)))];
  return more.scratchBytes < few.scratchBytes && slicesAreExact(l, more.slice) ? more : few;
}

/** In the order of convblock.h. */
function weightsOf(l: BlockLayer, slice: number, layout: Layout): Uint8Array {
  const bytes: number[] = [];
  const groupOut = l.outC / l.groups;
  for (let g = 0; g < l.groups; g++) {
    const filters = l.filters.slice(g * groupOut, (g + 1) * groupOut);
    for (let from = 0; from < filters[0].length; from += slice)
      for (const w of layout.weights(filters.map((f) => f.subarray(from, from + slice)))) bytes.push(w);
  }
  return Uint8Array.from(bytes);
}

function lower(arithmetic: 's8' | 's16', layout: Layout, node: Node, { graph, rounding, prefer }: LowerContext) {
  const l = blockLayer(node, graph, rounding, arithmetic, layout.isa);
  // Depthwise over one channel is a convolution.
  if (!l || (node.op === 'depthwiseConv2d' && l.inC > 1)) return undefined;
  const { slice, scratchBytes } = slicingOf(l, layout, prefer);
  const joined = l.groups === 1 && l.dilationW === 1;
  const weights = weightsOf(l, slice, layout);
  const family = `mote_convblock_${arithmetic}s8`;
  // Four pixels' windows are gathered before any of their outputs is written; with groups, again for the next group.
  const order = l.groups === 1 ? { blockPixels: tile } : { heldPixels: tile };
  const call = {
    kernel: `${family}__${layout.feature}`,
    inputs: [0],
    outputs: [0],
    scratchBytes,
    overlap: { input: 0, lagBytes: overlapLagBytes(l, l.outC, order, l.elementBytes) },
    params: {
      type: family,
      fields: [
        ['in_h', l.inH],
        ['in_w', l.inW],
        ['in_c', l.inC],
        ['out_w', l.outW],
        ['out_c', l.outC],
        ['pixels', l.outH * l.outW],
        ['stride_h', l.strideH],
        ['stride_w', l.strideW],
        ['dilation_h', l.dilationH],
        ['dilation_w', l.dilationW],
        ['pad_top', l.padTop],
        ['pad_left', l.padLeft],
        ['groups', l.groups],
        ['depth', l.depth],
        ['group_out', l.outC / l.groups],
        ['segment', joined ? l.kernelW * l.depth : l.depth],
        ['segments', joined ? 1 : l.kernelW],
        ['taps', l.filters[0].length],
        ['slice', slice],
        ['weights', constant('weights', 'uint8', weights, [weights.length])],
        channelField(l),
        ['input_zero_point', l.inputZeroPoint],
        l.output,
      ],
    } satisfies Lowered['call']['params'],
  };
  const work = workOf(l);
  // The last pixels are computed as four, and the gathering of a window costs as much as so many products.
  const pixels = Math.ceil(work.pixels / tile) * tile;
  const gathering = 3 * l.groups * l.filters[0].length + 19 * l.groups * l.kernelH * (joined ? 1 : l.kernelW);
  return { call, work: { ...work, pixels, macs: (work.macs / work.pixels + gathering) * pixels } };
}

export const blockConvVariants = (isa: string): Variant[] =>
  layouts
    .filter((layout) => layout.isa === isa)
    .flatMap((layout) =>
      (['s16', 's8'] as const).flatMap((arithmetic) =>
        ['conv2d', 'depthwiseConv2d'].map((op) => ({
          kernel: `mote_convblock_${arithmetic}s8__${layout.feature}`,
          op,
          isa,
          lower: (node, context) => lower(arithmetic, layout, node, context),
        })),
      ),
    );
