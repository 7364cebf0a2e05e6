// SPDX-License-Identifier: Apache-2.0
// Functions of one element, means and max pooling on Helium and RVV. A function of one int8 is a table of 256 bytes,
// changes of scale included; with 16 bits on either side it is arithmetic.
import { elementCount, type Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { clamp } from '../clamp.js';
import { hardSwish } from '../hardSwish.js';
import { leakyRelu } from '../leakyRelu.js';
import { logistic } from '../logistic.js';
import { maxPool2d } from '../maxPool2d.js';
import { mean } from '../mean.js';
import { type CStruct, inputOf, type KernelCall, type LowerContext, type OpSpec } from '../op.js';
import { quantize } from '../quantize.js';
import { limitsOf } from '../quantized.js';
import { tanh } from '../tanh.js';
import { constant } from '../weighted.js';
import type { Lowered, Variant } from './variant.js';
import { factorFields, vectorFactor } from './vectorFactor.js';

type Isa = 'mve' | 'rvv';
type Fields = CStruct['fields'];

const numberOf = (call: KernelCall, name: string): number => {
  const value = call.params.fields.find(([field]) => field === name)?.[1];
  if (typeof value !== 'number') throw new Error(`no number ${name}`);
  return value;
};
const listOf = (call: KernelCall, name: string): number[] => {
  const value = call.params.fields.find(([field]) => field === name)?.[1];
  if (!value || typeof value !== 'object' || !('values' in value)) throw new Error(`no numbers ${name}`);
  return value.values;
};
const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
const typeNames: Readonly<Record<string, string>> = { int8: 's8', int16: 's16' };

const typesOf = (node: Node, { graph }: LowerContext): [from?: string, to?: string] => [
  typeNames[inputOf(node, graph, 0).dtype],
  typeNames[outputOf(node, graph).dtype],
];

/** All 256 values through the operator's own twin. */
function lowerTable(spec: OpSpec, kernel: string) {
  return (node: Node, context: LowerContext): Lowered | undefined => {
    if (typesOf(node, context).join() !== 's8,s8') return undefined;
    const bytes = Int8Array.from({ length: 256 }, (_, i) => (i << 24) >> 24);
    const [table] = spec.evaluate(node, [bytes], context);
    const count = elementCount(inputOf(node, context.graph, 0).shape);
    const fields: Fields = [
      ['count', count],
      ['table', constant('table', 'int8', table, [256])],
    ];
    const params = { type: 'mote_lut_s8', fields };
    const call = { kernel, params, inputs: [0], outputs: [0], scratchBytes: 0 };
    return { call, work: { pixels: 0, outputs: count, macs: 0 } };
  };
}

const largest: Readonly<Record<string, number>> = { s8: 128, s16: 32_768 };

/** quantize, and clamp of int16: with 16 bits on one side at least. */
function lowerRescale(spec: OpSpec, types: readonly [from: string, to: string], isa: Isa) {
  const name = `mote_vecrescale_${types.join('')}`;
  return (node: Node, context: LowerContext): Lowered | undefined => {
    if (typesOf(node, context).join() !== types.join()) return undefined;
    const call = spec.lower(node, context);
    const zeroPoint = numberOf(call, 'input_zero_point');
    const m = { multiplier: numberOf(call, 'multiplier'), shift: numberOf(call, 'shift') };
    const factor = vectorFactor(m, largest[types[0]] + Math.abs(zeroPoint), context.rounding);
    if (!factor) return undefined;
    const { min, max } = limitsOf(outputOf(node, context.graph));
    const bound = (field: string, otherwise: number): number => (spec === clamp ? numberOf(call, field) : otherwise);
    const count = numberOf(call, 'count');
    const fields: Fields = [
      ['count', count],
      ['input_zero_point', zeroPoint],
      ...factorFields(factor),
      ['output_zero_point', numberOf(call, 'output_zero_point')],
      ['output_min', bound('min', min)],
      ['output_max', bound('max', max)],
      ['rounding', numberOf(call, 'rounding')],
    ];
    return {
      call: { ...call, kernel: `${name}__${isa}`, params: { type: name, fields } },
      work: { pixels: 0, outputs: count, macs: 0 },
    };
  };
}

function lowerMean(type: string, isa: Isa) {
  const name = `mote_vecmean_${type}`;
  return (node: Node, context: LowerContext): Lowered | undefined => {
    if (typesOf(node, context)[0] !== type) return undefined;
    const call = mean.lower(node, context);
    const count = product(listOf(call, 'reduced_dims'));
    const zeroPoint = numberOf(call, 'input_zero_point');
    const m = { multiplier: numberOf(call, 'multiplier'), shift: numberOf(call, 'shift') };
    const same = numberOf(call, 'same_scale') === 1;
    const sums = (largest[type] + Math.abs(zeroPoint)) * count;
    const factor = same ? { left: 0, multiplier: 0, right: 1 } : vectorFactor(m, sums, context.rounding);
    if (!factor) return undefined;
    const fields: Fields = [
      ...call.params.fields.slice(0, 4),
      ['same_scale', same ? 1 : 0],
      ['zero_points', zeroPoint * count],
      ...factorFields(factor),
      ['output_zero_point', numberOf(call, 'output_zero_point')],
      ['rounding', numberOf(call, 'rounding')],
    ];
    const outputs = elementCount(outputOf(node, context.graph).shape);
    const rows = outputs / listOf(call, 'kept_dims')[2];
    return {
      call: { ...call, kernel: `${name}__${isa}`, params: { type: name, fields } },
      work: { pixels: rows, outputs, macs: outputs * count },
    };
  };
}

/** The reference's parameters and order of writes: a block of channels is read before it is written. */
function lowerMaxPool(type: string, isa: Isa) {
  const kernel = `mote_maxpool2d_${type}__${isa}`;
  return (node: Node, context: LowerContext): Lowered | undefined => {
    if (typesOf(node, context)[0] !== type) return undefined;
    const call = maxPool2d.lower(node, context);
    const pixels = numberOf(call, 'out_h') * numberOf(call, 'out_w');
    const outputs = pixels * numberOf(call, 'channels');
    const window = numberOf(call, 'kernel_h') * numberOf(call, 'kernel_w');
    return { call: { ...call, kernel }, work: { pixels, outputs, macs: outputs * window } };
  };
}

const tableOps: readonly OpSpec[] = [logistic, tanh, hardSwish, leakyRelu, clamp, quantize];
const rescales: readonly { spec: OpSpec; types: readonly [string, string] }[] = [
  { spec: quantize, types: ['s16', 's8'] },
  { spec: quantize, types: ['s8', 's16'] },
  { spec: quantize, types: ['s16', 's16'] },
  { spec: clamp, types: ['s16', 's16'] },
];
const integers = ['s8', 's16'];

export const vectorElementVariants = (isa: Isa): Variant[] => [
  ...tableOps.map((spec) => ({
    kernel: `mote_lut_s8__${isa}`,
    op: spec.op,
    isa,
    lower: lowerTable(spec, `mote_lut_s8__${isa}`),
  })),
  ...rescales.map(({ spec, types }) => ({
    kernel: `mote_vecrescale_${types.join('')}__${isa}`,
    op: spec.op,
    isa,
    lower: lowerRescale(spec, types, isa),
  })),
  ...integers.map((t) => ({ kernel: `mote_vecmean_${t}__${isa}`, op: 'mean', isa, lower: lowerMean(t, isa) })),
  ...integers.map((t) => ({
    kernel: `mote_maxpool2d_${t}__${isa}`,
    op: 'maxPool2d',
    isa,
    lower: lowerMaxPool(t, isa),
  })),
];
