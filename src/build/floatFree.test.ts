// SPDX-License-Identifier: Apache-2.0
// The lists are given to the assembler one per line, so the encodings under test are the assembler's, not ours.
import { expect, test } from 'vitest';
import { floatUses } from './floatFree.js';
import { assemblyOf, linkText } from './testing/assembled.js';

const vfp = `vadd.f32 s0, s1, s2|vsub.f32 s31, s1, s2|vmul.f32 s0, s1, s31|vnmul.f32 s0, s1, s2|vdiv.f32 s0, s1, s2|vmla.f32 s3, s4, s5
vmls.f32 s3, s4, s5|vnmla.f32 s3, s4, s5|vfma.f32 s3, s4, s5|vfms.f32 s3, s4, s5|vfnma.f32 s3, s4, s5|vabs.f32 s1, s2|vneg.f32 s1, s30
vsqrt.f32 s1, s2|vcmp.f32 s1, s2|vcmpe.f32 s1, #0|vcvt.f32.s32 s1, s2|vcvt.f32.u32 s1, s2|vcvt.s32.f32 s1, s2|vcvtr.u32.f32 s1, s2
vcvt.f32.s32 s1, s1, #4|vcvtb.f32.f16 s1, s2`;
const vfp5 = `vmaxnm.f32 s1, s2, s3|vminnm.f32 s1, s2, s3|vrinta.f32 s1, s2|vrintz.f32 s1, s2|vcvta.s32.f32 s1, s2|vselgt.f32 s1, s2, s3`;
const half = 'vadd.f16 s1, s2, s3|vcvt.f16.s32 s1, s1|vsqrt.f16 s1, s2';
const noVfp = `vmov s0, r1|vmov r1, s31|vmov r0, r1, s2, s3|vmov r0, r1, d3|vmov.f32 s1, s2|vmov.f32 s1, #1.0|vldr s1, [r0, #4]|vstr s1, [sp, #8]
vldmia r0!, {s0-s7}|vstmdb r0!, {s1-s3}|vpush {d8-d15}|vpop {s16}|vmrs r0, fpscr|vmsr fpscr, r1|add r0, r1, r2|smlad r0, r1, r2, r3|sxtb16 r1, r2
smull r0, r1, r2, r3|usat r0, #5, r1|mcr p0, #1, r0, c1, c2|ldrd r0, r1, [r2]|udiv r0, r1, r2`;
const mve = `vadd.f32 q1, q2, q3|vadd.f16 q7, q6, q5|vadd.f32 q1, q2, r3|vsub.f32 q1, q2, q3|vsub.f16 q7, q2, q3|vsub.f32 q1, q2, r3|vmul.f32 q1, q2, q3
vmul.f16 q1, q2, q3|vmul.f32 q1, q2, r3|vmul.f16 q7, q2, r3|vfma.f32 q1, q2, q3|vfma.f16 q7, q2, q3|vfms.f32 q1, q2, q3|vfma.f32 q1, q2, r3
vfmas.f32 q1, q2, r3|vfmas.f16 q7, q2, r3|vabd.f32 q1, q2, q3|vabd.f16 q1, q2, q3|vabs.f32 q1, q2|vabs.f16 q7, q2|vneg.f32 q1, q2|vneg.f16 q7, q2
vmaxnm.f32 q1, q2, q3|vminnm.f32 q1, q2, q3|vminnm.f16 q7, q2, q3|vmaxnma.f32 q1, q2|vminnma.f16 q1, q2|vmaxnmv.f32 r1, q2|vminnmv.f32 r1, q2
vmaxnmav.f16 r1, q2|vminnmav.f32 r1, q2|vpt.f32 ge, q1, q2|vaddt.f32 q1, q2, q3|vpt.f16 ne, q1, r3|vaddt.f16 q1, q2, q3|vcmp.f32 ge, q1, q2|vcmp.f16 eq, q1, q2|vcmp.f32 lt, q1, r2|vcmp.f16 ne, q1, r2|vcmp.f32 gt, q5, r2
vcvt.f32.s32 q1, q2|vcvt.f32.u32 q1, q2|vcvt.s32.f32 q1, q2|vcvt.u16.f16 q7, q2|vcvt.f32.s32 q1, q2, #5|vcvt.s32.f32 q1, q2, #17|vcvt.f16.u16 q1, q2, #3
vcvt.u16.f16 q1, q2, #16|vcvta.s32.f32 q1, q2|vcvtn.u32.f32 q1, q2|vcvtp.s16.f16 q1, q2|vcvtm.u32.f32 q1, q2|vcvtb.f16.f32 q1, q2|vcvtt.f32.f16 q1, q2
vrinta.f32 q1, q2|vrintn.f32 q1, q2|vrintx.f16 q1, q2|vrintz.f32 q1, q2|vrintm.f32 q1, q2|vrintp.f32 q1, q2|vcadd.f32 q1, q2, q3, #90
vcadd.f16 q1, q2, q3, #270|vcmla.f32 q1, q2, q3, #0|vcmla.f16 q1, q2, q3, #270|vcmul.f32 q1, q2, q3, #90|vcmul.f16 q1, q2, q3, #180`;
const noMve = `vadd.i32 q1, q2, q3|vadd.i8 q7, q2, r3|vsub.i16 q1, q2, q3|vmul.i32 q1, q2, q3|vmul.i8 q1, q2, r3|vmla.s32 q1, q2, r3|vmlas.u8 q1, q2, r3
vqadd.s8 q1, q2, q3|vqsub.u16 q1, q2, r3|vhadd.s8 q1, q2, q3|vrhadd.u8 q1, q2, q3|vqdmulh.s32 q1, q2, q3|vqrdmulh.s32 q1, q2, r3|vqdmlah.s32 q1, q2, r3
vqrdmlash.s8 q1, q2, r3|vmax.s8 q1, q2, q3|vmin.u32 q1, q2, q3|vmaxa.s8 q1, q2|vmina.s32 q1, q2|vmaxv.s32 r1, q2|vminav.s8 r1, q2|vabd.u8 q1, q2, q3
vabs.s32 q1, q2|vneg.s8 q1, q2|vqabs.s16 q1, q2|vqneg.s32 q1, q2|vcmp.i32 eq, q1, q2|vcmp.s8 gt, q1, r2|vcmp.u16 hi, q1, q2|vshl.s32 q1, q2, q3
vrshl.s32 q1, q2, q3|vrshl.s32 q1, r2|vshl.i32 q1, q2, #31|vshr.s8 q1, q2, #3|vrshr.u32 q1, q2, #32|vsri.32 q1, q2, #4|vsli.32 q1, q2, #31|vqshl.s32 q1, q2, #30
vqrshrnb.s32 q1, q2, #4|vshrnt.i16 q1, q2, #3|vshllb.s8 q1, q2, #8|vshllt.u16 q1, q2, #5|vmovlb.s8 q1, q2|vmovnb.i32 q1, q2|vqmovnt.s16 q1, q2
vmullb.s32 q1, q2, q3|vmullt.p8 q1, q2, q3|vqdmullb.s32 q1, q2, q3|vqdmullt.s16 q1, q2, r3|vmladav.s8 r0, q1, q2|vmladava.s8 r0, q1, q2|vmlaldava.s32 r0, r1, q1, q2
vrmlaldavh.s32 r0, r1, q1, q2|vmlsdav.s16 r0, q1, q2|vaddv.s8 r0, q1|vaddlva.s32 r0, r1, q2|vabav.s8 r0, q1, q2|vadc.i32 q1, q2, q3|vsbci.i32 q1, q2, q3
vcadd.i32 q1, q2, q3, #90|vhcadd.s8 q1, q2, q3, #270|vqdmladh.s32 q1, q2, q3|vqrdmlsdhx.s16 q1, q2, q3|vdup.32 q1, r2|vidup.u32 q1, r2, #4|viwdup.u8 q1, r2, r3, #2
vddup.u16 q1, r4, #8|vrev64.8 q1, q2|vrev16.8 q1, q2|vcls.s8 q1, q2|vclz.i32 q1, q2|vmvn q1, q2|vand q1, q2, q3|vbic q1, q2, q3|veor q1, q2, q3|vorr q1, q2, q3
vorn q1, q2, q3|vmov.i32 q1, #0xff|vmov.i8 q1, #3|vmov.i64 q1, #0xff00ff00ff00ff00|vmov.f32 q1, #1.0|vmvn.i32 q1, #0xffff|vorr.i32 q1, #0xff|vbic.i16 q1, #0xff00|vbrsr.8 q1, q2, r3
vshlc q1, r2, #5|vpsel q1, q2, q3|vmov q1, q2|vmov.32 q1[2], r0|vmov.s8 r0, q1[3]|vmov q1[2], q1[0], r0, r1|vldrw.u32 q1, [r0]|vldrb.s16 q1, [r0, #4]|vldrb.u8 q1, [r0], #16
vstrw.32 q1, [r0, #16]!|vldrw.u32 q1, [r0, q2, uxtw #2]|vldrw.u32 q1, [q2, #4]|vld20.8 {q0, q1}, [r0]|vst43.32 {q0, q1, q2, q3}, [r0]
vpst|vldrwt.u32 q1, [r0], #16|vpste|vaddt.i32 q1, q2, q3|vadde.i32 q1, q2, q3|vpnot|vpt.u32 hi, q1, q2|vaddt.i32 q1, q2, q3|vpt.s8 gt, q1, r2|vaddt.i8 q1, q2, q3
vpte.i16 ne, q1, q2|vaddt.i16 q1, q2, q3|vadde.i16 q1, q2, q3|dls lr, r0|vctp.8 r0|vmsr p0, r0|vmrs r0, p0`;
const lines = (text: string): string[] => text.split(/[|\n]/);

async function flagged(target: string, arch: 'arm' | 'riscv', text: string): Promise<[number, number]> {
  const uses = floatUses(await linkText(target, assemblyOf(arch, lines(text)), 's'));
  return [uses.reduce((n, u) => n + u.count, 0), lines(text).length];
}

test.each([
  ['cortex-m4', 'arm', vfp],
  ['cortex-m33', 'arm', vfp5],
  ['cortex-m55', 'arm', half],
  ['cortex-m55', 'arm', vfp],
  ['cortex-m55', 'arm', vfp5],
  ['cortex-m55', 'arm', mve],
] as const)('%s: every float instruction is found', async (target, arch, text) => {
  const [found, all] = await flagged(target, arch, text);
  expect(found).toBe(all);
});

test.each([
  ['cortex-m4', 'arm', noVfp],
  ['cortex-m55', 'arm', noVfp],
  ['cortex-m55', 'arm', noMve],
] as const)('%s: moves, loads, stores and integer vectors are no float', async (target, arch, text) => {
  expect((await flagged(target, arch, text))[0]).toBe(0);
});

test('RISC-V: float loads, arithmetic and conversions are found, integer and vector code is not', async () => {
  const float =
    '.option arch, +f|flw f1, 4(x10)|fsw f1, 8(x10)|fadd.s f1, f2, f3|fmadd.s f1, f2, f3, f4|fcvt.w.s x10, f1|fmv.w.x f1, x10|feq.s x10, f1, f2';
  expect((await flagged('rv32imc', 'riscv', float))[0]).toBe(lines(float).length - 1);
  const integer =
    'addi x10, x11, 5|mul x10, x11, x12|lw x10, 4(x11)|c.lw x10, 4(x11)|c.sw x10, 4(x11)|c.lwsp x10, 8(x2)|c.swsp x10, 8(x2)|csrr x10, minstret|c.addi x10, 3|c.slli x10, 3';
  expect((await flagged('rv32imc', 'riscv', integer))[0]).toBe(0);
  const vector =
    '.option arch, +zve32x|vsetvli x10, x11, e8, m1, ta, ma|vle8.v v1, (x10)|vse32.v v1, (x10)|vadd.vv v1, v2, v3|vwmacc.vv v4, v2, v3|vredsum.vs v1, v2, v3|vmul.vx v1, v2, x10|vlse16.v v1, (x10), x11';
  expect((await flagged('rv32imc-zve32x', 'riscv', vector))[0]).toBe(0);
});

const floatProgram =
  'volatile float a, b; volatile int i; double volatile d;\nint mote_reset(void) { a = a * b + 1.0f; i = (int)a; d = a; return 0; }\n';

test.each([
  ['cortex-m0plus', ['__aeabi_fmul', '__aeabi_fadd', '__aeabi_f2iz', '__aeabi_f2d']],
  ['rv32imc', ['__mulsf3', '__addsf3', '__fixsfsi', '__extendsfdf2']],
  ['cortex-m4', ['mote_reset', '__aeabi_f2d']],
])('%s: a float program is caught by %j', async (target, names) => {
  const found = floatUses(await linkText(target, floatProgram)).map((u) => u.name);
  for (const name of names) expect(found).toContain(name);
});

test.each(['cortex-m0plus', 'cortex-m4', 'cortex-m55', 'rv32imc', 'rv32imc-zve32x'])(
  '%s: 64-bit integer arithmetic and division are no float',
  async (target) => {
    const program =
      'volatile long long a, b; volatile int i, n;\nint mote_reset(void) { a = a * b / n + (a >> i); i = i / n; return (int)(a % b); }\n';
    expect(floatUses(await linkText(target, program))).toEqual([]);
  },
);
