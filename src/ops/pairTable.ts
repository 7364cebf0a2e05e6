// SPDX-License-Identifier: Apache-2.0
// The functions of two numbers with broadcasting, beside those that have integer forms of their own (binary.ts): one row
// each, per element type what the C kernel computes. To add one: see README.md.
import { floorf, fmodf, powf } from './floatMath.js';

const f = Math.fround;

export type PairFunction = (a: number, b: number) => number;

export interface PairRow {
  op: string;
  /** By type of both inputs. The output is of that type, or bool (`b8`) where `compares`; int8 and int16 are
   *  brought to one scale before. */
  types: Partial<Record<'f32' | 's32' | 's16' | 's8' | 'b8', PairFunction>>;
  compares?: boolean;
}

const truth = (condition: boolean): number => (condition ? 1 : 0);

/** The remainder with the sign of the divisor; nothing is left of a division by zero. */
const floorMod: PairFunction = (a, b) => {
  if (b === 0) return 0;
  const rest = a % b;
  return (rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest) | 0;
};

const floorModf: PairFunction = (a, b) => {
  const rest = fmodf(a, b);
  return rest !== 0 && rest < 0 !== b < 0 ? f(rest + b) : rest;
};

const same = (compute: PairFunction): PairRow['types'] => ({ f32: compute, s32: compute, s16: compute, s8: compute });

/** Integer division as C's, but defined everywhere: by zero it gives 0, and -2^31 / -1 wraps. */
export const divideInt: PairFunction = (a, b) => (b === 0 ? 0 : Math.trunc(a / b) | 0);

export const pairTable: readonly PairRow[] = [
  { op: 'pow', types: { f32: powf } },
  { op: 'floorDiv', types: { f32: (a, b) => floorf(f(a / b)), s32: (a, b) => (b === 0 ? 0 : Math.floor(a / b) | 0) } },
  { op: 'floorMod', types: { f32: floorModf, s32: floorMod } },
  { op: 'mod', types: { f32: fmodf, s32: (a, b) => (b === 0 ? 0 : (a % b) | 0) } },
  { op: 'bitAnd', types: { s32: (a, b) => a & b } },
  { op: 'bitOr', types: { s32: (a, b) => a | b } },
  { op: 'bitXor', types: { s32: (a, b) => a ^ b } },
  { op: 'shiftLeft', types: { s32: (a, b) => (b >= 0 && b < 32 ? a << b : 0) } },
  { op: 'shiftRight', types: { s32: (a, b) => (b >= 0 && b < 32 ? (a >>> b) | 0 : 0) } },
  { op: 'equal', compares: true, types: same((a, b) => truth(a === b)) },
  { op: 'notEqual', compares: true, types: same((a, b) => truth(a !== b)) },
  { op: 'less', compares: true, types: same((a, b) => truth(a < b)) },
  { op: 'lessEqual', compares: true, types: same((a, b) => truth(a <= b)) },
  { op: 'and', types: { b8: (a, b) => truth(a !== 0 && b !== 0) } },
  { op: 'or', types: { b8: (a, b) => truth(a !== 0 || b !== 0) } },
  { op: 'xor', types: { b8: (a, b) => truth((a !== 0) !== (b !== 0)) } },
];
