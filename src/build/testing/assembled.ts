// SPDX-License-Identifier: Apache-2.0
// Small linked programs for tests of the readers of machine code.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTarget } from '../boards.js';
import { type Elf, readElf } from '../elf.js';
import { openToolchain } from '../toolchain.js';
import { withWorkFolder } from '../workFolder.js';

const script = `ENTRY(mote_reset)
MEMORY {
  flash (rx) : ORIGIN = 0x10000, LENGTH = 1M
  ram (rwx) : ORIGIN = 0x20000000, LENGTH = 1M
}
SECTIONS {
  .text : { KEEP(*(.keep)) *(.text .text.* .rodata .rodata.* .srodata*) } > flash
  .data : { *(.data .data.* .sdata*) } > ram AT > flash
  .bss (NOLOAD) : { *(.bss .bss.* .sbss*) } > ram
  /DISCARD/ : { *(.debug_*) *(.comment) *(.ARM.exidx*) *(.ARM.extab*) *(.eh_frame*) }
}
`;

/** Compiles C (or, with `.s`, assembly) for a target and links it at a made-up address. */
export async function linkText(targetId: string, text: string, extension: 'c' | 's' = 'c'): Promise<Elf> {
  return withWorkFolder(async (workFolder) => {
    const source = join(workFolder, `program.${extension}`);
    const linkerScript = join(workFolder, 'link.ld');
    const output = join(workFolder, 'program.elf');
    await writeFile(source, text);
    await writeFile(linkerScript, script);
    await openToolchain('zig').compileAndLink({
      target: loadTarget(targetId),
      sources: [source],
      includes: [],
      defines: [],
      linkArgs: ['-T', linkerScript, '-Wl,--entry=mote_reset'],
      workFolder,
      output,
    });
    return readElf(await readFile(output));
  });
}

/** One function mote_reset of these assembly lines. */
export const assemblyOf = (arch: 'arm' | 'riscv', lines: readonly string[]): string =>
  [
    ...(arch === 'arm' ? ['.syntax unified', '.thumb'] : []),
    '.section .keep, "ax", %progbits',
    '.globl mote_reset',
    ...(arch === 'arm' ? ['.thumb_func'] : []),
    '.type mote_reset, %function',
    'mote_reset:',
    ...lines,
    '.size mote_reset, . - mote_reset',
    '',
  ].join('\n');
