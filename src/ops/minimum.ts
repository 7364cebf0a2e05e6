// SPDX-License-Identifier: Apache-2.0
// minimum: the smaller of a and b, with broadcasting. Integers share one scale, so they compare as they are.
import { binaryOp } from './binary.js';
import type { OpSpec } from './op.js';

// biome-ignore lint/complexity/useMathMinMax: NaN and -0 come out as in C
const smaller = (a: number, b: number): number => (a < b ? a : b);

export const minimum: OpSpec = binaryOp({
  op: 'minimum',
  float: smaller,
  int32: (a, b) => Math.min(a, b),
  clamps: false,
  integer: { sameScale: true, fields: () => [], compute: () => smaller },
});
