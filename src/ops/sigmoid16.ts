// SPDX-License-Identifier: Apache-2.0
// int16 logistic and tanh: what TensorFlow Lite's two reference kernels share. The input is scaled to steps of 1/12288,
// in which the 256-entry table reaches to +-10.6.
import type { Context, ElementRule } from './elementwise.js';
import { scaleOf } from './quantized.js';
import { sigmoidTable } from './sigmoidTable.js';
import type { Reason } from './weighted.js';

interface Scaling {
  multiplier: number;
  shift: number;
}

/** Input scales 2^-12 (and 2^-11 for tanh) are exact: the shift that is left over goes into the multiplier. */
function scalingOf({ node, x }: Context, exactShifts: readonly number[]): Scaling {
  const { scale } = scaleOf(node, x);
  const log2 = Math.fround(Math.fround(Math.log(scale)) * Math.fround(1 / Math.fround(Math.log(2))));
  const exponent = Math.round(log2);
  if (Math.abs(log2 - exponent) < 1e-3 && exactShifts.includes(12 + exponent))
    return { multiplier: 3 * 2 ** (12 + exponent), shift: 0 };
  let real = scale * 4096 * 3;
  let shift = 0;
  while (real <= 32767 / 2 && shift <= 30) {
    shift++;
    real *= 2;
  }
  return { multiplier: Math.trunc(real), shift };
}

const scaled = (x: number, { multiplier, shift }: Scaling): number =>
  (x * multiplier + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift;

function obstacle(ctx: Context, exactShifts: readonly number[]): Reason | undefined {
  const [x, y] = [scaleOf(ctx.node, ctx.x), scaleOf(ctx.node, ctx.y)];
  if (x.zeroPoint !== 0 || y.zeroPoint !== 0 || y.scale !== 1 / 32768) {
    return {
      reason: 'its int16 output must have scale 1/32768, and both tensors zero point 0',
      change: 'requantize after it',
    };
  }
  const { multiplier, shift } = scalingOf(ctx, exactShifts);
  if (multiplier > 65_535 || shift > 30)
    return { reason: `its input scale is ${x.scale}`, change: 'use an input scale between 1e-8 and 5' };
  return undefined;
}

/** A rule from the function of one scaled input. */
export function sigmoidRule(ofScaled: (x: number) => number, exactShifts: readonly number[]): ElementRule {
  return {
    fields(ctx) {
      const { multiplier, shift } = scalingOf(ctx, exactShifts);
      return [
        ['multiplier', multiplier],
        ['shift', shift],
      ];
    },
    compute(ctx) {
      const scaling = scalingOf(ctx, exactShifts);
      return (x) => ofScaled(scaled(x, scaling));
    },
    obstacle: (ctx) => obstacle(ctx, exactShifts),
  };
}

/** Table value at a magnitude with `bits` fraction bits, in Q(16 + bits); `saturated` beyond the table. */
export function interpolate(magnitude: number, bits: number, saturated: number): number {
  const index = magnitude >> bits;
  if (index >= 255) return saturated;
  const low = sigmoidTable[index];
  return low * 2 ** bits + (magnitude & (2 ** bits - 1)) * (sigmoidTable[index + 1] - low);
}
