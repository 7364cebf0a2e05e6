// SPDX-License-Identifier: Apache-2.0
// div: a / b with broadcasting and a fused activation, in float32 (TensorFlow Lite has no int8 division either).
import { binaryOp } from './binary.js';
import type { OpSpec } from './op.js';
import { divideInt } from './pairTable.js';

export const div: OpSpec = binaryOp({ op: 'div', float: (a, b) => a / b, int32: divideInt, clamps: true });
