// SPDX-License-Identifier: Apache-2.0
// sub: a - b with broadcasting and a fused activation.
import { additionRule } from './addition.js';
import { binaryOp } from './binary.js';
import type { OpSpec } from './op.js';

export const sub: OpSpec = binaryOp({
  op: 'sub',
  float: (a, b) => a - b,
  int32: (a, b) => (a - b) | 0,
  integer: additionRule(-1, Math.fround),
  clamps: true,
});
