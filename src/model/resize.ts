// SPDX-License-Identifier: Apache-2.0
// Where each output row (or column) of a resized image comes from.
// Formulas: onnx/defs/tensor/defs.cc (Resize), tensorflow/lite/kernels/internal/reference/resize_*.h.

export type Coordinates = 'half_pixel' | 'half_pixel_symmetric' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
export type Nearest = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

export interface Axis {
  from: number;
  to: number;
  /** As the file states it; `to` is this times `from`, cut. */
  scale: number;
}

const formulas: Readonly<Record<Coordinates, (x: number, a: Axis) => number>> = {
  half_pixel: (x, { scale }) => (x + 0.5) / scale - 0.5,
  half_pixel_symmetric(x, { from, to, scale }) {
    const adjustment = to / (scale * from);
    return (from / 2) * (1 - adjustment) + (x + 0.5) / scale - 0.5;
  },
  pytorch_half_pixel: (x, { to, scale }) => (to > 1 ? (x + 0.5) / scale - 0.5 : 0),
  align_corners: (x, { from, to }) => (to === 1 ? 0 : (x * (from - 1)) / (to - 1)),
  asymmetric: (x, { scale }) => x / scale,
};

const roundings: Readonly<Record<Nearest, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

export const isCoordinates = (text: string): text is Coordinates => Object.hasOwn(formulas, text);
export const isNearest = (text: string): text is Nearest => Object.hasOwn(roundings, text);

const clampIndex = (i: number, axis: Axis): number => Math.min(axis.from - 1, Math.max(0, i));
export const positions = (axis: Axis, coordinates: Coordinates): number[] =>
  Array.from({ length: axis.to }, (_, x) => formulas[coordinates](x, axis));

export function nearestSources(axis: Axis, coordinates: Coordinates, rounding: Nearest): number[] {
  return positions(axis, coordinates).map((x) => clampIndex(roundings[rounding](x), axis));
}

export interface LinearSources {
  first: number[];
  second: number[];
  /** Part of the second. */
  weights: number[];
}

export function linearSources(axis: Axis, coordinates: Coordinates): LinearSources {
  const inside = positions(axis, coordinates).map((x) => Math.min(axis.from - 1, Math.max(0, x)));
  return {
    first: inside.map(Math.floor),
    second: inside.map((x) => clampIndex(Math.floor(x) + 1, axis)),
    weights: inside.map((x) => Math.fround(x - Math.floor(x))),
  };
}
