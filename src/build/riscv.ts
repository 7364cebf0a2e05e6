// SPDX-License-Identifier: Apache-2.0
// RV32IMC and RV64IMC as far as stack and flow go. Encodings: RISC-V Unprivileged ISA, chapters "RV32I", "RV64I", "M", "C",
// "V" (vlenb). Constants are followed in 32 bits: of RV64's no more is needed for a stack or an address.
import type { Instruction } from './code.js';
import { type Effect, flow, grow, nothing, type Registers, signed, unknown } from './effects.js';

const ra = 1;
const sp = 2;
const framePointer = 8;
const vlenbCsr = 0xc22;

function setConstant(r: Registers, register: number, value: number | undefined): Effect {
  if (register === 0) return nothing;
  if (value === undefined) r.constants.delete(register);
  else r.constants.set(register, value | 0);
  return nothing;
}

const constantOf = (r: Registers, register: number): number | undefined =>
  register === 0 ? 0 : r.constants.get(register);

/** rd = f(a, b) where both are known. */
function combine(
  r: Registers,
  rd: number,
  a: number | undefined,
  b: number | undefined,
  f: (a: number, b: number) => number,
): Effect {
  return setConstant(r, rd, a === undefined || b === undefined ? undefined : f(a, b));
}

/** sp = sp + amount; after a lui or auipc into sp it is the second half of setting sp to a new stack. */
function moveStack(r: Registers, amount: number | undefined): Effect {
  if (r.constants.delete(sp)) return nothing;
  return amount === undefined ? unknown('moves the stack pointer by an unknown amount') : grow(-amount);
}

function addImmediate(r: Registers, rd: number, rs: number, imm: number): Effect {
  if (rd === sp && rs === sp) return moveStack(r, imm);
  if (rd === sp) return rs === framePointer ? nothing : unknown('sets the stack pointer from a register');
  return combine(r, rd, constantOf(r, rs), imm, (a, b) => a + b);
}

function add(r: Registers, rd: number, rs1: number, rs2: number, sign: 1 | -1): Effect {
  const b = constantOf(r, rs2);
  if (rd === sp && rs1 === sp) return moveStack(r, b === undefined ? undefined : sign * b);
  if (rd === sp)
    return rs1 === framePointer || rs2 === framePointer ? nothing : unknown('sets the stack pointer from a register');
  return combine(r, rd, constantOf(r, rs1), b, (x, y) => x + sign * y);
}

/** jalr after auipc or lui is a direct jump of any distance. */
function jumpRegister(r: Registers, rd: number, rs: number, imm: number): Effect {
  const base = r.constants.get(rs);
  if (rd === 0 && rs === ra && imm === 0) return flow({ kind: 'return' });
  if (base !== undefined && r.belowStack.has(rs))
    return flow({ kind: rd === 0 ? 'jump' : 'call', target: ((base + imm) & ~1) >>> 0 });
  return unknown(rd === 0 ? 'jumps through a register' : 'calls through a pointer');
}

/** The result of auipc or lui is marked in belowStack, so that a constant from elsewhere is not taken for an address. */
function address(r: Registers, rd: number, value: number): Effect {
  setConstant(r, rd, value);
  r.belowStack.set(rd, 0);
  return nothing;
}

const jalOffset = (w: number): number =>
  signed(((w >>> 31) << 20) | (((w >>> 12) & 0xff) << 12) | (((w >>> 20) & 1) << 11) | (((w >>> 21) & 0x3ff) << 1), 21);
const branchOffset = (w: number): number =>
  signed(((w >>> 31) << 12) | (((w >>> 7) & 1) << 11) | (((w >>> 25) & 0x3f) << 5) | (((w >>> 8) & 15) << 1), 13);

/** OP: the sums and products that compilers scale vlenb with, and moves of sp. */
function registerOperation(r: Registers, w: number): Effect {
  const [rd, rs1, rs2] = [(w >>> 7) & 31, (w >>> 15) & 31, (w >>> 20) & 31];
  const selector = (((w >>> 25) & 0x7f) << 3) | ((w >>> 12) & 7);
  if (selector === 0) return add(r, rd, rs1, rs2, 1);
  if (selector === 0x20 << 3) return add(r, rd, rs1, rs2, -1);
  if (selector === 1 << 3) return combine(r, rd, constantOf(r, rs1), constantOf(r, rs2), Math.imul);
  return rd === sp ? unknown('sets the stack pointer from a register') : setConstant(r, rd, undefined);
}

/** OP-IMM: addi, slli, and the andi that aligns sp. */
function immediateOperation(r: Registers, w: number): Effect {
  const [rd, rs] = [(w >>> 7) & 31, (w >>> 15) & 31];
  const imm = w >> 20;
  const funct3 = (w >>> 12) & 7;
  if (funct3 === 0) return addImmediate(r, rd, rs, imm);
  if (funct3 === 7 && rd === sp && rs === sp) return grow(~imm);
  if (rd === sp) return unknown('sets the stack pointer from a register');
  return funct3 === 1 ? combine(r, rd, constantOf(r, rs), imm & 31, (a, b) => a << b) : setConstant(r, rd, undefined);
}

const stackFromElsewhere = (r: Registers, rd: number): Effect =>
  rd === sp ? unknown('sets the stack pointer from a register') : setConstant(r, rd, undefined);

function long(at: Instruction, r: Registers, vlenbBytes: number): Effect {
  const w = (at.half | (at.half2 << 16)) >>> 0;
  const rd = (w >>> 7) & 31;
  const opcode = w & 0x7f;
  if (opcode !== 0x17 && opcode !== 0x13 && opcode !== 0x67 && opcode !== 0x63 && opcode !== 0x23)
    r.belowStack.delete(rd);
  switch (opcode) {
    case 0x17:
      return address(r, rd, at.address + (w & 0xfffff000));
    case 0x37:
      return address(r, rd, w & 0xfffff000);
    case 0x13:
      return immediateOperation(r, w);
    case 0x33:
      return registerOperation(r, w);
    case 0x1b: // addiw, which ends a constant of lui; what else RV64 computes on 32 bits is no address
      return ((w >>> 12) & 7) === 0 && rd !== sp
        ? addImmediate(r, rd, (w >>> 15) & 31, w >> 20)
        : stackFromElsewhere(r, rd);
    case 0x3b:
      return stackFromElsewhere(r, rd);
    case 0x6f:
      return flow({ kind: rd === 0 ? 'jump' : 'call', target: (at.address + jalOffset(w)) >>> 0 });
    case 0x67:
      return jumpRegister(r, rd, (w >>> 15) & 31, w >> 20);
    case 0x63:
      return flow({ kind: 'jump', target: (at.address + branchOffset(w)) >>> 0 });
    case 0x73:
      return setConstant(r, rd, w >>> 20 === vlenbCsr && ((w >>> 12) & 7) === 2 ? vlenbBytes : undefined);
    case 0x03:
      return stackFromElsewhere(r, rd);
    default:
      return nothing;
  }
}

const bit = (n: number, from: number, to: number): number => ((n >>> from) & 1) << to;
const shortImmediate = (h: number): number => signed(bit(h, 12, 5) | ((h >>> 2) & 31), 6);
const shortJump = (h: number): number =>
  signed(
    bit(h, 12, 11) |
      bit(h, 11, 4) |
      (((h >>> 9) & 3) << 8) |
      bit(h, 8, 10) |
      bit(h, 7, 6) |
      bit(h, 6, 7) |
      (((h >>> 3) & 7) << 1) |
      bit(h, 2, 5),
    12,
  );
const shortBranch = (h: number): number =>
  signed(bit(h, 12, 8) | (((h >>> 10) & 3) << 3) | (((h >>> 5) & 3) << 6) | (((h >>> 3) & 3) << 1) | bit(h, 2, 5), 9);
const stackImmediate = (h: number): number =>
  signed(bit(h, 12, 9) | bit(h, 6, 4) | bit(h, 5, 6) | (((h >>> 3) & 3) << 7) | bit(h, 2, 5), 10);

/** rd' of loads: x8 to x15. */
const shortRegisterOf = (h: number): number => 8 + ((h >>> 2) & 7);

/** c.jr, c.jalr, c.mv, c.add: quadrant 2, funct3 100. */
function shortRegister(h: number, r: Registers): Effect {
  const [rd, rs] = [(h >>> 7) & 31, (h >>> 2) & 31];
  const link = (h >>> 12) & 1;
  if (rs === 0) return rd === 0 ? nothing : jumpRegister(r, link, rd, 0);
  return link ? add(r, rd, rd, rs, 1) : add(r, rd, rs, 0, 1);
}

function short(at: Instruction, r: Registers, wordBits: 32 | 64): Effect {
  const h = at.half;
  const rd = (h >>> 7) & 31;
  switch (((h & 3) << 3) | (h >>> 13)) {
    case 0x02: // c.lw
      return setConstant(r, shortRegisterOf(h), undefined);
    case 0x03: // c.ld; of RV32 c.flw, into a float register
      return wordBits === 64 ? setConstant(r, shortRegisterOf(h), undefined) : nothing;
    case 0x08:
      return rd === 0 ? nothing : addImmediate(r, rd, rd, shortImmediate(h)); // c.addi
    case 0x09: // c.jal; of RV64 c.addiw
      if (wordBits === 64) return addImmediate(r, rd, rd, shortImmediate(h));
      return flow({ kind: 'call', target: (at.address + shortJump(h)) >>> 0 });
    case 0x0a:
      return setConstant(r, rd, shortImmediate(h)); // c.li
    case 0x0b:
      return rd === sp ? moveStack(r, stackImmediate(h)) : setConstant(r, rd, shortImmediate(h) << 12); // c.addi16sp, c.lui
    case 0x0d:
      return flow({ kind: 'jump', target: (at.address + shortJump(h)) >>> 0 }); // c.j
    case 0x0e:
    case 0x0f:
      return flow({ kind: 'jump', target: (at.address + shortBranch(h)) >>> 0 }); // c.beqz, c.bnez
    case 0x10:
      return combine(r, rd, constantOf(r, rd), (h >>> 2) & 31, (a, b) => a << b); // c.slli
    case 0x12: // c.lwsp
      return stackFromElsewhere(r, rd);
    case 0x13: // c.ldsp; of RV32 c.flwsp, into a float register
      return wordBits === 64 ? stackFromElsewhere(r, rd) : nothing;
    case 0x14:
      return shortRegister(h, r);
    default:
      return nothing;
  }
}

export function riscvEffect(at: Instruction, registers: Registers, vlenbBytes: number, wordBits: 32 | 64): Effect {
  return at.bytes === 2 ? short(at, registers, wordBits) : long(at, registers, vlenbBytes);
}
