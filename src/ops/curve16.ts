// SPDX-License-Identifier: Apache-2.0
// Real functions of int16: TensorFlow Lite's table of 513 entries where that is within a step of the exact function, else
// straight lines of any length (segments.ts), which also follow jumps and poles.
import type { Context, ElementRule } from './elementwise.js';
import { int16Table, lookUp } from './int16Table.js';
import { scaleOf } from './quantized.js';
import { clampTo, roundAway } from './requantize.js';
import { atSegments, fitSegments, type Segments } from './segments.js';
import { constant, type Reason } from './weighted.js';

const f = Math.fround;
const [least, most] = [-32768, 32767];
/** The steps that a table may be off, and lines are. */
const tolerance = 1;

export type Curve = { kind: 'lut'; table: Int16Array } | { kind: 'segments'; segments: Segments };

/** Outside of what the function is defined for an input is the nearest that it is defined for. */
function fillGaps(reals: Float64Array): void {
  const distances = new Float64Array(reals.length).fill(Number.POSITIVE_INFINITY);
  const filled = Float64Array.from(reals);
  const sweep = (from: number, by: number): void => {
    let [value, distance] = [Number.NaN, Number.POSITIVE_INFINITY];
    for (let i = from; i >= 0 && i < reals.length; i += by) {
      distance++;
      if (!Number.isNaN(reals[i])) [value, distance] = [reals[i], 0];
      if (distance < distances[i]) [filled[i], distances[i]] = [value, distance];
    }
  };
  sweep(0, 1);
  sweep(reals.length - 1, -1);
  reals.set(filled.map((v) => (Number.isNaN(v) ? 0 : v)));
}

/** The function's exact values, rounded, at -32768 … 32767. */
function exactValues(transform: (x: number) => number, { node, x, y }: Context): Int16Array {
  const [input, inverse] = [scaleOf(node, x).scale, f(1 / scaleOf(node, y).scale)];
  const reals = Float64Array.from({ length: 65_536 }, (_, i) => f(transform(f(input * (i + least)))));
  fillGaps(reals);
  return Int16Array.from(reals, (v) => clampTo(roundAway(f(v * inverse)), least, most));
}

function tableFor(transform: (x: number) => number, { node, x, y }: Context, last: number): Int16Array {
  const [input, output] = [scaleOf(node, x).scale, scaleOf(node, y).scale];
  const finite = (v: number): number => (Number.isNaN(v) ? 0 : v);
  return int16Table((v) => finite(transform(v)), f(input * least), f(input * last), f(1 / output));
}

const isNear = (table: Int16Array, exact: Int16Array): boolean =>
  exact.every((v, i) => Math.abs(lookUp(table, i + least) - v) <= tolerance);

/** `asTflite`: TensorFlow Lite has the operator, and its table is what an imported model means. */
export function curveOf(transform: (x: number) => number, ctx: Context, asTflite: boolean): Curve {
  if (asTflite) return { kind: 'lut', table: tableFor(transform, ctx, most) };
  const exact = exactValues(transform, ctx);
  const table = tableFor(transform, ctx, most + 1);
  return isNear(table, exact) ? { kind: 'lut', table } : { kind: 'segments', segments: fitSegments(exact, tolerance) };
}

export const curveFunction = (curve: Curve): ((q: number) => number) =>
  curve.kind === 'lut' ? (q) => lookUp(curve.table, q) : (q) => atSegments(curve.segments, q);

export function curveFields(curve: Curve): ReturnType<ElementRule['fields']> {
  if (curve.kind === 'lut') return [['table', constant('table', 'int16', curve.table, [curve.table.length])]];
  const { starts, values, slopes } = curve.segments;
  return [
    ['segments', starts.length],
    ['starts', constant('starts', 'int16', starts, [starts.length])],
    ['values', constant('values', 'int16', values, [values.length])],
    ['slopes', constant('slopes', 'int32', slopes, [slopes.length])],
  ];
}

export function symmetryObstacle({ node, x, y }: Pick<Context, 'node' | 'x' | 'y'>): Reason | undefined {
  return [x, y].every((t) => scaleOf(node, t).zeroPoint === 0)
    ? undefined
    : { reason: 'its int16 tensors have a zero point', change: 'quantize int16 activations symmetrically' };
}

/** An int16 function as table or lines. */
export function curveRule(functionOf: (ctx: Context) => (x: number) => number, isTflite: boolean = false): ElementRule {
  const curve = (ctx: Context): Curve => curveOf(functionOf(ctx), ctx, isTflite && ctx.rounding === 'tflite');
  return {
    call(ctx) {
      const made = curve(ctx);
      return { kernelOp: made.kind, fields: curveFields(made) };
    },
    fields: (ctx) => curveFields(curve(ctx)),
    compute: (ctx) => curveFunction(curve(ctx)),
    obstacle: symmetryObstacle,
  };
}
