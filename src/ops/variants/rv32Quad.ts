// SPDX-License-Identifier: Apache-2.0
// Fully connected layers with two channels per register (fcquad.h) for RV32IM: groups of inputs whose weights are small
// enough together.

import type { Node } from '../../model/graph.js';
import type { LowerContext } from '../op.js';
import { constant } from '../weighted.js';
import { type IntegerLayer, integerLayer, workOf } from './integerLayer.js';
import { isDense, rowIndex, tapsOf } from './rv32Conv.js';
import { type Channel, channelField, channelsOf, outputField, settle } from './rv32Layer.js';
import type { Lowered, Variant } from './variant.js';

const tile = 16;
/** Inputs of a group. */
const quad = 4;
/** What a channel's weights of a group may sum to: their products must fit 16 bits. */
const groupLimit = 255;
/** Inputs are counted in int16. */
const maxInputs = 32_764;

/** Inputs first … first + 3, of which those in `used` have their weights and the others zeros. */
interface Group {
  first: number;
  used: number[];
}

/** The groups of the channels from `channel` on: as few as the limit allows, in the order of the inputs. */
function groupsOf({ weights }: IntegerLayer, taps: number, channel: number): Group[] {
  const groups: Group[] = [];
  let done = 0;
  for (let start = 0; start < taps; start += quad) {
    const first = Math.min(start, taps - quad);
    let sums = new Int32Array(tile);
    let used: number[] = [];
    for (; done < first + quad; done++) {
      const added = sums.map((s, k) => s + Math.abs(weights[(channel + k) * taps + done]));
      if (added.some((s) => s > groupLimit)) {
        groups.push({ first, used });
        used = [];
        sums = sums.map((_, k) => Math.abs(weights[(channel + k) * taps + done]));
      } else sums = added;
      used.push(done);
    }
    groups.push({ first, used });
  }
  return groups;
}

/** The words of a group: of each two channels, two inputs a word. */
function groupWords({ weights }: IntegerLayer, taps: number, channel: number, group: Group): number[] {
  const words: number[] = [];
  const at = (c: number, i: number): number => 128 + (group.used.includes(i) ? weights[c * taps + i] : 0);
  for (let c = channel; c < channel + tile; c += 2) {
    for (let i = group.first; i < group.first + quad; i += 2)
      words.push((at(c, i) | (at(c, i + 1) << 8) | (at(c + 1, i) << 16) | (at(c + 1, i + 1) << 24)) >>> 0);
  }
  return words;
}

/** First and end of each run of groups that follow each other, then zeros. */
function rangesOf(groups: readonly Group[]): number[] {
  const ranges: number[] = [];
  for (const { first } of groups) {
    if (ranges.length && ranges[ranges.length - 1] === first) ranges[ranges.length - 1] += quad;
    else ranges.push(first, first + quad);
  }
  return [...ranges, 0, 0];
}

const kernel = 'mote_fcquad_s8s8__rv32_1x16';

function lower(node: Node, { graph, rounding }: LowerContext): Lowered | undefined {
  const raw = integerLayer(node, graph, rounding);
  if (!raw || !isDense(node.op, raw) || raw.outC < tile) return undefined;
  const taps = tapsOf(raw);
  if (taps < quad || taps > maxInputs) return undefined;
  const layer = settle(raw, taps, rowIndex(taps));
  const channels = channelsOf(layer, taps, rowIndex(taps));
  if (!channels) return undefined;
  const tiled = layer.outC - (layer.outC % tile);
  const words: number[] = [];
  const ranges: number[] = [];
  const biased: Channel[] = [...channels];
  for (let c = 0; c < tiled; c += tile) {
    const groups = groupsOf(layer, taps, c);
    for (const group of groups) words.push(...groupWords(layer, taps, c, group));
    ranges.push(...rangesOf(groups));
    for (let k = c; k < c + tile; k++) biased[k] = { ...channels[k], bias: channels[k].bias - groups.length * 2 ** 15 };
  }
  const rows = layer.outH * layer.outW;
  const rest = layer.weights.slice(tiled * taps);
  const call = {
    kernel,
    inputs: [0],
    outputs: [0],
    scratchBytes: 0,
    params: {
      type: 'mote_fcquad_s8s8',
      fields: [
        ['rows', rows],
        ['in_c', taps],
        ['out_c', layer.outC],
        [
          'tiles',
          words.length
            ? constant(
                'tiles',
                'int32',
                Int32Array.from(words, (w) => w | 0),
                [words.length / tile, tile],
              )
            : null,
        ],
        ['ranges', ranges.length ? constant('ranges', 'int16', Int16Array.from(ranges), [ranges.length]) : null],
        ['rest', rest.length ? constant('rest', 'int8', rest, [layer.outC - tiled, taps]) : null],
        channelField(layer, biased, 1),
        outputField(layer),
      ],
    } satisfies Lowered['call']['params'],
  };
  // Groups take their time whether they are full or not, and a channel that is left takes 2.4 times that of a tiled one.
  const macs = rows * (words.length * quad + rest.length * 2.4);
  return { call, work: { ...workOf(layer), macs } };
}

export const rv32QuadVariants: readonly Variant[] = [
  { kernel, op: 'fullyConnected', isa: 'rv32', lower },
  { kernel, op: 'conv2d', isa: 'rv32', lower },
];
