// SPDX-License-Identifier: Apache-2.0
// maximum: the larger of a and b, with broadcasting. Integers share one scale, so they compare as they are.
import { binaryOp } from './binary.js';
import type { OpSpec } from './op.js';

// biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
const larger = (a: number, b: number): number => (a > b ? a : b);

export const maximum: OpSpec = binaryOp({
  op: 'maximum',
  float: larger,
  int32: (a, b) => Math.max(a, b),
  clamps: false,
  integer: { sameScale: true, fields: () => [], compute: () => larger },
});
