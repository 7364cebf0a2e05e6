// SPDX-License-Identifier: Apache-2.0
// add: a + b with broadcasting and a fused activation.
import { additionRule } from './addition.js';
import { binaryOp } from './binary.js';
import type { OpSpec } from './op.js';

export const add: OpSpec = binaryOp({
  op: 'add',
  float: (a, b) => a + b,
  int32: (a, b) => (a + b) | 0,
  integer: additionRule(1, (x) => x),
  clamps: true,
});
