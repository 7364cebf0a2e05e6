// SPDX-License-Identifier: Apache-2.0
// The numbers behind a KPU layer's sums: the multiply-shift-add of each channel, and the activation's segments. Between
// the two a value is in steps of the output's scale with `fractionBits` bits below the point.
import type { BatchNormRow, Segment } from '../convolution.js';
import { fitCurve, type Piece } from './fitCurve.js';
import type { Curve, KpuLayer } from './kpuLayer.js';

/** Signed bits of norm_mul, norm_add, x_start and y_mul (kpu.h of the standalone SDK), less the sign. */
const multiplierLimit = 2 ** 23;
const addendLimit = 2 ** 31;
const startLimit = 2 ** 35;
const slopeLimit = 2 ** 15;
const normShiftLimit = 15;
const mostFractionBits = 16;
const segmentCount = 16;

export interface Finish {
  batchNorm: BatchNormRow[];
  segments: Segment[];
}

/** Largest magnitude of each channel's sum. */
export function sumBounds(layer: Pick<KpuLayer, 'weights' | 'weightZero' | 'inputZero' | 'factors'>): Float64Array {
  const { weights, weightZero, inputZero, factors } = layer;
  const each = weights.length / factors.length;
  const most = Math.max(inputZero, 255 - inputZero);
  return factors.map((_, c) => {
    let sum = 0;
    for (let i = c * each; i < (c + 1) * each; i++) sum += Math.abs(weights[i] - weightZero);
    return sum * most;
  });
}

/** Bits below the point: as many as every field has room for. */
function fractionBits(factors: Float64Array, offsets: Float64Array, bounds: Float64Array): number {
  let bits = mostFractionBits;
  for (const [c, factor] of factors.entries()) {
    const offset = Math.abs(offsets[c]);
    const room = (limit: number, value: number): number =>
      value > 0 ? Math.floor(Math.log2(limit / value)) : mostFractionBits;
    bits = Math.min(
      bits,
      room(addendLimit / 2, offset),
      room(startLimit / 2, offset + Math.abs(factor) * bounds[c]),
      room(multiplierLimit / 2, Math.abs(factor)),
    );
  }
  return Math.max(0, bits);
}

function batchNormRow(factor: number, offset: number, unit: number): BatchNormRow {
  const real = factor * unit;
  let shift = normShiftLimit;
  while (shift > 0 && Math.abs(Math.round(real * 2 ** shift)) >= multiplierLimit) shift--;
  return { multiplier: Math.round(real * 2 ** shift), shift, addend: Math.round(offset * unit) };
}

/** A slope in 16 bits signed and the shift that goes with it. */
function slopeOf(perUnit: number): { multiplier: number; shift: number } {
  if (perUnit === 0) return { multiplier: 0, shift: 0 };
  let shift = 0;
  while (shift < 60 && Math.round(perUnit * 2 ** (shift + 1)) < slopeLimit) shift++;
  let multiplier = Math.round(perUnit * 2 ** shift);
  // A power of two stays one: 1 >> 16 is as exact as 16384 >> 30 and says what it is.
  for (; multiplier > 1 && multiplier % 2 === 0 && shift > 0; shift--) multiplier /= 2;
  return { multiplier, shift };
}

function linearPieces({ zero, min, max }: Curve): Piece[] {
  return [
    { start: Number.NEGATIVE_INFINITY, slope: 0, bias: min },
    { start: min - zero, slope: 1, bias: min },
    { start: max - zero, slope: 0, bias: max },
  ];
}

function segmentsOf(pieces: readonly Piece[], unit: number): Segment[] {
  const segments = pieces.map(({ start, slope, bias }): Segment => {
    const at = Math.round(start * unit);
    return { start: Math.max(-startLimit, Math.min(startLimit - 1, at)), ...slopeOf(slope / unit), bias };
  });
  const last = segments[segments.length - 1];
  return [...segments, ...Array.from({ length: segmentCount - segments.length }, () => last)];
}

/** The rows and segments of a layer. */
export function finishOf(layer: KpuLayer): Finish {
  const { factors, offsets, curve } = layer;
  const bounds = sumBounds(layer);
  const unit = 2 ** fractionBits(factors, offsets, bounds);
  const reach = Math.max(1, ...factors.map((f, c) => Math.abs(f) * bounds[c] + Math.abs(offsets[c])));
  const { of, min, max } = curve;
  return {
    batchNorm: Array.from(factors, (factor, c) => batchNormRow(factor, offsets[c], unit)),
    segments: segmentsOf(of ? fitCurve({ of, min, max, reach }) : linearPieces(curve), unit),
  };
}
