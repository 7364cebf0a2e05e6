// SPDX-License-Identifier: Apache-2.0
import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { loadTarget } from './boards.js';
import { openToolchain, parseOverflows, zigPath } from './toolchain.js';
import { withWorkFolder } from './workFolder.js';

afterEach(() => void vi.unstubAllEnvs());

const job = (targetId: string, workFolder: string, source: string) => ({
  target: loadTarget(targetId),
  sources: [source],
  includes: [],
  defines: [],
  linkArgs: [],
  workFolder,
  output: join(workFolder, 'out.elf'),
});

test('the complaints of both linkers give the need of each region', () => {
  const lld = `ld.lld: error: section '.text' will not fit in region 'flash': overflowed by 37982 bytes
ld.lld: error: section '.data' will not fit in region 'flash': overflowed by 40982 bytes
ld.lld: error: section '.bss' will not fit in region 'ram': overflowed by 6616 bytes`;
  expect(parseOverflows(lld)).toEqual([
    { region: 'flash', bytes: 40982 },
    { region: 'ram', bytes: 6616 },
  ]);
  const gnu = "ld: fw.elf section `.bss' will not fit in region `ram'\nld: region `ram' overflowed by 60560 bytes\n";
  expect(parseOverflows(gnu)).toEqual([{ region: 'ram', bytes: 60560 }]);
  expect(parseOverflows('error: undefined symbol: f')).toEqual([]);
});

test('zig is the binary that npm brought', async () => {
  expect(zigPath()).toMatch(/@zigc/);
  expect(await openToolchain('zig').version(loadTarget('cortex-m4'))).toMatch(/^\d+\.\d+\.\d+$/);
});

test('MOTE_TOOLCHAIN chooses, and an unknown name is refused', () => {
  vi.stubEnv('MOTE_TOOLCHAIN', 'gcc');
  expect(openToolchain().name).toBe('gcc');
  vi.stubEnv('MOTE_TOOLCHAIN', 'emacs');
  expect(() => openToolchain()).toThrow(expect.objectContaining({ exit: 2 }));
});

test('a compiler that is not there is tool.missing', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  await withWorkFolder(async (work) => {
    await expect(openToolchain('gcc').compileAndLink(job('cortex-m4', work, 'x.c'))).rejects.toMatchObject({
      code: 'tool.missing',
      message: expect.stringContaining('arm-none-eabi-gcc'),
    });
    await expect(openToolchain('gcc').compileAndLink(job('rv32imc-zve32x', work, 'x.c'))).rejects.toMatchObject({
      code: 'tool.missing',
    });
  });
});

test.skipIf(process.platform === 'win32')(
  "GCC is called with the flags of the target, and its linker's overflow is understood",
  async () => {
    await withWorkFolder(async (work) => {
      const fake = join(work, 'arm-none-eabi-gcc');
      await writeFile(
        fake,
        `#!/bin/sh\necho "$@" >> ${work}/calls\ncase "$*" in *" -c "*) exit 0;; esac\necho "region \\\`flash' overflowed by 12 bytes" >&2\nexit 1\n`,
      );
      await chmod(fake, 0o755);
      vi.stubEnv('PATH', `${work}${delimiter}${process.env.PATH}`);
      expect(await openToolchain('gcc').compileAndLink(job('cortex-m7', work, '/a b/x.c'))).toEqual([
        { region: 'flash', bytes: 12 },
      ]);
      const calls = (await import('node:fs')).readFileSync(join(work, 'calls'), 'utf8').trim().split('\n');
      expect(calls).toHaveLength(2);
      for (const flag of loadTarget('cortex-m7').gcc?.flags ?? []) expect(calls[0].split(' ')).toContain(flag);
      expect(calls[0]).toContain('-c /a b/x.c');
      expect(calls[1]).toContain('-lgcc');
    });
  },
);

test('an undefined function is one sentence', async () => {
  await withWorkFolder(async (work) => {
    const source = join(work, 'x.c');
    await writeFile(source, 'void nowhere(void); void mote_reset(void) { nowhere(); }\n');
    await expect(
      openToolchain('zig').compileAndLink({ ...job('cortex-m4', work, source), linkArgs: ['-Wl,--entry=mote_reset'] }),
    ).rejects.toMatchObject({
      code: 'tool.failed',
      exit: 9,
      message: expect.stringMatching(/undefined symbol: nowhere/),
    });
  });
});
