// SPDX-License-Identifier: Apache-2.0
// Test only: what of RV64 needs more than 32 bits at once. A value is a lower and an upper word; products and quotients of
// 64 bits, which are rare, are bigints.

type Wide = readonly [low: number, high: number];

export function shiftLeft(low: number, high: number, by: number): Wide {
  if (by === 0) return [low, high];
  return by < 32 ? [low << by, (high << by) | (low >>> (32 - by))] : [0, low << (by - 32)];
}

export function shiftRight(low: number, high: number, by: number): Wide {
  if (by === 0) return [low, high];
  return by < 32 ? [(low >>> by) | (high << (32 - by)), (high >>> by) | 0] : [(high >>> (by - 32)) | 0, 0];
}

export function shiftRightSigned(low: number, high: number, by: number): Wide {
  if (by === 0) return [low, high];
  return by < 32 ? [(low >>> by) | (high << (32 - by)), high >> by] : [high >> (by - 32), high >> 31];
}

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const signed = (value: bigint): bigint => BigInt.asIntN(64, value);

/** MUL, MULH, MULHSU, MULHU. */
export function wideMultiply(kind: number, a: bigint, b: bigint): bigint {
  if (kind === 0) return a * b;
  const left = kind === 3 ? unsigned(a) : signed(a);
  const right = kind === 1 ? signed(b) : unsigned(b);
  return (left * right) >> 64n;
}

/** DIV, DIVU, REM, REMU. */
export function wideDivide(kind: number, a: bigint, b: bigint): bigint {
  const view = (kind & 1) === 1 ? unsigned : signed;
  const [left, right] = [view(a), view(b)];
  if (right === 0n) return kind < 6 ? -1n : left;
  return kind < 6 ? left / right : left % right;
}

/** DIVW, DIVUW, REMW, REMUW. */
export function wordDivide(kind: number, a: number, b: number): number {
  const [left, right] = (kind & 1) === 1 ? [a >>> 0, b >>> 0] : [a, b];
  if (right === 0) return kind < 6 ? -1 : a;
  return (kind < 6 ? Math.trunc(left / right) : left % right) | 0;
}
