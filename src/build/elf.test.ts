// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf, instructions } from './code.js';
import { type Elf, ElfError, readElf, sectionBytes, sectionNamed } from './elf.js';
import { floatUses } from './floatFree.js';
import { stackBound } from './stack.js';
import { linkText } from './testing/assembled.js';

const program = `
int data[3] = {7, 8, 9}; int zero[100]; const int table[2] = {0x11223344, 5};
volatile int sink;
__attribute__((noinline)) int leaf(int x) { return x * 0x12345678 + table[x & 1]; }
int mote_reset(void) { sink = leaf(data[0]); return zero[sink]; }
`;

test.each(['cortex-m4', 'cortex-m0plus', 'rv32imc', 'rv64imafdc'])(
  '%s: sections, segments and symbols are those of the program',
  async (target) => {
    const elf = await linkText(target, program);
    expect(elf.machine).toBe(target.startsWith('cortex') ? 'arm' : 'riscv');
    const symbol = (name: string) => elf.symbols.find((s) => s.name === name);
    expect(symbol('data')).toMatchObject({ type: 'object', size: 12, global: true });
    expect(symbol('zero')).toMatchObject({ type: 'object', size: 400 });
    expect(symbol('leaf')).toMatchObject({ type: 'function' });
    expect(elf.entry & ~1).toBe((symbol('mote_reset')?.value ?? 0) & ~1);
    const data = sectionNamed(elf, '.data');
    if (!data) throw new Error('no .data');
    const at = (symbol('data')?.value ?? 0) - data.address;
    expect([...sectionBytes(elf, data).subarray(at, at + 12)]).toEqual([7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0]);
    const loaded = elf.segments.find((s) => s.address === data.address);
    expect(loaded?.loadAddress).toBeGreaterThanOrEqual(0x10000);
    expect(loaded?.loadAddress).toBeLessThan(0x20000);
  },
);

test('literal pools are no instructions', async () => {
  const elf = await linkText('cortex-m0plus', program);
  const code = codeOf(elf);
  const leaf = code.functions.find((f) => f.name === 'leaf');
  if (!leaf) throw new Error('no leaf');
  const list = [...instructions(code, leaf.start, leaf.end)];
  const last = list[list.length - 1];
  expect(last.half).toBe(0x4770); // bx lr
  expect(leaf.end - last.address).toBeGreaterThan(4);
});

/** The readers must end with a value or ElfError, whatever the bytes are. */
function survives(bytes: Uint8Array): void {
  let elf: Elf;
  try {
    elf = readElf(bytes);
  } catch (error) {
    if (error instanceof ElfError) return;
    throw error;
  }
  stackBound(elf);
  floatUses(elf);
}

test('damaged files are refused or read, never a crash', async () => {
  for (const target of ['cortex-m4', 'rv32imc', 'rv64imafdc']) {
    const { bytes } = await linkText(target, program);
    const used = bytes.findLastIndex((b) => b !== 0);
    for (let length = 0; length < bytes.length; length += 64) survives(bytes.slice(0, length));
    // Headers, symbols and code are hit far more often than the padding between them.
    const places = [...bytes.keys()].filter((i) => i <= used && (i < 200 || bytes[i] !== 0));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (flips) => {
          const broken = bytes.slice();
          for (const [at, flip] of flips) broken[at] ^= flip;
          survives(broken);
        },
      ),
      { numRuns: 400 },
    );
  }
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 300 }), (wordClass, tail) =>
      survives(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, wordClass, 1, ...tail)),
    ),
  );
});
