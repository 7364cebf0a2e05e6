// SPDX-License-Identifier: Apache-2.0
// The functions of one real number, one row each: what the C kernel mote_<op>_f32__ref computes, in the same order of
// operations. To add one: see README.md.
import { geluf, geluTanhf, mishf, siluf, softplusf } from './activations.js';
import { ceilf, erff, expf, expm1f, floorf, logf, roundf, sqrtf, truncf } from './floatMath.js';
import { acosf, acoshf, asinf, asinhf, atanf, atanhf, cosf, coshf, sinf, sinhf, tanf } from './trigonometry.js';

const f = Math.fround;

export interface UnaryRow {
  op: string;
  /** Attributes (finite numbers) and what they are where the node has none; fields of the C struct in this order. */
  params?: readonly [name: string, byDefault: number][];
  /** The float32 function; parameters are rounded to float32. */
  float(x: number, params: readonly number[]): number;
}

export const unaryTable: readonly UnaryRow[] = [
  { op: 'abs', float: Math.abs },
  { op: 'neg', float: (x) => -x },
  { op: 'reciprocal', float: (x) => f(1 / x) },
  { op: 'floor', float: floorf },
  { op: 'ceil', float: ceilf },
  { op: 'round', float: roundf },
  { op: 'trunc', float: truncf },
  { op: 'sqrt', float: sqrtf },
  { op: 'rsqrt', float: (x) => f(1 / sqrtf(x)) },
  { op: 'square', float: (x) => f(x * x) },
  { op: 'exp', float: expf },
  { op: 'log', float: logf },
  { op: 'erf', float: erff },
  { op: 'sin', float: sinf },
  { op: 'cos', float: cosf },
  { op: 'tan', float: tanf },
  { op: 'asin', float: asinf },
  { op: 'acos', float: acosf },
  { op: 'atan', float: atanf },
  { op: 'sinh', float: sinhf },
  { op: 'cosh', float: coshf },
  { op: 'asinh', float: asinhf },
  { op: 'acosh', float: acoshf },
  { op: 'atanh', float: atanhf },
  { op: 'softplus', float: softplusf },
  { op: 'softsign', float: (x) => f(x / f(1 + Math.abs(x))) },
  { op: 'silu', float: siluf },
  { op: 'gelu', float: geluf },
  { op: 'geluTanh', float: geluTanhf },
  { op: 'mish', float: mishf },
  { op: 'elu', params: [['alpha', 1]], float: (x, [alpha]) => (x > 0 ? x : f(alpha * expm1f(x))) },
  {
    op: 'selu',
    params: [
      ['alpha', 1.6732632],
      ['gamma', 1.050701],
    ],
    float: (x, [alpha, gamma]) => f(gamma * (x > 0 ? x : f(alpha * expm1f(x)))),
  },
  { op: 'celu', params: [['alpha', 1]], float: (x, [alpha]) => (x > 0 ? x : f(alpha * expm1f(f(x / alpha)))) },
  { op: 'thresholdedRelu', params: [['alpha', 1]], float: (x, [alpha]) => (x > alpha ? x : 0) },
  {
    op: 'shrink',
    params: [
      ['lambd', 0.5],
      ['bias', 0],
    ],
    float(x, [lambd, bias]) {
      if (x < -lambd) return f(x + bias);
      return x > lambd ? f(x - bias) : 0;
    },
  },
];
