// SPDX-License-Identifier: Apache-2.0
// filterBank: each channel weighs `widths[c]` bins from `starts[c]` on; what comes out are words. With `root`, the root of
// the sum, shifted back by the exponent of the row (tflite-micro's SignalFilterBank and SignalFilterBankSquareRoot); else the
// sum, rounded, after `shift`.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given, int, intList } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { frameShape, framesOf, nearestRoot } from './signal.js';
import { constant } from './weighted.js';

interface Filters {
  frames: number;
  bins: number;
  starts: number[];
  widths: number[];
  weights: Int16Array;
  root: boolean;
  shift: number;
}

const mostWord = 0xffffffffn;

function filtersOf(node: Node, graph: Graph): Filters {
  const { frames, size: bins } = framesOf(node, graph, ['int32']);
  const starts = intList(node, 'starts', { min: 1, max: bins });
  const widths = intList(node, 'widths', { min: 0, max: bins }, starts.length);
  const { data, dtype, shape } = inputOf(node, graph, 1);
  const sum = widths.reduce((a, b) => a + b, 0);
  if (starts.length === 0 || starts.some((s, c) => s + widths[c] > bins))
    badShape(node, `its filters do not lie in ${bins} bins`);
  if (!(data instanceof Int16Array) || dtype !== 'int16' || elementCount(shape) !== Math.max(1, sum))
    badShape(node, `its weights are not ${sum} constant int16`);
  if (data.some((w) => w < 0)) badShape(node, 'it has weights below 0');
  return {
    frames,
    bins,
    starts,
    widths,
    weights: data,
    root: node.attrs.root === true,
    shift: int(node, 'shift', { min: 0, max: 31 }),
  };
}

function sumOf(f: Filters, x: ArrayLike<number>, row: number, channel: number, first: number): bigint {
  let sum = 0n;
  for (let i = 0; i < f.widths[channel]; i++)
    sum += BigInt(f.weights[first + i]) * BigInt(x[row * f.bins + f.starts[channel] + i] >>> 0);
  return sum;
}

function wordOf(f: Filters, sum: bigint, exponent: number): number {
  if (f.root) return nearestRoot(sum) >>> exponent;
  const rounded = f.shift === 0 ? sum : (sum + (1n << BigInt(f.shift - 1))) >> BigInt(f.shift);
  return Number(rounded > mostWord ? mostWord : rounded);
}

export const filterBank: OpSpec = {
  op: 'filterBank',
  infer(node, graph) {
    const { frames, starts } = filtersOf(node, graph);
    return [{ shape: frameShape(frames, starts.length), dtype: 'int32' }];
  },
  macs(node, graph) {
    const { frames, widths } = filtersOf(node, graph);
    return frames * widths.reduce((a, b) => a + b, 0);
  },
  /** Roots count as pixels: one takes as long as many products. */
  work(node, graph) {
    const { frames, starts, root } = filtersOf(node, graph);
    const outputs = frames * starts.length;
    return { pixels: root ? outputs : 0, outputs, macs: filterBank.macs(node, graph) };
  },
  lower(node, { graph }) {
    const f = filtersOf(node, graph);
    const list = (name: string, values: number[]): [string, { const: ReturnType<typeof constant>['const'] }] => [
      name,
      constant(name, 'int16', Int16Array.from(values), [values.length]),
    ];
    return kernelCall(
      'filterBank',
      ['s32'],
      [
        ['frames', f.frames],
        ['bins', f.bins],
        ['channels', f.starts.length],
        ['root', f.root ? 1 : 0],
        ['shift', f.shift],
        list('starts', f.starts),
        list('widths', f.widths),
        ['weights', constant('weights', 'int16', f.weights, [f.weights.length])],
      ],
    );
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const f = filtersOf(node, graph);
    const x = given(node, inputs, 0);
    const out = makeData('int32', f.frames * f.starts.length) as Int32Array;
    for (let row = 0; row < f.frames; row++) {
      // The exponent is that of an FFT; only its low bits are looked at, so that any data is defined.
      const exponent = x[row * f.bins] & 31;
      for (let c = 0, first = 0; c < f.starts.length; first += f.widths[c++])
        out[row * f.starts.length + c] = wordOf(f, sumOf(f, x, row, c, first), exponent);
    }
    return [out];
  },
};
