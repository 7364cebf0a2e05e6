// SPDX-License-Identifier: Apache-2.0
// Sample data (.npy) -> the bytes of a model input: layout, scale and type, and a sentence that says what was done.
import { fail } from '../cli/errors.js';
import { type DType, elementCount, makeData, type TensorData } from './graph.js';
import type { NpyArray } from './npy.js';
import { sampleShape } from './sampleShape.js';

/** What an input wants; a PackPort is one. */
export interface InputPort {
  name: string;
  dtype: string;
  shape: readonly number[];
  scale?: number;
  zeroPoint?: number;
  permutation?: readonly number[];
}

/** real = scale * (x - zero) for the numbers of the file; `raw`: they are already the model's own integers. */
export type InputScale = 'auto' | 'raw' | { scale: number; zero: number };

export interface Samples {
  /** One array per sample in the port's dtype and layout. */
  data: TensorData[];
  /** `uint8 / 255 -> int8 by scale 0.0039, zero -128`. */
  how: string;
  /** What the numbers of the file mean: real = scale * (x - zero). */
  real: { scale: number; zero: number };
}

export function parseInputScale(text: string): InputScale {
  if (text === 'auto' || text === 'raw') return text;
  const parts = text.split(',').map(Number);
  if (parts.length !== 2 || !parts.every(Number.isFinite) || parts[0] === 0) {
    fail('usage.option', { option: 'input-scale', expected: 'auto, raw or SCALE,ZERO', got: text });
  }
  return { scale: parts[0], zero: parts[1] };
}

const shapeText = (shape: readonly number[]): string => shape.join('x');
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

/** How the file's samples lie: as the port, in the file's own layout (to be permuted), or flat. */
function layoutOf(array: NpyArray, port: InputPort, path: string): { count: number; permute: boolean } {
  const perSample = elementCount(port.shape);
  const wanted = sampleShape(port.shape);
  const own = port.permutation && inverseShape(port.shape, port.permutation);
  const [first, ...rest] = array.shape;
  const total = elementCount(array.shape);
  const match = (shape: readonly number[]): boolean => sameShape(rest, shape) || sameShape(array.shape, shape);
  if (total === 0 || total % perSample !== 0) mismatch(array, port, path);
  if (match(wanted) || match(port.shape)) return { count: total / perSample, permute: false };
  if (own && (match(sampleShape(own)) || match(own))) return { count: total / perSample, permute: true };
  const flat = elementCount(rest) === perSample || (total === perSample && (rest.length === 0 || first === 1));
  const squeezed = (shape: readonly number[]): number[] => shape.filter((n) => n !== 1);
  if (
    flat &&
    (squeezed(rest).length <= 1 || squeezed(wanted).length <= 1 || sameShape(squeezed(rest), squeezed(wanted)))
  )
    return { count: total / perSample, permute: false };
  return mismatch(array, port, path);
}

function mismatch(array: NpyArray, port: InputPort, path: string): never {
  return fail('data.shape', { path, got: shapeText(array.shape), expected: `Nx${shapeText(sampleShape(port.shape))}` });
}

/** The file's shape s with port[i] = s[permutation[i]]. */
function inverseShape(shape: readonly number[], permutation: readonly number[]): number[] {
  const result = new Array<number>(shape.length);
  permutation.forEach((from, to) => {
    result[from] = shape[to];
  });
  return result;
}

/** For each element of the port's layout, its index in the file's layout. */
function gatherIndices(shape: readonly number[], permutation: readonly number[]): Int32Array {
  const fileShape = inverseShape(shape, permutation);
  const fileStrides = fileShape.map((_, i) => elementCount(fileShape.slice(i + 1)));
  const strides = permutation.map((from) => fileStrides[from]);
  const indices = new Int32Array(elementCount(shape));
  const at = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < indices.length; i++) {
    indices[i] = at.reduce((sum, k, d) => sum + k * strides[d], 0);
    for (let d = shape.length - 1; d >= 0 && ++at[d] === shape[d]; d--) at[d] = 0;
  }
  return indices;
}

interface Conversion {
  /** real value of a number in the file; undefined: the numbers are the model's own. */
  real?: { scale: number; zero: number };
  text: string;
}

// Ranges that image models are trained on, as real = scale * (u8 - zero).
const imageRanges = [
  { low: 0, high: 1, scale: 1 / 255, zero: 0, text: '/ 255' },
  { low: 0, high: 255, scale: 1, zero: 0, text: 'as 0…255' },
  { low: -1, high: 1, scale: 1 / 127.5, zero: 127.5, text: '/ 127.5 - 1' },
];

/** The image range that the port's representable range is within a quarter of. An int16 port reaches as far below zero as
 *  above, whatever the images. */
function imageRangeOf(port: Required<Pick<InputPort, 'scale' | 'zeroPoint' | 'dtype'>>, path: string): Conversion {
  const steps = port.dtype === 'int16' ? 32_768 : 128;
  const low = port.scale * (-steps - port.zeroPoint);
  const high = port.scale * (steps - 1 - port.zeroPoint);
  const near = imageRanges.find((r) => {
    if (port.dtype === 'int16') return false;
    const span = r.high - r.low;
    return Math.abs(low - r.low) < span / 4 && Math.abs(high - r.high) < span / 4;
  });
  if (!near) {
    fail('data.broken', {
      path,
      reason: `uint8 numbers do not say what they mean for an input of ${low.toPrecision(3)}…${high.toPrecision(3)}; add --input-scale SCALE,ZERO`,
    });
  }
  return { real: near, text: `uint8 ${near.text}` };
}

function conversionOf(array: NpyArray, port: InputPort, mode: InputScale, path: string): Conversion {
  const quantized = port.scale !== undefined && port.zeroPoint !== undefined;
  if (typeof mode === 'object') return { real: mode, text: `${array.dtype} as ${mode.scale} * (x - ${mode.zero})` };
  if (mode === 'raw') return { text: `${array.dtype} as it is` };
  const float = array.dtype === 'float32' || array.dtype === 'float64';
  if (!quantized) return { text: `${array.dtype} as it is` };
  if (float) return { real: { scale: 1, zero: 0 }, text: array.dtype };
  if (array.dtype === port.dtype) return { text: `${array.dtype} as it is` };
  if (array.dtype === 'uint8') return imageRangeOf(port as Required<InputPort>, path);
  return fail('data.broken', {
    path,
    reason: `${array.dtype} numbers for an ${port.dtype} input need --input-scale raw or SCALE,ZERO`,
  });
}

const integerRange: Partial<Record<string, [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Rounds half away from zero, as TensorFlow Lite's TfLiteRound. */
const roundAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

function converter(port: InputPort, conversion: Conversion, path: string): (x: number) => number {
  const { real } = conversion;
  const range = integerRange[port.dtype];
  const { scale, zeroPoint } = port;
  if (real && range && scale !== undefined && zeroPoint !== undefined) {
    return (x) => Math.min(range[1], Math.max(range[0], roundAway((real.scale * (x - real.zero)) / scale) + zeroPoint));
  }
  if (real) return (x) => real.scale * (x - real.zero);
  if (!range) return (x) => x;
  return (x) => {
    if (!Number.isInteger(x) || x < range[0] || x > range[1])
      fail('data.broken', { path, reason: `${x} is no ${port.dtype} number` });
    return x;
  };
}

/** The same input of the float model. */
export const floatPort = ({ scale: _, zeroPoint: _z, ...port }: InputPort): InputPort => ({
  ...port,
  dtype: 'float32',
});

/** Turns a data file into samples for the input. Numbers that are not finite are refused. */
export function samplesFor(array: NpyArray, port: InputPort, mode: InputScale, path: string): Samples {
  const { count, permute } = layoutOf(array, port, path);
  const conversion = conversionOf(array, port, mode, path);
  const convert = converter(port, conversion, path);
  const perSample = elementCount(port.shape);
  const gather = permute && port.permutation ? gatherIndices(port.shape, port.permutation) : undefined;
  const source = array.data;
  const data: TensorData[] = [];
  for (let k = 0; k < count; k++) {
    const sample = makeData(port.dtype as DType, perSample) as Exclude<TensorData, BigInt64Array>;
    for (let i = 0; i < perSample; i++) {
      const x = Number(source[k * perSample + (gather ? gather[i] : i)]);
      if (!Number.isFinite(x)) fail('data.broken', { path, reason: `sample ${k} holds ${x}` });
      sample[i] = convert(x);
    }
    data.push(sample);
  }
  const target =
    port.scale !== undefined && conversion.real
      ? ` -> ${port.dtype} by scale ${port.scale.toPrecision(6)}, zero ${port.zeroPoint}`
      : '';
  const real = conversion.real ?? { scale: port.scale ?? 1, zero: port.zeroPoint ?? 0 };
  return {
    data,
    real: { scale: real.scale, zero: real.zero },
    how: `${conversion.text}${target}${permute ? ', layout permuted' : ''}`,
  };
}
