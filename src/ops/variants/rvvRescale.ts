// SPDX-License-Identifier: Apache-2.0
// The constants of runtime-c/include/mote/rvv_rescale.h: per-channel multipliers and right shifts that need no branches.
import type { CStruct } from '../op.js';
import { roundingCode } from '../requantize.js';
import { constant } from '../weighted.js';
import { foldedLayerBias, type IntegerLayer } from './integerLayer.js';

/** The largest |accumulator| of a channel, whatever the input. */
function accumulatorBound(layer: IntegerLayer, bias: Int32Array, largestInput: number): number {
  const { weights, outC } = layer;
  const depthwise =
    layer.depth === 1 &&
    layer.groups === 1 &&
    layer.channelMultiplier * layer.inC === outC &&
    weights.length === layer.kernelH * layer.kernelW * outC;
  const each = weights.length / outC;
  let largest = 0;
  for (let c = 0; c < outC; c++) {
    let sum = 0;
    for (let i = 0; i < each; i++) sum += Math.abs(weights[depthwise ? i * outC + c : c * each + i]);
    largest = Math.max(largest, largestInput * sum + Math.abs(bias[c]));
  }
  return largest;
}

/** Right shifts and the left shift before the multiplication, or undefined where they do not fit. */
function shiftsOf(layer: IntegerLayer, bound: number): { shifts: Int16Array; preShift: number } | undefined {
  const { multipliers, rounding } = layer;
  if (bound >= 2 ** 31) return undefined;
  if (rounding === 'tflite') {
    if (multipliers.some((m) => m.shift > 0)) return undefined;
    return { shifts: Int16Array.from(multipliers, (m) => -m.shift), preShift: 0 };
  }
  // total = 31 - shift; the high word wants total + preShift >= 33. A multiplier of 0 gives 0 with any shift.
  const totals = multipliers.map((m) => (m.multiplier === 0 ? 33 : 31 - m.shift));
  const preShift = Math.max(0, ...totals.map((t) => 33 - t));
  if (bound * 2 ** preShift >= 2 ** 31 || totals.some((t) => t + preShift - 32 > 31)) return undefined;
  return { shifts: Int16Array.from(totals, (t) => t + preShift - 32), preShift };
}

/** bias … rounding, in the order in which both structs have them; undefined where the fast form is not exact. */
export function rescaleFields(layer: IntegerLayer, largestInput = 128): CStruct['fields'] | undefined {
  const bias = foldedLayerBias(layer);
  const fit = shiftsOf(layer, accumulatorBound(layer, bias, largestInput));
  if (!fit) return undefined;
  const shape = [layer.outC];
  return [
    ['bias', constant('bias', 'int32', bias, shape)],
    [
      'multiplier',
      constant(
        'multiplier',
        'int32',
        Int32Array.from(layer.multipliers, (m) => m.multiplier),
        shape,
      ),
    ],
    ['shift', constant('shift', 'int16', fit.shifts, shape)],
    ['pre_shift', fit.preShift],
    ['zero_shifts', layer.rounding === 'tflite' && fit.shifts.includes(0) ? 1 : 0],
    ['input_zero_point', layer.inputZeroPoint],
    ['output_zero_point', layer.outputZeroPoint],
    ['output_min', layer.outputMin],
    ['output_max', layer.outputMax],
    ['rounding', roundingCode(layer.rounding)],
  ];
}
