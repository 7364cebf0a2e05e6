// SPDX-License-Identifier: Apache-2.0
// Thumb and Thumb-2 as far as stack and flow go. Encodings: Armv7-M ARM (DDI0403) A5 to A7, Armv8-M ARM (DDI0553) C2.
// Only what compilers put into prologues is followed: push, sub sp, stmdb, vpush, add sp with a constant, realignment.
import { type Code, type Instruction, wordAt } from './code.js';
import { type Effect, flow, grow, nothing, popCount, type Registers, signed, unknown } from './effects.js';

const sp = 13;
const lr = 14;

/** ThumbExpandImm (A5.3.2) of i:imm3:imm8. */
export function expandImmediate(i: number, imm3: number, imm8: number): number {
  const imm12 = (i << 11) | (imm3 << 8) | imm8;
  if (imm12 >>> 10 === 0) return [imm8, imm8 * 0x00010001, imm8 * 0x01000100, imm8 * 0x01010101][imm12 >>> 8] ?? 0;
  const value = 0x80 | (imm12 & 0x7f);
  const rotation = imm12 >>> 7;
  return ((value >>> rotation) | (value << (32 - rotation))) >>> 0;
}

const branchOffset = (half: number, half2: number): number => {
  const s = (half >>> 10) & 1;
  const i1 = ~((half2 >>> 13) ^ s) & 1;
  const i2 = ~((half2 >>> 11) ^ s) & 1;
  return signed((s << 24) | (i1 << 23) | (i2 << 22) | ((half & 0x3ff) << 12) | ((half2 & 0x7ff) << 1), 25);
};

const conditionalOffset = (half: number, half2: number): number =>
  signed(
    (((half >>> 10) & 1) << 20) |
      (((half2 >>> 11) & 1) << 19) |
      (((half2 >>> 13) & 1) << 18) |
      ((half & 0x3f) << 12) |
      ((half2 & 0x7ff) << 1),
    21,
  );

function setConstant(r: Registers, register: number, value: number | undefined): Effect {
  if (value === undefined) r.constants.delete(register);
  else r.constants.set(register, value | 0);
  r.belowStack.delete(register);
  return nothing;
}

/** sp = sp + Rm (minus when `sign` is -1). */
function addRegisterToStack(r: Registers, register: number, sign: 1 | -1): Effect {
  const value = r.constants.get(register);
  return value === undefined ? unknown('moves the stack pointer by an unknown amount') : grow(-sign * value);
}

/** sp = Rm: realignment in a prologue, or back from a frame pointer in an epilogue. */
function moveToStack(r: Registers, register: number): Effect {
  const below = r.belowStack.get(register);
  if (below !== undefined) return grow(below);
  return register === 7 || register === 11 ? nothing : unknown('sets the stack pointer from a register');
}

interface Row {
  mask: number;
  match: number;
  effect(half: number, at: Instruction, r: Registers, code: Code): Effect;
}

const low = (half: number, shift: number): number => (half >>> shift) & 7;

/** 16-bit instructions; the first row that matches. */
const shortRows: Row[] = [
  { mask: 0xfe00, match: 0xb400, effect: (h) => grow(4 * popCount(h & 0x1ff)) }, // push
  { mask: 0xff80, match: 0xb080, effect: (h) => grow(4 * (h & 0x7f)) }, // sub sp, #imm
  { mask: 0xff87, match: 0x4485, effect: (h, _, r) => addRegisterToStack(r, (h >>> 3) & 15, 1) }, // add sp, Rm
  { mask: 0xff87, match: 0x4685, effect: (h, _, r) => moveToStack(r, (h >>> 3) & 15) }, // mov sp, Rm
  { mask: 0xff78, match: 0x4668, effect: (h, _, r) => belowStack(r, (h & 7) | ((h >>> 4) & 8), 0) }, // mov Rd, sp
  {
    mask: 0xf800,
    match: 0x4800,
    effect: (h, at, r, code) => setConstant(r, low(h, 8), wordAt(code, ((at.address + 4) & ~3) + 4 * (h & 0xff))),
  }, // ldr =
  { mask: 0xf800, match: 0x2000, effect: (h, _, r) => setConstant(r, low(h, 8), h & 0xff) }, // movs
  { mask: 0xf800, match: 0x3000, effect: (h, _, r) => changeConstant(r, low(h, 8), low(h, 8), (v) => v + (h & 0xff)) },
  { mask: 0xf800, match: 0x3800, effect: (h, _, r) => changeConstant(r, low(h, 8), low(h, 8), (v) => v - (h & 0xff)) },
  { mask: 0xffc0, match: 0x43c0, effect: (h, _, r) => changeConstant(r, low(h, 0), low(h, 3), (v) => ~v) }, // mvns
  { mask: 0xffc0, match: 0x4240, effect: (h, _, r) => changeConstant(r, low(h, 0), low(h, 3), (v) => -v) }, // rsbs #0
  { mask: 0xf800, match: 0x0000, effect: (h, _, r) => shiftLeft(r, low(h, 0), low(h, 3), (h >>> 6) & 31) }, // lsls
  { mask: 0xf800, match: 0x0800, effect: (h, _, r) => keepBelowStack(r, low(h, 0), low(h, 3)) }, // lsrs: first half of a realignment
  { mask: 0xff87, match: 0x4780, effect: () => unknown('calls through a pointer') }, // blx Rm
  {
    mask: 0xff87,
    match: 0x4700,
    effect: (h) => (((h >>> 3) & 15) === lr ? flow({ kind: 'return' }) : unknown('jumps through a register')),
  }, // bx
  {
    mask: 0xff87,
    match: 0x4687,
    effect: (h) => (((h >>> 3) & 15) === lr ? flow({ kind: 'return' }) : unknown('jumps through a register')),
  }, // mov pc, Rm
  { mask: 0xff87, match: 0x4487, effect: () => nothing }, // add pc, Rm: a distance within the function (tables, unrolled loops)
  {
    mask: 0xf800,
    match: 0xe000,
    effect: (h, at) => flow({ kind: 'jump', target: at.address + 4 + 2 * signed(h, 11) }),
  }, // b
  { mask: 0xfe00, match: 0xde00, effect: () => nothing }, // udf, svc
  { mask: 0xf000, match: 0xd000, effect: (h, at) => flow({ kind: 'jump', target: at.address + 4 + 2 * signed(h, 8) }) }, // b<cond>
  { mask: 0xff00, match: 0xbd00, effect: () => flow({ kind: 'return' }) }, // pop {.., pc}
];

function belowStack(r: Registers, register: number, bytes: number): Effect {
  r.constants.delete(register);
  r.belowStack.set(register, bytes);
  return nothing;
}

function changeConstant(r: Registers, to: number, from: number, change: (value: number) => number): Effect {
  const value = r.constants.get(from);
  return setConstant(r, to, value === undefined ? undefined : change(value));
}

/** A shift of a copy of sp to the right and back clears low bits: up to 2^n - 1 bytes further down. */
function shiftLeft(r: Registers, to: number, from: number, count: number): Effect {
  const below = r.belowStack.get(from);
  if (below !== undefined) return belowStack(r, to, below + 2 ** count - 1);
  return changeConstant(r, to, from, (v) => v << count);
}

function keepBelowStack(r: Registers, to: number, from: number): Effect {
  const below = r.belowStack.get(from);
  return below === undefined ? setConstant(r, to, undefined) : belowStack(r, to, below);
}

interface LongRow {
  mask: number;
  match: number;
  mask2: number;
  match2: number;
  effect(half: number, half2: number, at: Instruction, r: Registers, code: Code): Effect;
}

const immediate = (h: number, h2: number): number => expandImmediate((h >>> 10) & 1, (h2 >>> 12) & 7, h2 & 0xff);
const plain12 = (h: number, h2: number): number => (((h >>> 10) & 1) << 11) | (((h2 >>> 12) & 7) << 8) | (h2 & 0xff);
const plain16 = (h: number, h2: number): number => ((h & 15) << 12) | plain12(h, h2);
const rd = (h2: number): number => (h2 >>> 8) & 15;

/** rd = sp - bytes; into sp itself it is the prologue's sub. */
const fromStack = (r: Registers, register: number, bytes: number): Effect =>
  register === sp ? grow(bytes) : belowStack(r, register, bytes);

/** 32-bit instructions; the first row that matches. */
const longRows: LongRow[] = [
  { mask: 0xffff, match: 0xe92d, mask2: 0x0000, match2: 0, effect: (_, h2) => grow(4 * popCount(h2)) }, // push.w, stmdb sp!
  { mask: 0xffff, match: 0xf84d, mask2: 0x0f00, match2: 0x0d00, effect: (_, h2) => grow(h2 & 0xff) }, // str Rt, [sp, #-imm]!
  { mask: 0xff7f, match: 0xe96d, mask2: 0, match2: 0, effect: (h, h2) => grow(h & 0x80 ? 0 : 4 * (h2 & 0xff)) }, // strd [sp, #-imm]!
  { mask: 0xffbf, match: 0xed2d, mask2: 0x0e00, match2: 0x0a00, effect: (_, h2) => grow(4 * (h2 & 0xff)) }, // vpush
  {
    mask: 0xfbef,
    match: 0xf1ad,
    mask2: 0x8000,
    match2: 0,
    effect: (h, h2, _, r) => fromStack(r, rd(h2), immediate(h, h2)),
  }, // sub.w Rd, sp, #
  {
    mask: 0xfbff,
    match: 0xf2ad,
    mask2: 0x8000,
    match2: 0,
    effect: (h, h2, _, r) => fromStack(r, rd(h2), plain12(h, h2)),
  }, // subw Rd, sp, #
  {
    mask: 0xffef,
    match: 0xebad,
    mask2: 0xfff0,
    match2: 0x0d00,
    effect: (_, h2, __, r) => addRegisterToStack(r, h2 & 15, -1),
  }, // sub.w sp, sp, Rm
  {
    mask: 0xffef,
    match: 0xeb0d,
    mask2: 0xfff0,
    match2: 0x0d00,
    effect: (_, h2, __, r) => addRegisterToStack(r, h2 & 15, 1),
  }, // add.w sp, sp, Rm
  {
    mask: 0xfbef,
    match: 0xf04f,
    mask2: 0x8000,
    match2: 0,
    effect: (h, h2, _, r) => setConstant(r, rd(h2), immediate(h, h2)),
  }, // mov.w
  {
    mask: 0xfbef,
    match: 0xf06f,
    mask2: 0x8000,
    match2: 0,
    effect: (h, h2, _, r) => setConstant(r, rd(h2), ~immediate(h, h2)),
  }, // mvn
  {
    mask: 0xfbf0,
    match: 0xf240,
    mask2: 0x8000,
    match2: 0,
    effect: (h, h2, _, r) => setConstant(r, rd(h2), plain16(h, h2)),
  }, // movw
  {
    mask: 0xfbf0,
    match: 0xf2c0,
    mask2: 0x8000,
    match2: 0,
    effect: (h, h2, _, r) => changeConstant(r, rd(h2), rd(h2), (v) => (v & 0xffff) | (plain16(h, h2) << 16)),
  }, // movt
  {
    mask: 0xffff,
    match: 0xf36f,
    mask2: 0xf0c0,
    match2: 0,
    effect: (_, h2, __, r) => clearLowBits(r, rd(h2), (h2 & 31) + 1),
  }, // bfc Rd, #0, #n
  { mask: 0xff7f, match: 0xf85f, mask2: 0xf000, match2: 0xf000, effect: () => unknown('jumps through a register') }, // ldr pc, =
  {
    mask: 0xff7f,
    match: 0xf85f,
    mask2: 0,
    match2: 0,
    effect: (h, h2, at, r, code) =>
      setConstant(r, h2 >>> 12, wordAt(code, ((at.address + 4) & ~3) + (h & 0x80 ? 1 : -1) * (h2 & 0xfff))), // ldr.w =
  },
  { mask: 0xffff, match: 0xf85d, mask2: 0xff00, match2: 0xfb00, effect: () => flow({ kind: 'return' }) }, // ldr pc, [sp], #
  { mask: 0xfff0, match: 0xf850, mask2: 0xf000, match2: 0xf000, effect: () => unknown('jumps through a register') }, // ldr pc, [Rn]
  { mask: 0xfff0, match: 0xf8d0, mask2: 0xf000, match2: 0xf000, effect: () => unknown('jumps through a register') },
  { mask: 0xffff, match: 0xe8bd, mask2: 0x8000, match2: 0x8000, effect: () => flow({ kind: 'return' }) }, // pop.w {.., pc}
  {
    mask: 0xf800,
    match: 0xf000,
    mask2: 0xd000,
    match2: 0xd000,
    effect: (h, h2, at) => flow({ kind: 'call', target: at.address + 4 + branchOffset(h, h2) }),
  }, // bl
  {
    mask: 0xf800,
    match: 0xf000,
    mask2: 0xd000,
    match2: 0x9000,
    effect: (h, h2, at) => flow({ kind: 'jump', target: at.address + 4 + branchOffset(h, h2) }),
  }, // b.w
  { mask: 0xfb80, match: 0xf380, mask2: 0xd000, match2: 0x8000, effect: () => nothing }, // msr, mrs, barriers, hints
  {
    mask: 0xf800,
    match: 0xf000,
    mask2: 0xd000,
    match2: 0x8000,
    effect: (h, h2, at) => flow({ kind: 'jump', target: at.address + 4 + conditionalOffset(h, h2) }),
  }, // b<cond>.w
];

function clearLowBits(r: Registers, register: number, count: number): Effect {
  const below = r.belowStack.get(register);
  return below === undefined ? setConstant(r, register, undefined) : belowStack(r, register, below + 2 ** count - 1);
}

/** tbb and tbh jump within their function by a table behind them, so they are no unknown jumps; they need no row. */
export function thumbEffect(at: Instruction, registers: Registers, code: Code): Effect {
  if (at.bytes === 2) {
    const row = shortRows.find((r) => (at.half & r.mask) === r.match);
    return row ? row.effect(at.half, at, registers, code) : nothing;
  }
  const row = longRows.find((r) => (at.half & r.mask) === r.match && (at.half2 & r.mask2) === r.match2);
  return row ? row.effect(at.half, at.half2, at, registers, code) : nothing;
}
