// SPDX-License-Identifier: Apache-2.0
// What a call takes in flash besides code.
import type { KernelCall } from './op.js';

/** Bytes of all constant arrays of the call: weights, biases, multipliers, tables. */
export function constantBytes(call: KernelCall): number {
  return call.params.fields.reduce((sum, [, value]) => {
    if (value === null || typeof value !== 'object' || !('const' in value)) return sum;
    return sum + value.const.data.byteLength;
  }, 0);
}

/** The same with the parameter struct itself, whose members are words. */
export function flashBytes(call: KernelCall): number {
  const words = call.params.fields.reduce((sum, [, value]) => {
    if (value === null || typeof value !== 'object') return sum + 1;
    if ('values' in value) return sum + value.values.length;
    return sum + ('floats' in value ? value.floats.length : 1);
  }, 0);
  return constantBytes(call) + 4 * words;
}
