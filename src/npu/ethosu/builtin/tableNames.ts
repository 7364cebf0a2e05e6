// SPDX-License-Identifier: Apache-2.0
// Operators that become a table. Apart from tableOps.ts, which knows all operators, and through them the NPUs.
import { unaryTable } from '../../../ops/unaryTable.js';

/** Operators whose int8 output depends on one int8 input alone. */
export const tableOps: ReadonlySet<string> = new Set([
  ...unaryTable.map((row) => row.op),
  'logistic',
  'tanh',
  'hardSwish',
  'leakyRelu',
  'clamp',
  'quantize',
]);
