// SPDX-License-Identifier: Apache-2.0
// Other programs, by a stand-in that records how it was called.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { readHex } from '../build/hex.js';
import { withWorkFolder } from '../build/workFolder.js';
import type { ExternalFlash } from '../generated/board.js';
import { flashExternally } from './external.js';
import type { FlashProgress } from './progress.js';

const image = [{ address: 0x08000000, bytes: Uint8Array.from({ length: 100 }, (_, i) => i) }];
const entry: ExternalFlash = {
  method: 'external',
  tool: 'openocd',
  command: ['-f', 'a b.cfg', '-c', 'program {image} verify', '{port}', '{address}', '; $(reboot)'],
  image: 'hex',
};

/** Runs the entry with a program made of this JavaScript; `record` is where the program writes. */
async function withTool<T>(body: string, use: (program: string, record: string) => Promise<T>): Promise<T> {
  return withWorkFolder(async (folder) => {
    const program = join(folder, 'tool');
    const record = join(folder, 'record.json');
    const head = `#!${process.execPath}\nconst fs = require('fs');\n`;
    await writeFile(program, `${head}const record = ${JSON.stringify(record)};\n${body}\n`);
    await chmod(program, 0o755);
    return use(program, record);
  });
}

describe.skipIf(process.platform === 'win32')('another program', () => {
  it('gets its arguments as they are, the image under a plain name, and its percentages become progress', async () => {
    const body = `
      const argv = process.argv.slice(2);
      fs.writeFileSync(record, JSON.stringify({ argv, image: fs.readFileSync('firmware.hex', 'utf8') }));
      process.stdout.write('erasing\\rwriting 25%\\rwriting 100.0 %\\n');
      process.stderr.write('wrote 100 bytes, no errors');`;
    await withTool(body, async (program, record) => {
      const [steps, seen]: [string[], FlashProgress[]] = [[], []];
      const report = await flashExternally(
        {
          board: 'b',
          program,
          file: { format: 'hex', image },
          port: '/dev/tty; ls',
          onStep: (s) => steps.push(s),
          onProgress: (p) => seen.push(p),
        },
        entry,
      );
      expect(report).toMatchObject({ imageBytes: 100, verifiedBy: 'none' });
      const { argv, image: hex } = JSON.parse(await readFile(record, 'utf8')) as { argv: string[]; image: string };
      expect(argv).toEqual([
        '-f',
        'a b.cfg',
        '-c',
        'program firmware.hex verify',
        '/dev/tty; ls',
        '0x8000000',
        '; $(reboot)',
      ]);
      expect(readHex(hex).image).toEqual(image);
      expect(seen.map((p) => p.done)).toEqual([25, 100]);
      expect(steps).toEqual(expect.arrayContaining(['erasing', 'wrote 100 bytes, no errors']));
    });
  });

  it('its failure is tool.failed with the line that says why', async () => {
    const body = `process.stderr.write('Info: 0 errors so far\\nError: no device found\\nshutting down\\n'); process.exit(3);`;
    await withTool(body, async (program) => {
      await expect(
        flashExternally({ board: 'b', program, file: { format: 'hex', image }, port: 'p' }, entry),
      ).rejects.toMatchObject({ code: 'tool.failed', message: 'openocd failed: Error: no device found (exit code 3)' });
    });
  });

  it('a second run follows a first that succeeded, with the folder of a Zephyr build', async () => {
    const body = `
      fs.appendFileSync(record, process.argv.slice(2).join(' ') + '\\n');
      if (process.argv.includes('broken')) { process.stderr.write('Error: target is gone'); process.exit(1); }`;
    vi.stubEnv('MOTE_ZEPHYR_BUILD', '/build/zephyr');
    const request = { board: 'b', file: { format: 'hex' as const, image } };
    const two = { ...entry, command: ['-d', '{zephyr}', '{image}'], afterwards: ['reset'] };
    try {
      await withTool(body, async (program, record) => {
        await flashExternally({ ...request, program }, two);
        expect(await readFile(record, 'utf8')).toBe('-d /build/zephyr firmware.hex\nreset\n');
        await expect(
          flashExternally({ ...request, program }, { ...two, afterwards: ['broken'] }),
        ).rejects.toMatchObject({
          message: 'the image was written; after it openocd failed: Error: target is gone (exit code 1)',
        });
        await expect(flashExternally({ ...request, program }, { ...two, command: ['broken'] })).rejects.toMatchObject({
          message: 'openocd failed: Error: target is gone (exit code 1)',
        });
        expect((await readFile(record, 'utf8')).split('\n').slice(2)).toEqual([
          '-d /build/zephyr firmware.hex',
          'broken',
          'broken',
          '',
        ]);
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('an interrupt reaches it', async () => {
    const body = `process.on('SIGINT', () => process.exit(1)); console.log('ready'); setInterval(() => {}, 1000);`;
    await withTool(body, async (program) => {
      const abort = new AbortController();
      const onStep = (s: string) => s === 'ready' && abort.abort();
      await expect(
        flashExternally(
          { board: 'b', program, file: { format: 'hex', image }, port: 'p', onStep, signal: abort.signal },
          entry,
        ),
      ).rejects.toMatchObject({ code: 'flash.interrupted', exit: 130 });
    });
  });

  it('what it cannot be given is refused before it is started', async () => {
    const request = { board: 'b', program: '/nonexistent/tool', file: { format: 'hex' as const, image } };
    await expect(flashExternally(request, entry)).rejects.toMatchObject({ code: 'flash.none' });
    await expect(flashExternally(request, { ...entry, image: 'elf' })).rejects.toMatchObject({ code: 'flash.image' });
    await expect(flashExternally({ ...request, port: 'p' }, entry)).rejects.toMatchObject({ code: 'tool.failed' });
  });
});
