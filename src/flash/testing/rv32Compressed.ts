// SPDX-License-Identifier: Apache-2.0
// Test only: each 16-bit instruction of RV32C and RV64C as the 32-bit one that it stands for (RISC-V manual, volume I,
// chapter 16).

const bits = (value: number, high: number, low: number): number => (value >>> low) & ((1 << (high - low + 1)) - 1);
const signed = (value: number, width: number): number => (value << (32 - width)) >> (32 - width);

const iType = (op: number, kind: number, rd: number, rs1: number, immediate: number): number =>
  ((immediate << 20) | (rs1 << 15) | (kind << 12) | (rd << 7) | op) >>> 0;
const rType = (seven: number, kind: number, rd: number, rs1: number, rs2: number): number =>
  ((seven << 25) | (rs2 << 20) | (rs1 << 15) | (kind << 12) | (rd << 7) | 0x33) >>> 0;
const sType = (kind: number, rs1: number, rs2: number, offset: number): number =>
  ((bits(offset, 11, 5) << 25) | (rs2 << 20) | (rs1 << 15) | (kind << 12) | (bits(offset, 4, 0) << 7) | 0x23) >>> 0;
const uType = (rd: number, value: number): number => ((value & 0xfffff000) | (rd << 7) | 0x37) >>> 0;

function jump(rd: number, offset: number): number {
  const imm = (bits(offset, 20, 20) << 31) | (bits(offset, 10, 1) << 21) | (bits(offset, 11, 11) << 20);
  return (imm | (bits(offset, 19, 12) << 12) | (rd << 7) | 0x6f) >>> 0;
}

function branch(kind: number, rs1: number, offset: number): number {
  const high = (bits(offset, 12, 12) << 31) | (bits(offset, 10, 5) << 25);
  return (high | (rs1 << 15) | (kind << 12) | (bits(offset, 4, 1) << 8) | (bits(offset, 11, 11) << 7) | 0x63) >>> 0;
}

/** 0 where the instruction is none (or one of floating point, which the chips with RV32 lack). */
export function expand16(h: number, wordBits: 32 | 64 = 32): number {
  const kind = h >>> 13;
  const wide = wordBits === 64 ? expandWide(h, kind) : undefined;
  if (wide !== undefined) return wide;
  if ((h & 3) === 0) return quadrant0(h, kind);
  return (h & 3) === 1 ? quadrant1(h, kind) : quadrant2(h, kind);
}

/** What RV64C has in other places than RV32C, or besides; undefined where the two agree. */
function expandWide(h: number, kind: number): number | undefined {
  const quadrant = h & 3;
  if (quadrant === 1) return wideQuadrant1(h, kind);
  // Loads and stores of 64 bits: kinds 1 and 5 of floats, 3 and 7 of integers.
  if ((kind & 1) === 0)
    return quadrant === 2 && kind === 0 ? iType(0x13, 1, bits(h, 11, 7), bits(h, 11, 7), shift(h)) : undefined;
  const float = (kind & 2) === 0;
  const [load, store] = float ? [0x07, 0x27] : [0x03, 0x23];
  if (quadrant === 0) {
    const offset = (bits(h, 12, 10) << 3) | (bits(h, 6, 5) << 6);
    const [rs1, register] = [8 + bits(h, 9, 7), 8 + bits(h, 4, 2)];
    return kind < 4 ? iType(load, 3, register, rs1, offset) : withOp(sType(3, rs1, register, offset), store);
  }
  if (kind > 4) return withOp(sType(3, 2, bits(h, 6, 2), (bits(h, 12, 10) << 3) | (bits(h, 9, 7) << 6)), store);
  const offset = (bits(h, 12, 12) << 5) | (bits(h, 6, 5) << 3) | (bits(h, 4, 2) << 6);
  return !float && bits(h, 11, 7) === 0 ? 0 : iType(load, 3, bits(h, 11, 7), 2, offset);
}

const shift = (h: number): number => (bits(h, 12, 12) << 5) | bits(h, 6, 2);
const withOp = (instruction: number, op: number): number => ((instruction & ~0x7f) | op) >>> 0;

function wideQuadrant1(h: number, kind: number): number | undefined {
  const rd = bits(h, 11, 7);
  if (kind === 1) return rd === 0 ? 0 : iType(0x1b, 0, rd, rd, signed(shift(h), 6));
  if (kind !== 4) return undefined;
  const [near, rs2] = [8 + bits(h, 9, 7), 8 + bits(h, 4, 2)];
  const operation = bits(h, 11, 10);
  if (operation < 2) return iType(0x13, 5, near, near, (operation << 10) | shift(h));
  if (operation === 2 || bits(h, 12, 12) === 0) return undefined;
  if (bits(h, 6, 5) > 1) return 0;
  return withOp(rType(bits(h, 6, 5) === 0 ? 0x20 : 0, 0, near, near, rs2), 0x3b);
}

function quadrant0(h: number, kind: number): number {
  const [rs1, rd] = [8 + bits(h, 9, 7), 8 + bits(h, 4, 2)];
  const wordOffset = (bits(h, 12, 10) << 3) | (bits(h, 6, 6) << 2) | (bits(h, 5, 5) << 6);
  const stack = (bits(h, 12, 11) << 4) | (bits(h, 10, 7) << 6) | (bits(h, 6, 6) << 2) | (bits(h, 5, 5) << 3);
  if (kind === 0) return stack === 0 ? 0 : iType(0x13, 0, rd, 2, stack);
  if (kind === 2) return iType(0x03, 2, rd, rs1, wordOffset);
  return kind === 6 ? sType(2, rs1, rd, wordOffset) : 0;
}

function quadrant1(h: number, kind: number): number {
  const rd = bits(h, 11, 7);
  const imm = signed((bits(h, 12, 12) << 5) | bits(h, 6, 2), 6);
  switch (kind) {
    case 0:
      return iType(0x13, 0, rd, rd, imm);
    case 1:
      return jump(1, jumpTarget(h));
    case 2:
      return iType(0x13, 0, rd, 0, imm);
    case 3:
      return rd === 2 ? stackMove(h) : imm === 0 ? 0 : uType(rd, imm << 12);
    case 4:
      return arithmetic(h, imm);
    case 5:
      return jump(0, jumpTarget(h));
    default:
      return branch(kind === 6 ? 0 : 1, 8 + bits(h, 9, 7), branchTarget(h));
  }
}

function jumpTarget(h: number): number {
  const low = (bits(h, 5, 3) << 1) | (bits(h, 11, 11) << 4) | (bits(h, 2, 2) << 5) | (bits(h, 7, 7) << 6);
  const high = (bits(h, 6, 6) << 7) | (bits(h, 10, 9) << 8) | (bits(h, 8, 8) << 10) | (bits(h, 12, 12) << 11);
  return signed(low | high, 12);
}

const branchTarget = (h: number): number =>
  signed(
    (bits(h, 4, 3) << 1) |
      (bits(h, 11, 10) << 3) |
      (bits(h, 2, 2) << 5) |
      (bits(h, 6, 5) << 6) |
      (bits(h, 12, 12) << 8),
    9,
  );

function stackMove(h: number): number {
  const low = (bits(h, 6, 6) << 4) | (bits(h, 2, 2) << 5) | (bits(h, 5, 5) << 6);
  const imm = signed(low | (bits(h, 4, 3) << 7) | (bits(h, 12, 12) << 9), 10);
  return imm === 0 ? 0 : iType(0x13, 0, 2, 2, imm);
}

function arithmetic(h: number, imm: number): number {
  const [rd, rs2] = [8 + bits(h, 9, 7), 8 + bits(h, 4, 2)];
  const kind = bits(h, 11, 10);
  const wide = bits(h, 12, 12) === 1;
  if (kind < 2) return wide ? 0 : iType(0x13, 5, rd, rd, (kind << 10) | (imm & 31));
  if (kind === 2) return iType(0x13, 7, rd, rd, imm);
  if (wide) return 0;
  const operations = [rType(0x20, 0, rd, rd, rs2), rType(0, 4, rd, rd, rs2), rType(0, 6, rd, rd, rs2)];
  return operations[bits(h, 6, 5)] ?? rType(0, 7, rd, rd, rs2);
}

function quadrant2(h: number, kind: number): number {
  const [rd, rs2] = [bits(h, 11, 7), bits(h, 6, 2)];
  const loadOffset = (bits(h, 12, 12) << 5) | (bits(h, 6, 4) << 2) | (bits(h, 3, 2) << 6);
  const storeOffset = (bits(h, 12, 9) << 2) | (bits(h, 8, 7) << 6);
  if (kind === 0) return bits(h, 12, 12) === 1 ? 0 : iType(0x13, 1, rd, rd, rs2);
  if (kind === 2) return rd === 0 ? 0 : iType(0x03, 2, rd, 2, loadOffset);
  if (kind === 6) return sType(2, 2, rs2, storeOffset);
  if (kind !== 4) return 0;
  if (bits(h, 12, 12) === 0) return rs2 === 0 ? (rd === 0 ? 0 : iType(0x67, 0, 0, rd, 0)) : rType(0, 0, rd, 0, rs2);
  if (rs2 !== 0) return rType(0, 0, rd, rd, rs2);
  return rd === 0 ? 0x00100073 : iType(0x67, 0, 1, rd, 0);
}
