// SPDX-License-Identifier: Apache-2.0
// Does a linked program compute with floating point? It looks for soft-float helpers by name and for float
// instructions by encoding. Moves, loads and stores of floating-point registers are no arithmetic: compilers use them
// for integers, and start-up code for the FPU's own set-up; a selection between float registers (vsel) counts.
// Encodings: Armv8-M ARM (DDI0553) C2.2 to C2.4, RISC-V Unprivileged ISA.
import { type Code, codeOf, functionAt, type Instruction, instructions } from './code.js';
import type { Elf } from './elf.js';

export interface FloatUse {
  /** Function that does it, or the helper itself. */
  name: string;
  kind: 'helper' | 'instruction';
  /** First place, and how many there are in this function. */
  address: number;
  count: number;
  text: string;
}

// Run-time ABI for the Arm Architecture 4.1.2, and the names of libgcc (GCC Internals, "Soft float library routines").
const helperPatterns = [
  /^__aeabi_[fdh](add|sub|rsub|mul|div|neg|cmp\w*|2\w+|cfcmple|cdcmple)$/,
  /^__aeabi_(c[fd]r?cmp\w+|(ui|i|ul|l)2[fd])$/,
  /^__(add|sub|mul|div)[hsdt]f3$/,
  /^__(neg|cmp|eq|ne|lt|le|gt|ge|unord|powi)[hsdt]f2$/,
  /^__fix(uns)?[hsdt]f[sdt]i$/,
  /^__float(un)?[sdt]i[hsdt]f$/,
  /^__(extend|trunc)[hsdt]f[hsdt]f2$/,
  /^(exp|exp2|log|log2|log10|sin|cos|tan|tanh|sqrt|pow|fma|fmod|fabs|floor|ceil|round|trunc|fmin|fmax)f?$/,
];

/** zig names its own copies by file: compiler_rt.mulsf3.__aeabi_fmul. */
const isHelper = (name: string): boolean => {
  const last = name.slice(name.lastIndexOf('.') + 1);
  return helperPatterns.some((p) => p.test(last));
};

interface Row {
  mask: number;
  match: number;
  mask2: number;
  match2: number;
}

/**
 * VFP: data processing of coprocessors 9 (half), 10 and 11, which is bit 4 clear. Transfers to core registers have it
 * set.
 */
const vfpRows: Row[] = [
  { mask: 0xef00, match: 0xee00, mask2: 0x0e10, match2: 0x0a00 },
  { mask: 0xef00, match: 0xee00, mask2: 0x0f10, match2: 0x0900 },
];
/** vmov Sd, Sm and vmov Sd, #imm are in the same group. */
const vfpMoves: Row[] = [
  { mask: 0xffbf, match: 0xeeb0, mask2: 0x0ed0, match2: 0x0a40 },
  { mask: 0xffb0, match: 0xeeb0, mask2: 0x0ef0, match2: 0x0a00 },
];
/** Helium (C2.4): the float forms, which lie between integer forms that differ in few bits. */
const mveRows: Row[] = [
  { mask: 0xff81, match: 0xef00, mask2: 0x1f51, match2: 0x0d40 }, // vadd, vsub
  { mask: 0xff81, match: 0xff00, mask2: 0x1f41, match2: 0x0d40 }, // vmul, vabd
  { mask: 0xff81, match: 0xef00, mask2: 0x1f51, match2: 0x0c50 }, // vfma, vfms
  { mask: 0xff81, match: 0xff00, mask2: 0x1f51, match2: 0x0f50 }, // vmaxnm, vminnm
  { mask: 0xffb3, match: 0xffb1, mask2: 0x1f51, match2: 0x0740 }, // vabs, vneg
  { mask: 0xffb3, match: 0xffb3, mask2: 0x1e51, match2: 0x0640 }, // vcvt between float and integer
  { mask: 0xffb3, match: 0xffb3, mask2: 0x1c51, match2: 0x0040 }, // vcvta, vcvtn, vcvtp, vcvtm
  { mask: 0xffb3, match: 0xffb2, mask2: 0x1c51, match2: 0x0440 }, // vrint
  { mask: 0xefa0, match: 0xefa0, mask2: 0x1cd1, match2: 0x0c50 }, // vcvt between float and fixed point
  { mask: 0xefb1, match: 0xee30, mask2: 0x0f70, match2: 0x0f40 }, // vadd, vsub by scalar
  { mask: 0xefb1, match: 0xee31, mask2: 0x1f70, match2: 0x0e60 }, // vmul by scalar
  { mask: 0xefb1, match: 0xee31, mask2: 0x0f70, match2: 0x0e40 }, // vfma, vfmas by scalar
  { mask: 0xefb1, match: 0xee31, mask2: 0x1f51, match2: 0x0f00 }, // vcmp, vpt: eq, ne (with the low bit it is vpsel)
  { mask: 0xefb1, match: 0xee31, mask2: 0x1f50, match2: 0x1f00 }, // vcmp, vpt: ge, lt, gt, le
  { mask: 0xefb1, match: 0xee31, mask2: 0x0f50, match2: 0x0f40 }, // vcmp, vpt with a scalar
  { mask: 0xefbf, match: 0xee3f, mask2: 0x0f51, match2: 0x0e01 }, // vmaxnma, vminnma, vcvtb, vcvtt
  { mask: 0xeffd, match: 0xeeec, mask2: 0x0f51, match2: 0x0f00 }, // vmaxnmv, vminnmv, vmaxnmav, vminnmav
  { mask: 0xefb1, match: 0xee30, mask2: 0x0f50, match2: 0x0e00 }, // vcmul
  { mask: 0xfea1, match: 0xfc80, mask2: 0x1f51, match2: 0x0840 }, // vcadd
  { mask: 0xfe21, match: 0xfc20, mask2: 0x1f51, match2: 0x0840 }, // vcmla
];

/** vpst and vpnot have the encoding of a scalar vpt with register 13. */
const mveOthers: Row[] = [{ mask: 0xffbf, match: 0xfe31, mask2: 0x1fff, match2: 0x0f4d }];

const matches = (rows: readonly Row[], at: Instruction): boolean =>
  rows.some((r) => (at.half & r.mask) === r.match && (at.half2 & r.mask2) === r.match2);

const armFloat = (at: Instruction): boolean =>
  at.bytes === 4 &&
  ((matches(vfpRows, at) && !matches(vfpMoves, at)) || (matches(mveRows, at) && !matches(mveOthers, at)));

// LOAD-FP and STORE-FP of widths 2 to 4 (1, 2, 3, 4 are float; the others are vector), MADD to NMADD, OP-FP, OP-V of
// floats.
const riscvFloatOpcodes = new Set([0x43, 0x47, 0x4b, 0x4f, 0x53]);

function riscvFloat(at: Instruction, { wordBits }: Code): boolean {
  const quadrant = at.half & 3;
  const funct3 = at.half >>> 13;
  // RV32FC and RV32DC: every load and store of quadrants 0 and 2 with an odd funct3 is a float one. Of RV64 funct3 3 and 7
  // are ld and sd; c.fld and c.fsd are 1 and 5.
  if (at.bytes === 2) return (quadrant === 0 || quadrant === 2) && (funct3 & (wordBits === 64 ? 3 : 1)) === 1;
  const opcode = at.half & 0x7f;
  const width = (at.half >>> 12) & 7;
  if (opcode === 0x07 || opcode === 0x27) return width >= 1 && width <= 4;
  if (opcode === 0x57) return width === 1 || width === 5;
  return riscvFloatOpcodes.has(opcode);
}

function instructionUses(code: Code): FloatUse[] {
  const found = new Map<string, FloatUse>();
  const isFloat = code.machine === 'arm' ? armFloat : riscvFloat;
  for (const section of code.sections) {
    for (const at of instructions(code, section.start, section.end)) {
      if (!isFloat(at, code)) continue;
      const name = functionAt(code, at.address)?.name ?? `0x${at.address.toString(16)}`;
      const before = found.get(name);
      if (before) before.count++;
      else found.set(name, { name, kind: 'instruction', address: at.address, count: 1, text: '' });
    }
  }
  return [...found.values()].map((u) => ({
    ...u,
    text: `${u.name}: ${u.count} float instructions, the first at 0x${u.address.toString(16)}`,
  }));
}

/** Every function that computes with floats, and every soft-float helper; empty when the program is integer-only. */
export function floatUses(elf: Elf): FloatUse[] {
  const code = codeOf(elf);
  const helpers = elf.symbols
    .filter((s) => s.type === 'function' && s.section !== undefined && isHelper(s.name))
    .map(
      (s): FloatUse => ({
        name: s.name,
        kind: 'helper',
        address: s.value & ~1,
        count: 1,
        text: `${s.name} is linked in`,
      }),
    );
  return [...helpers, ...instructionUses(code)];
}
