// SPDX-License-Identifier: Apache-2.0
// lanedepthwise: channels in vector lanes, one filter per channel.
import type { Node } from '../../model/graph.js';
import type { CStruct, LowerContext } from '../op.js';
import { type Front, planeOverlap, readFront } from '../overlap.js';
import { constant } from '../weighted.js';
import { type TapRange, tapRanges, windowFields } from '../window.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { rescaleFields } from './rvvRescale.js';
import type { Lowered, Variant } from './variant.js';

/** An image of one column becomes one row: the kernel's inner loop runs along rows. */
function lyingDown(l: IntegerLayer): IntegerLayer {
  if (l.inW !== 1 || l.outW !== 1 || l.kernelW !== 1 || l.padLeft !== 0) return l;
  return {
    ...l,
    inH: 1,
    inW: l.inH,
    outH: 1,
    outW: l.outH,
    kernelH: 1,
    kernelW: l.kernelH,
    strideH: 1,
    strideW: l.strideH,
    dilationH: 1,
    dilationW: l.dilationH,
    padTop: 0,
    padLeft: l.padTop,
  };
}

/** The run of positions whose windows read all taps inside the image. */
function innerRun(ranges: readonly TapRange[], kernel: number): [begin: number, end: number] {
  const whole = ranges.map((r) => r.end - r.begin === kernel);
  const begin = whole.indexOf(true);
  return begin < 0 ? [0, 0] : [begin, whole.lastIndexOf(true) + 1];
}

/** Rows are made one by one, or three of the inner ones together: from left to right, whole windows at a time. What is
 *  left to read when a column begins is in it or to the right; the last row's columns before it may be written. */
function bandFronts(l: IntegerLayer, top: number, bottom: number): Front[] {
  const fronts: Front[] = [];
  for (let y = 0; y < l.outH; ) {
    const rows = y >= top && y + 3 <= bottom ? 3 : 1;
    for (let x = 0; x < l.outW; x++) fronts.push({ written: (y + rows - 1) * l.outW + x, next: readFront(l, y, x) });
    y += rows;
  }
  return fronts;
}

/** sizeof(span) in the kernel. */
const spanBytes = 12;

/** The call of a kernel of this kind; `weights` are its fields for them. */
export function laneCall(
  read: IntegerLayer,
  kernel: string,
  weights: (layer: IntegerLayer) => CStruct['fields'],
  weightScratchBytes = 0,
): Lowered | undefined {
  if (read.channelMultiplier !== 1) return undefined;
  const layer = lyingDown(read);
  const rescale = rescaleFields(layer);
  if (!rescale) return undefined;
  const [begin, end] = innerRun(
    tapRanges(layer.outW, layer.strideW, layer.padLeft, layer.dilationW, layer.kernelW, layer.inW),
    layer.kernelW,
  );
  const [top, bottom] = innerRun(
    tapRanges(layer.outH, layer.strideH, layer.padTop, layer.dilationH, layer.kernelH, layer.inH),
    layer.kernelH,
  );
  const triples = Math.floor((end - begin) / 3);
  const window = windowFields(layer, layer.outC).filter(([name]) => name !== 'out_c');
  return {
    call: {
      kernel,
      params: {
        type: kernel.replace(/__.*$/, ''),
        fields: [
          ...window.map(([name, value]): (typeof window)[number] => [name === 'in_c' ? 'channels' : name, value]),
          ['inner_begin', begin],
          ['triples', triples],
          ['inner_top', top],
          ['inner_bottom', bottom],
          ...weights(layer),
          ...rescale,
        ],
      },
      inputs: [0],
      outputs: [0],
      overlap: planeOverlap(layer, bandFronts(layer, top, bottom)),
      // The emitter passes scratch where there is some: the C function takes it always.
      scratchBytes: Math.max(4, spanBytes * (layer.outW - 3 * triples) + weightScratchBytes),
    },
    work: workOf(layer),
  };
}

const kernel = 'mote_lanedepthwise_s8s8__rvv';

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const read = integerLayer(node, graph, rounding);
  return (
    read &&
    laneCall(read, kernel, ({ weights, kernelH, kernelW, outC }) => [
      ['weights', constant('weights', 'int8', weights, [kernelH, kernelW, outC])],
    ])
  );
}

export const rvvDepthwiseVariants: readonly Variant[] = [{ kernel, op: 'depthwiseConv2d', isa: 'rvv', lower }];
