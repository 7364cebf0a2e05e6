// SPDX-License-Identifier: Apache-2.0
// Boards and devices on the command line: what is found, what is refused, and a board of one's own.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sealBoot2 } from '../../src/build/boot2.js';
import { writeUf2 } from '../../src/build/uf2.js';
import { packageRoot } from '../../src/packageRoot.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-boards-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(script: string, args: string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(packageRoot, script), ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 120_000,
    env: { ...process.env, NO_COLOR: '1', MOTE_TEST_PORT: '', MOTE_TEST_BOARD: '', ...env },
  });
}
const mote = (args: string[], env?: Record<string, string>) => run('dist/cli/main.js', args, env);

/** A program for the Pico that the boot ROM would start. */
function picoFirmware(): string {
  const bytes = new Uint8Array(512);
  bytes.set(new Uint8Array(Uint32Array.of(0x20001000, 0x10000201).buffer), 256);
  sealBoot2(bytes.subarray(0, 256));
  const path = join(folder, 'fw.uf2');
  writeFileSync(path, writeUf2([{ address: 0x10000000, bytes }]));
  return path;
}

function drives(...names: string[]): string {
  const root = mkdtempSync(join(folder, 'media-'));
  for (const name of names) {
    mkdirSync(join(root, name));
    writeFileSync(
      join(root, name, 'INFO_UF2.TXT'),
      'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n',
    );
  }
  return root;
}

describe('flash and devices', () => {
  it('devices shows a drive with its board and why', () => {
    const { stdout } = mote(['devices', '--json'], { MOTE_DRIVES: drives('RPI-RP2') });
    const { data } = JSON.parse(stdout) as { data: { devices: { kind: string; path: string; boards: object[] }[] } };
    const drive = data.devices.find((d) => d.kind === 'drive');
    expect(drive?.boards).toEqual([{ board: 'pico', why: 'Board-ID RPI-RP2' }]);
  });

  it('flash never guesses among two drives, and says what it looked for where there is none', () => {
    const firmware = picoFirmware();
    const two = mote(['flash', firmware, '--board', 'pico'], { MOTE_DRIVES: drives('RPI-RP2', 'RPI-RP21') });
    expect(two.status).toBe(5);
    expect(two.stderr).toMatch(/error flash.many {2}2 devices can be pico: .*RPI-RP2 \(Board-ID RPI-RP2\); .*RPI-RP21/);
    const none = mote(['flash', firmware, '--board', 'pico', '--method', 'uf2-drive'], { MOTE_DRIVES: drives() });
    expect([none.status, none.stderr]).toEqual([5, expect.stringContaining('a UF2 drive with Board-ID RPI-RP2')]);
  });

  it('an image for another board, and a board that cannot be flashed so, are refused before anything is looked for', () => {
    const firmware = picoFirmware();
    const wrong = mote(['flash', firmware, '--board', 'nucleo-f446re']);
    expect([wrong.status, wrong.stderr]).toEqual([3, expect.stringContaining('nothing was erased')]);
    const method = mote(['flash', firmware, '--board', 'pico', '--method', 'sam-ba']);
    expect([method.status, method.stderr]).toEqual([2, expect.stringContaining('it has uf2-drive, picotool, openocd')]);
  });

  it("an external tool gets the board file's command, never through a shell", () => {
    const tools = mkdtempSync(join(folder, 'tools-'));
    const record = join(folder, 'argv.json');
    const script = `#!${process.execPath}\nrequire('fs').writeFileSync(${JSON.stringify(record)}, JSON.stringify(process.argv.slice(2)));\n`;
    writeFileSync(join(tools, 'picotool'), script, { mode: 0o755 });
    const { status, stdout } = mote(['flash', picoFirmware(), '--board', 'pico', '--method', 'picotool', '--json'], {
      PATH: `${tools}:${process.env.PATH}`,
    });
    expect([status, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({
        data: expect.objectContaining({ method: 'picotool', verifiedBy: 'none', confirmed: null }),
      }),
    ]);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toEqual(['load', '-v', '-x', 'firmware.uf2']);
  });

  it('doctor finds the compiler and lists what is missing', () => {
    const { status, stdout } = mote(['doctor', '--json']);
    const { data } = JSON.parse(stdout) as { data: { checks: { name: string; state: string }[] } };
    expect(status).toBe(0);
    const stateOf = Object.fromEntries(data.checks.map((c) => [c.name, c.state]));
    expect(stateOf).toMatchObject({ node: 'ok', 'zig cc': 'ok', serialport: 'ok' });
    expect(['ok', 'missing']).toContain(stateOf.openocd);
  });

  it('test:device without its variables says what it needs', () => {
    const { status, stderr } = run('tools/testDevice.mjs', []);
    expect([status, stderr]).toEqual([2, expect.stringContaining('needs MOTE_TEST_PORT and MOTE_TEST_BOARD')]);
  });
});

describe('boards --new', () => {
  it('makes a file that every command knows, once', () => {
    const first = mote(['boards', '--new', 'my-board', '--like', 'nucleo-f446re']);
    expect([first.status, first.stdout]).toEqual([
      0,
      expect.stringMatching(/wrote {3}my-board.json[\s\S]*fill in[\s\S]*MOTE_BOARDS=\. /),
    ]);
    const env = { MOTE_BOARDS: folder };
    expect(mote(['boards', 'my-board'], env).stdout).toMatch(/^my-board[\s\S]*builds: made from nucleo-f446re/);
    const again = mote(['boards', '--new', 'my-board', '--like', 'pico']);
    expect([again.status, again.stderr]).toEqual([3, expect.stringContaining('it is there already')]);
  });

  it('a contradiction in it is found, with the path', () => {
    const path = join(folder, 'bad-board.json');
    const board = JSON.parse(readFileSync(join(packageRoot, 'boards', 'stm32f405-virtual.json'), 'utf8')) as {
      id: string;
      flash: { blocks: { count: number }[] }[];
    };
    board.id = 'bad-board';
    board.flash[0].blocks[2].count = 9;
    writeFileSync(path, JSON.stringify(board));
    const { status, stderr } = mote(['boards', 'bad-board'], { MOTE_BOARDS: folder });
    expect([status, stderr]).toEqual([3, expect.stringMatching(/bad-board.json.*reach outside of the flash/)]);
    rmSync(path);
  });

  it.each([
    [['--new', 'Bad Id', '--like', 'pico'], 2, /--new takes small letters/],
    [['--new', 'x'], 2, /--new needs --like/],
    [['--new', 'pico2', '--like', 'pico'], 3, /there is a board 'pico2' already/],
    [['--new', 'x', '--like', 'pic'], 2, /unknown board 'pic'/],
  ])('%j is refused', (args, exit, message) => {
    const before = readdirSync(folder).length;
    const { status, stderr } = mote(['boards', ...args]);
    expect([status, stderr]).toEqual([exit, expect.stringMatching(message)]);
    expect(readdirSync(folder).length).toBe(before);
  });
});
