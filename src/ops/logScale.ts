// SPDX-License-Identifier: Apache-2.0
// logScale: natural logarithms of words. int8 as tflite-micro's SignalFilterBankLog gives features, in 1/scale, and as its
// micro_speech example quantizes them: output = (feature * 256 + divisor / 2) / divisor + zero. int32: ln(word + offset / 16)
// - bias in Q16, the logarithm interpolated between 128 places of a table.
import { type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { clampTo } from './requantize.js';
import { bitLength, framesOf } from './signal.js';
import { constant } from './weighted.js';

const [placeBits, fractionBits] = [7, 16];
const one = 2 ** fractionBits;
/** ln 2 in Q16. */
const lnTwo = 45426;
const maxFeature = 32767;

/** What log2(1 + x) is more than x, in Q16, at 128 places and the end (tflite-micro's table, and one more zero). */
export const logTable = (): Int16Array =>
  Int16Array.from({ length: 2 ** placeBits + 2 }, (_, i) => {
    const x = Math.min(i / 2 ** placeBits, 1);
    return Math.round((Math.log2(1 + x) - x) * one);
  });

/** log2 of a word above 0 in Q16. `slopeBits`: 9 interpolates; 16 does as tflite-micro, which hardly does. */
function log2Of(word: number, table: ArrayLike<number>, slopeBits: number): number {
  const whole = bitLength(word) - 1;
  const rest = word - 2 ** whole;
  const fraction = whole < fractionBits ? rest << (fractionBits - whole) : rest >>> (whole - fractionBits);
  const place = fraction >> (fractionBits - placeBits);
  const beyond = fraction - (place << (fractionBits - placeBits));
  return whole * one + fraction + table[place] + (((table[place + 1] - table[place]) * beyond) >> slopeBits);
}

const naturalOf = (log2: number): number => Math.floor((lnTwo * log2 + one / 2) / one);

interface Features {
  correctionBits: number;
  scale: number;
  divisor: number;
  zero: number;
}

interface Logs {
  offset: number;
  bias: number;
}

const isWide = (node: Node): boolean => node.attrs.divisor === undefined;

const featuresOf = (node: Node): Features => ({
  correctionBits: int(node, 'correctionBits', { min: 0, max: 31 }),
  scale: int(node, 'scale', { min: 1, max: 1024 }),
  divisor: int(node, 'divisor', { min: 1, max: 2 ** 24 }),
  zero: int(node, 'zero', { min: -128, max: 127 }),
});

const logsOf = (node: Node): Logs => ({
  offset: int(node, 'offset', { min: 1, max: 2 ** 27 }),
  bias: int(node, 'bias', { min: 0, max: 64 * one }),
});

function feature(word: number, { correctionBits, scale, divisor, zero }: Features, table: Int16Array): number {
  const scaled = (word << correctionBits) >>> 0;
  const log = scaled > 1 ? naturalOf(log2Of(scaled, table, fractionBits)) : 0;
  const value = Math.min(maxFeature, Math.floor((scale * log + one / 2) / one));
  return clampTo(Math.trunc((value * 256 + Math.floor(divisor / 2)) / divisor) + zero, -128, 127);
}

/** Small words keep four bits behind the point. */
function logarithm(word: number, { offset, bias }: Logs, table: Int16Array): number {
  const small = word < 2 ** 27;
  const sum = small ? word * 16 + offset : Math.min(2 ** 32 - 1, word + Math.floor(offset / 16));
  const log2 = log2Of(sum, table, fractionBits - placeBits) - (small ? 4 * one : 0);
  return naturalOf(log2) - bias;
}

function read(node: Node, graph: Graph): { count: number } {
  const { frames, size } = framesOf(node, graph, ['int32']);
  if (isWide(node)) logsOf(node);
  else featuresOf(node);
  return { count: frames * size };
}

export const logScale: OpSpec = {
  op: 'logScale',
  infer(node, graph) {
    read(node, graph);
    return [{ shape: [...inputOf(node, graph, 0).shape], dtype: isWide(node) ? 'int32' : 'int8' }];
  },
  macs: (node, graph) => 2 * read(node, graph).count,
  inPlace: (node) => (isWide(node) ? [0] : []),
  lower(node, { graph }) {
    const { count } = read(node, graph);
    const data = logTable();
    const table: [string, ReturnType<typeof constant>] = ['table', constant('table', 'int16', data, [data.length])];
    if (isWide(node)) {
      const { offset, bias } = logsOf(node);
      return kernelCall('logScale', ['s32', 's32'], [['count', count], ['offset', offset], ['bias', bias], table]);
    }
    const f = featuresOf(node);
    return {
      ...kernelCall(
        'logScale',
        ['s32', 's8'],
        [
          ['count', count],
          ['correction_bits', f.correctionBits],
          ['scale', f.scale],
          ['divisor', f.divisor],
          ['zero_point', f.zero],
          table,
        ],
      ),
      overlap: { input: 0, lagBytes: 0 },
    };
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const { count } = read(node, graph);
    const x = given(node, inputs, 0);
    const table = logTable();
    const out = makeData(isWide(node) ? 'int32' : 'int8', count) as Int32Array;
    const [logs, features] = isWide(node) ? [logsOf(node), undefined] : [undefined, featuresOf(node)];
    for (let i = 0; i < count; i++) {
      const word = x[i] >>> 0;
      if (logs) out[i] = logarithm(word, logs, table);
      else if (features) out[i] = feature(word, features, table);
    }
    return [out];
  },
};
