// SPDX-License-Identifier: Apache-2.0
// A hand-made model on every kind of emulated board, end to end: build, start, write, run, step, compare, break.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBoard } from '../build/boards.js';
import { findProgram } from '../build/exec.js';
import { buildFirmware } from '../build/firmware.js';
import { type MiniPackOptions, writeMiniPack } from '../build/testing/miniPack.js';
import { buildWasm } from '../build/wasm.js';
import type { Board } from '../generated/board.js';
import type { PackManifest } from '../generated/pack.js';
import type { Device } from './device.js';
import { qemuArgs } from './qemu.js';
import { runInputs } from './runInputs.js';
import { startDevice } from './startDevice.js';
import { startHost } from './wasm.js';

const inputs = [0, 1, 2].map((k) => [Uint8Array.from({ length: 16 }, (_, i) => (i * 13 + k * 57) & 0xff)]);
const present = (board: Board) =>
  board.emulator?.kind !== 'qemu' || findProgram(board.emulator.binary ?? 'qemu-system-arm') !== undefined;

let room: string;
let host: Device;
let manifest: PackManifest;
let count = 0;

beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'mote-devices-'));
  const dir = join(room, 'good');
  manifest = await writeMiniPack(dir);
  host = await startHost(await buildWasm(dir, manifest), manifest);
});
afterAll(() => rm(room, { recursive: true, force: true }));

interface Change extends MiniPackOptions {
  /** Layer 0 gives one too much at this element. */
  spoilElement?: number;
}

async function spoilLayer0(dir: string, element: number): Promise<void> {
  const path = join(dir, 'mini_layers.c');
  const source = await readFile(path, 'utf8');
  const spoilt = source.replace('x[i] + weights[i]', `x[i] + weights[i] + (i == ${element})`);
  expect(spoilt).not.toBe(source);
  await writeFile(path, spoilt);
}

/** Firmware of the mini pack, changed or not. */
async function build(board: Board, options: Change = {}): Promise<string> {
  const dir = join(room, `pack${count}`);
  await writeMiniPack(dir, options);
  if (options.spoilElement !== undefined) await spoilLayer0(dir, options.spoilElement);
  const image = join(room, `firmware${count++}.elf`);
  return (await buildFirmware(dir, board, image)).elfPath;
}

async function withDevice<T>(opening: Promise<Device>, use: (device: Device) => Promise<T>): Promise<T> {
  const device = await opening;
  try {
    return await use(device);
  } finally {
    await device.close();
  }
}

const ids = [
  'pico',
  'virtual-m4',
  'virtual-m7',
  'virtual-m33',
  'virtual-m55',
  'virtual-rv32',
  'virtual-rv32v',
  'virtual-rv32zbb',
  'stm32f405-virtual',
];
for (const board of ids.map(loadBoard)) {
  describe.skipIf(!present(board) && !process.env.CI)(`${board.id} (${board.emulator?.kind})`, () => {
    let image: string;
    beforeAll(async () => {
      image = await build(board);
    });

    test('equals the host, counts the same twice, keeps its guards', async () => {
      const runs = [];
      for (let i = 0; i < 2; i++) {
        runs.push(
          await withDevice(startDevice(board, image), async (device) => ({
            report: await runInputs(device, host, manifest, inputs),
            status: await device.status(),
            info: device.info,
          })),
        );
      }
      const [{ report, status, info }, second] = runs;
      expect([report.compared, report.equal, report.firstDifference]).toEqual([3, 3, undefined]);
      expect(info).toMatchObject({
        board: board.id,
        model: 'mini',
        hash: '0102030405060708',
        layers: 2,
        arenaBytes: 48,
      });
      expect(info.counter).toEqual({ unit: board.id === 'pico' ? 'cycles' : 'instructions', source: 'emulated' });
      expect(status.guardIntact).toBe(true);
      expect(status.stackUsedBytes).toBeGreaterThan(32);
      expect(status.stackUsedBytes).toBeLessThan(status.stackReservedBytes);
      const { perInference, perLayer } = report.timing;
      expect(Math.min(...perInference, ...perLayer)).toBeGreaterThan(10);
      expect(Math.max(...perInference)).toBeLessThan(2000);
      expect(Math.abs(perLayer[0] + perLayer[1] - perInference[0])).toBeLessThan(200);
      expect(second.report.timing).toEqual(report.timing);
    });

    test('memory is what was written, to the last byte', async () => {
      await withDevice(startDevice(board, await build(board, { arenaBytes: 5001 })), async (device) => {
        const bytes = Uint8Array.from({ length: 5001 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
        await device.write(0, bytes);
        expect(Buffer.compare(await device.read(0, 5001), bytes)).toBe(0);
        expect((await device.status()).guardIntact).toBe(true);
      });
    });
  });
}

const broken: [what: string, options: Change, expected: object, delta: number][] = [
  [
    'layer 0 at one element',
    { spoilElement: 5 },
    {
      input: 0,
      layer: { index: 0, name: 'l0' },
      tensor: 'm',
      element: 5,
      coordinates: [0, 5],
    },
    1,
  ],
  [
    'layer 1',
    { extra: 'sum = 100;' },
    {
      input: 0,
      layer: { index: 1, name: 'l1' },
      tensor: 'y',
      element: 0,
      coordinates: [0, 0],
    },
    100,
  ],
];
for (const board of ['pico', 'virtual-m4', 'virtual-rv32'].map(loadBoard)) {
  describe.skipIf(!present(board) && !process.env.CI)(`${board.id} with a fault in it`, () => {
    test.each(broken)('%s is named', async (_, options, expected, delta) => {
      await withDevice(startDevice(board, await build(board, options)), async (device) => {
        const report = await runInputs(device, host, manifest, inputs);
        expect(report.equal).toBe(0);
        expect(report.firstDifference).toMatchObject(expected);
        const { expected: right, got } = report.firstDifference as { expected: number; got: number };
        expect(got - right).toBe(delta);
      });
    });

    test('a write past the arena is device.guard', async () => {
      await withDevice(startDevice(board, await build(board, { extra: 'arena[48 + 255] = 1;' })), async (device) => {
        await expect(runInputs(device, host, manifest, inputs)).rejects.toMatchObject({
          code: 'device.guard',
          exit: 7,
        });
      });
    });

    test('an access that faults is device.fault', async () => {
      const image = await build(board, { extra: 'sum = *(volatile int32_t *)0xF0000000;' });
      await withDevice(startDevice(board, image), async (device) => {
        await expect(runInputs(device, host, manifest, inputs)).rejects.toMatchObject({
          code: 'device.fault',
          message: expect.stringContaining('during RUN'),
        });
        await expect(device.status()).rejects.toMatchObject({ code: 'device.fault' });
      });
    });

    test('a run without end is device.silent', async () => {
      const image = await build(board, { extra: 'for (volatile int spin = 1; spin;) {}' });
      await withDevice(startDevice(board, image, { runTimeoutMs: 700 }), async (device) => {
        await expect(device.run()).rejects.toMatchObject({ code: 'device.silent' });
      });
    });

    test('another model is refused', async () => {
      await withDevice(startDevice(board, await build(board, { arenaBytes: 64 })), async (device) => {
        await expect(runInputs(device, host, manifest, inputs)).rejects.toMatchObject({
          code: 'device.wrongModel',
          exit: 6,
        });
      });
    });
  });
}

test('a counter that wraps: more than 2^24 cycles of SysTick', async () => {
  const pico = loadBoard('pico');
  const spin = (turns: string) =>
    build(pico, { extra: `for (volatile uint32_t spin = 0; spin < ${turns}; spin++) {}` });
  const counts: number[] = [];
  // As many turns as the arena says, so that all are the same program.
  const image = await spin('100000u * arena[40]');
  await withDevice(startDevice(pico, image), async (device) => {
    for (const turns of [1, 2, 60]) {
      await device.write(40, Uint8Array.of(turns));
      counts.push((await device.step(1)).count);
    }
  });
  const perTurn = counts[1] - counts[0];
  expect(counts[2]).toBeGreaterThan(3 * 2 ** 24);
  expect(Math.abs(counts[0] + 59 * perTurn - counts[2])).toBeLessThan(3 * 50);
});

describe('what cannot be opened', () => {
  test('no emulator and no port', async () => {
    await expect(startDevice(loadBoard('nucleo-l4r5zi'), 'x.elf')).rejects.toMatchObject({
      code: 'device.none',
      exit: 5,
    });
  });

  test('an emulator that is not installed', async () => {
    const path = process.env.PATH;
    process.env.PATH = room;
    try {
      await expect(startDevice(loadBoard('virtual-m4'), 'x.elf')).rejects.toMatchObject({
        code: 'tool.missing',
        exit: 9,
      });
    } finally {
      process.env.PATH = path;
    }
  });

  test.skipIf(!present(loadBoard('virtual-m4')))('an image that QEMU cannot load', async () => {
    await expect(startDevice(loadBoard('virtual-m4'), join(room, 'none.elf'))).rejects.toMatchObject({
      code: 'device.fault',
      message: expect.stringContaining('none.elf'),
    });
  });

  test('an image that is none', async () => {
    await expect(startDevice(loadBoard('pico'), join(room, 'none.elf'))).rejects.toMatchObject({
      code: 'file.read',
      exit: 3,
    });
  });

  test('a UART at another speed than the board file says', async () => {
    const pico = loadBoard('pico');
    const image = await build({ ...pico, console: { ...pico.console, baud: 9600 } });
    await expect(startDevice(pico, image)).rejects.toMatchObject({
      code: 'device.fault',
      message: expect.stringContaining('9600 baud'),
    });
  });
});

describe.skipIf(!present(loadBoard('virtual-m4')) && !process.env.CI)('behind a port', () => {
  const board = loadBoard('virtual-m4');
  const emulator = board.emulator as Parameters<typeof qemuArgs>[0];

  /** QEMU with its UART elsewhere than on stdio. */
  const startElsewhere = async (chardev: string) => {
    const args = qemuArgs(emulator, { elf: await build(board) }).map((arg) =>
      arg.startsWith('stdio,') ? chardev : arg,
    );
    return spawn(emulator.binary ?? 'qemu-system-arm', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  };

  const runThere = (port: string) =>
    withDevice(startDevice(board, '', { port }), async (device) => {
      expect(device.info.counter).toEqual({ unit: 'instructions', source: 'emulated' });
      const report = await runInputs(device, host, manifest, inputs);
      expect([report.compared, report.equal]).toEqual([3, 3]);
    });

  test('TCP', async () => {
    const port = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const free = (server.address() as AddressInfo).port;
        server.close(() => resolve(free));
      });
    });
    const qemu = await startElsewhere(`socket,id=console,host=127.0.0.1,port=${port},server=on,wait=off`);
    try {
      await expect.poll(() => runThere(`tcp:127.0.0.1:${port}`).then(() => 'done'), { timeout: 100_000 }).toBe('done');
    } finally {
      qemu.kill('SIGKILL');
    }
  });

  test.skipIf(process.platform === 'win32')('a serial port (a pseudo-terminal)', async () => {
    const qemu = await startElsewhere('pty,id=console');
    try {
      const path = await new Promise<string>((resolve) => {
        let text = '';
        const find = (bytes: Buffer) => {
          text += bytes.toString();
          const match = /redirected to (\/dev\/\S+)/.exec(text);
          if (match) resolve(match[1]);
        };
        qemu.stdout.on('data', find);
        qemu.stderr.on('data', find);
      });
      await runThere(path);
    } finally {
      qemu.kill('SIGKILL');
    }
  });
});
