// SPDX-License-Identifier: Apache-2.0
// Frames are compared with what is plainly there (assembly written here, arrays of known size), not with our own
// decoder.
import { describe, expect, test } from 'vitest';
import { stackBound } from './stack.js';
import { assemblyOf, linkText } from './testing/assembled.js';
import { expandImmediate } from './thumb.js';

const arm = (...lines: string[]) => linkText('cortex-m4', assemblyOf('arm', lines), 's').then(stackBound);
const riscv = (...lines: string[]) => linkText('rv32imc', assemblyOf('riscv', lines), 's').then(stackBound);

test.each([
  [['push {r4, lr}', 'pop {r4, pc}'], 8],
  [['push {r0-r7, lr}', 'sub sp, #508', 'add sp, #508', 'pop {r0-r7, pc}'], 36 + 508],
  [['push.w {r4-r11, lr}', 'sub.w sp, sp, #1024', 'add.w sp, sp, #1024', 'pop.w {r4-r11, pc}'], 36 + 1024],
  [['subw sp, sp, #4095', 'addw sp, sp, #4095', 'bx lr'], 4095],
  [['sub.w sp, sp, #0x12c00', 'bx lr'], 0x12c00],
  [['vpush {d8-d15}', 'vpop {d8-d15}', 'bx lr'], 64],
  [['vpush {s16}', 'vpop {s16}', 'bx lr'], 4],
  [['str lr, [sp, #-4]!', 'ldr pc, [sp], #4'], 4],
  [['str.w r4, [sp, #-16]!', 'bx lr'], 16],
  [['strd r4, r5, [sp, #-24]!', 'bx lr'], 24],
  [['str r4, [sp, #8]', 'strd r4, r5, [sp, #16]', 'ldr r4, [sp], #16', 'bx lr'], 0],
  [['ldr r7, =-5000', 'add sp, r7', 'ldr r7, =5000', 'add sp, r7', 'bx lr'], 5000],
  [['movs r3, #9', 'lsls r3, r3, #7', 'rsbs r3, r3, #0', 'add sp, r3', 'bx lr'], 1152],
  [['movw r12, #0x1234', 'movt r12, #1', 'sub.w sp, sp, r12', 'bx lr'], 0x11234],
  [['sub.w r4, sp, #100', 'bfc r4, #0, #5', 'mov sp, r4', 'bx lr'], 131],
  [['mov r4, sp', 'lsrs r4, r4, #4', 'lsls r4, r4, #4', 'mov sp, r4', 'bx lr'], 15],
  [
    [
      'push {r4, lr}',
      'nop',
      '1: subs r0, #1',
      'bne 1b',
      'b 2f',
      '.space 4000',
      '2: cbz r0, 3f',
      'nop',
      '3: pop {r4, pc}',
    ],
    8,
  ],
  [['tbb [pc, r0]', '.byte 1, 1', 'push {lr}', 'dsb', 'msr msp, r0', 'wfi', 'pop {pc}'], 4],
])('Thumb %j takes %i bytes', async (lines, bytes) => {
  expect(await arm(...lines)).toMatchObject({ threadBytes: bytes, reasons: [] });
});

test.each([
  [['addi sp, sp, -16', 'addi sp, sp, 16', 'ret'], 16],
  [['c.addi sp, -16', 'c.addi sp, 16', 'c.jr ra'], 16],
  [['c.addi16sp sp, -512', 'c.addi16sp sp, 496', 'c.jr ra'], 512],
  [['lui t0, 2', 'addi t0, t0, -100', 'sub sp, sp, t0', 'add sp, sp, t0', 'ret'], 8092],
  [['lui t0, 0xffffe', 'c.add sp, t0', 'ret'], 8192],
  [['li a0, -1500', 'add sp, sp, a0', 'ret'], 1500],
  [['addi sp, sp, -64', 'andi sp, sp, -32', 'addi sp, s0, -64', 'addi sp, sp, 64', 'ret'], 64 + 31],
  [['csrr a0, 0xc22', 'slli a0, a0, 1', 'sub sp, sp, a0', 'ret'], 32],
  [['csrr a0, 0xc22', 'li a1, 3', 'mul a0, a0, a1', 'sub sp, sp, a0', 'ret'], 48],
  [['la sp, mote_reset', 'addi sp, sp, -8', 'ret'], 8],
  [['addi sp, sp, -8', '1: addi a0, a0, -1', 'bnez a0, 1b', 'c.j 2f', '.space 1000', '2: beq a0, a1, 1b', 'ret'], 8],
])('RV32 %j takes %i bytes', async (lines, bytes) => {
  expect(await riscv(...lines)).toMatchObject({ threadBytes: bytes, reasons: [] });
});

test.each([
  [arm, ['blx r3'], /mote_reset calls through a pointer/],
  [arm, ['bx r3'], /jumps through a register/],
  [arm, ['mov pc, r3'], /jumps through a register/],
  [arm, ['ldr pc, [r0]'], /jumps through a register/],
  [arm, ['add sp, r4', 'bx lr'], /unknown amount/],
  [arm, ['mov sp, r0', 'bx lr'], /sets the stack pointer/],
  [arm, ['push {lr}', 'bl mote_reset', 'pop {pc}'], /mote_reset calls itself/],
  [riscv, ['jalr a5'], /mote_reset calls through a pointer/],
  [riscv, ['jr a5'], /jumps through a register/],
  [riscv, ['sub sp, sp, a0', 'ret'], /unknown amount/],
  [riscv, ['mv sp, a0', 'ret'], /sets the stack pointer/],
  [riscv, ['addi sp, sp, -4', 'jal mote_reset', 'ret'], /mote_reset calls itself/],
] as const)('what has no bound is said (%#)', async (build, lines, reason) => {
  const bound = await build(...lines);
  expect(bound.bytes).toBeNull();
  expect(bound.reasons.join()).toMatch(reason);
});

const chain = `
__attribute__((noinline)) void use(volatile char *p) { *p = 1; }
__attribute__((noinline)) void small(void) { volatile char a[40]; use(a); }
__attribute__((noinline)) void big(void) { volatile char a[3000]; use(a); small(); }
__attribute__((noinline)) int divide(int a, int b) { volatile char x[100]; use(x); return a / b; }
volatile int n;
void mote_reset(void) { small(); if (n) big(); n = divide(n, 3); small(); }
`;

describe.each(['cortex-m0plus', 'cortex-m4', 'cortex-m55', 'rv32imc', 'rv32imc-zve32x', 'rv64imafdc'])(
  '%s',
  (target) => {
    test('the deepest way through C is found, and little is added', async () => {
      const bound = await stackBound(await linkText(target, chain));
      expect(bound.reasons).toEqual([]);
      expect(bound.threadBytes).toBeGreaterThanOrEqual(3040);
      expect(bound.threadBytes).toBeLessThan(3300);
      expect(bound.path.map((p) => p.name)).toEqual(expect.arrayContaining(['mote_reset', 'big']));
    });

    test('mutual recursion and function pointers are said', async () => {
      const odd =
        'int odd(int); __attribute__((noinline)) int even(int n) { volatile int k = n; return k == 0 ? 1 : odd(k - 1) + k; }\n__attribute__((noinline)) int odd(int n) { volatile int k = n; return k == 0 ? 0 : even(k - 1) * k; }\n';
      const recursion = stackBound(
        await linkText(target, `${odd} volatile int v; void mote_reset(void) { v = even(v); }`),
      );
      expect(recursion.bytes).toBeNull();
      expect(recursion.reasons.join()).toMatch(/(even|odd) calls itself/);
      const pointer = stackBound(
        await linkText(target, 'void (*volatile f)(void); volatile int v; void mote_reset(void) { f(); v = 1; }'),
      );
      expect(pointer.reasons.join()).toMatch(/mote_reset (calls|jumps) through a (pointer|register)/);
    });
  },
);

test('a program without mote_reset has no bound', async () => {
  const elf = await linkText('cortex-m4', assemblyOf('arm', ['bx lr']), 's');
  const renamed = { ...elf, symbols: elf.symbols.filter((s) => s.name !== 'mote_reset') };
  expect(stackBound(renamed)).toMatchObject({ bytes: null, reasons: ['there is no mote_reset'] });
});

test.each([
  [0, 0, 0xab, 0xab],
  [0, 1, 0xab, 0x00ab00ab],
  [0, 2, 0xab, 0xab00ab00],
  [0, 3, 0xab, 0xabababab],
  [1, 7, 0xff, 0x1fe],
  [0, 4, 0x80 & 0x7f, 0x80000000],
  [1, 0, 0x40, (0xc0 << 12) << 4],
])('ThumbExpandImm(%i, %i, %i)', (i, imm3, imm8, value) => {
  // Last row: imm12 = 100001000000 -> rotation 16, 0xC0 >>> 16 rotated.
  expect(expandImmediate(i, imm3, imm8) >>> 0).toBe(value >>> 0);
});
