// SPDX-License-Identifier: Apache-2.0
// Windows over maps [C, H, W] that the K210's CPU computes in float32: convolutions with groups, and means of what lies
// inside. Bodies: nncase v0.2, neutral_ops_body.h; arithmetic: neutral_kernels.h (kendryte-standalone-sdk, lib/nncase).
import type { OneInput, Row } from './cpuRow.js';
import type { Reader, Shape4, Writer } from './kmodelBytes.js';

interface Windowed extends OneInput {
  inShape: Shape4;
  /** [top, bottom, left, right]. */
  pads: readonly number[];
  /** [height, width] each. */
  filter: readonly number[];
  strides: readonly number[];
  dilations: readonly number[];
  min: number;
  max: number;
}

export interface ConvolutionNode extends Windowed {
  op: 'convolution';
  groups: number;
  outputs: number;
  /** [outputs, inputs of a group, height, width]. */
  weights: Float32Array;
  bias: Float32Array;
}

export interface AverageNode extends Windowed {
  op: 'average';
}

const f = Math.fround;
/** Larger sizes are nonsense, and their products no numbers to loop to. */
const mostSize = 65_536;
/** nncase's reduce_op: mean. */
const reduceMean = 0;

const cut = (value: number, { min, max }: Windowed): number => Math.min(max, Math.max(min, value));

/** Whether the sizes are ones that can be computed with. */
function isSound({ inShape, pads, filter, strides, dilations }: Omit<Windowed, 'min' | 'max'>): boolean {
  const fits = (least: number) => (n: number) => n >= least && n <= mostSize;
  return [...inShape, ...filter, ...strides, ...dilations].every(fits(1)) && pads.every(fits(0)) && inShape[0] === 1;
}

function outSize({ inShape, pads, filter, strides, dilations }: Windowed): [height: number, width: number] {
  const size = (d: 0 | 1): number =>
    Math.floor((inShape[2 + d] + pads[2 * d] + pads[2 * d + 1] - (filter[d] - 1) * dilations[d] - 1) / strides[d]) + 1;
  return [size(0), size(1)];
}

/** Calls `tap` for each element of the input plane that the window of an output sees. */
function forTaps(n: Windowed, y: number, x: number, tap: (at: number, filterAt: number) => void): void {
  const [, , height, width] = n.inShape;
  for (let ky = 0; ky < n.filter[0]; ky++) {
    const row = y * n.strides[0] - n.pads[0] + ky * n.dilations[0];
    if (row < 0 || row >= height) continue;
    for (let kx = 0; kx < n.filter[1]; kx++) {
      const column = x * n.strides[1] - n.pads[2] + kx * n.dilations[1];
      if (column >= 0 && column < width) tap(row * width + column, ky * n.filter[1] + kx);
    }
  }
}

const count = (r: Reader, times: number): number[] => Array.from({ length: times }, () => r.u32('a size'));
const limits = (r: Reader): { min: number; max: number } => ({ min: r.f32('a limit'), max: r.f32('a limit') });
const floats = (r: Reader, n: number, what: string): Float32Array => new Float32Array(r.copy(4 * n, what).buffer);
const writeWindow = (n: Windowed, to: Writer): Writer => to.u32(...n.pads, ...n.filter, ...n.strides, ...n.dilations);

function readWindow(r: Reader): Pick<Windowed, 'pads' | 'filter' | 'strides' | 'dilations'> {
  return { pads: count(r, 4), filter: count(r, 2), strides: count(r, 2), dilations: count(r, 2) };
}

export const convolution: Row<ConvolutionNode> = {
  opcode: 0x2,
  read(r) {
    const [input, output, inShape] = [r.range(), r.range(), r.shape()];
    const [groups, outputs] = count(r, 2);
    const window = readWindow(r);
    const range = limits(r);
    const divides = groups > 0 && inShape[1] % groups === 0 && outputs % groups === 0;
    if (!divides || outputs > mostSize || !isSound({ input, output, inShape, ...window })) return undefined;
    const weights = floats(r, outputs * (inShape[1] / groups) * window.filter[0] * window.filter[1], 'the weights');
    const bias = floats(r, outputs, 'the bias');
    return { op: 'convolution', input, output, inShape, groups, outputs, ...window, ...range, weights, bias };
  },
  write(n, to) {
    to.range(n.input)
      .range(n.output)
      .u32(...n.inShape, n.groups, n.outputs);
    writeWindow(n, to).f32(n.min, n.max, ...n.weights, ...n.bias);
  },
  sizes(n) {
    const [height, width] = outSize(n);
    const [, channels, inHeight, inWidth] = n.inShape;
    return [
      { range: n.input, elements: channels * inHeight * inWidth },
      { range: n.output, elements: n.outputs * Math.max(0, height) * Math.max(0, width) },
    ];
  },
  run(n, memory) {
    const [input, output] = [memory.floats(n.input), memory.floats(n.output)];
    const [height, width] = outSize(n);
    const [, channels, inHeight, inWidth] = n.inShape;
    const [ofGroup, taps] = [channels / n.groups, n.filter[0] * n.filter[1]];
    for (let o = 0, at = 0; o < n.outputs; o++) {
      const first = Math.floor(o / (n.outputs / n.groups)) * ofGroup;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          let value = n.bias[o];
          for (let i = 0; i < ofGroup; i++) {
            const [plane, kernel] = [(first + i) * inHeight * inWidth, (o * ofGroup + i) * taps];
            forTaps(n, y, x, (from, tap) => {
              value = f(value + f(input[plane + from] * n.weights[kernel + tap]));
            });
          }
          output[at++] = cut(value, n);
        }
    }
  },
};

export const average: Row<AverageNode> = {
  opcode: 0x8,
  read(r) {
    const [input, output, kind, inShape] = [r.range(), r.range(), r.u32('a reduction'), r.shape()];
    const window = readWindow(r);
    r.f32('an initial value');
    const range = limits(r);
    if (kind !== reduceMean || !isSound({ input, output, inShape, ...window })) return undefined;
    return { op: 'average', input, output, inShape, ...window, ...range };
  },
  write(n, to) {
    to.range(n.input)
      .range(n.output)
      .u32(reduceMean, ...n.inShape);
    writeWindow(n, to).f32(0, n.min, n.max);
  },
  sizes(n) {
    const [height, width] = outSize(n);
    const [, channels, inHeight, inWidth] = n.inShape;
    return [
      { range: n.input, elements: channels * inHeight * inWidth },
      { range: n.output, elements: channels * Math.max(0, height) * Math.max(0, width) },
    ];
  },
  run(n, memory) {
    const [input, output] = [memory.floats(n.input), memory.floats(n.output)];
    const [height, width] = outSize(n);
    const [, channels, inHeight, inWidth] = n.inShape;
    for (let c = 0, at = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          let [sum, seen] = [0, 0];
          forTaps(n, y, x, (from) => {
            sum = f(sum + input[c * inHeight * inWidth + from]);
            seen++;
          });
          output[at++] = cut(f(sum / seen), n);
        }
  },
};
