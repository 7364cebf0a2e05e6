// SPDX-License-Identifier: Apache-2.0
// Copying to drives: folders that behave like boards, npm's uf2 as the reader of what arrived, and an RP2040 emulator
// that runs exactly that.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import intelHex from 'nrf-intel-hex';
import { decodeBlock } from 'uf2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { readElf } from '../../src/build/elf.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { type Chunk, imageOf } from '../../src/build/image.js';
import { writeMiniPack } from '../../src/build/testing/miniPack.js';
import { readUf2 } from '../../src/build/uf2.js';
import { buildWasm } from '../../src/build/wasm.js';
import { startRp2040 } from '../../src/device/rp2040.js';
import { runInputs } from '../../src/device/runInputs.js';
import { startHost } from '../../src/device/wasm.js';
import type { CopyRequest, FlashDrive } from '../../src/flash/drive.js';
import { copyDaplink, copyStlink } from '../../src/flash/probeDrive.js';
import { type VirtualDrive, virtualProbeDrive, virtualUf2Drive } from '../../src/flash/testing/virtualDrive.js';
import { copyUf2, uf2File } from '../../src/flash/uf2Drive.js';
import type { DaplinkDriveFlash, Uf2DriveFlash } from '../../src/generated/board.js';

let room: string;
let count = 0;
const running: VirtualDrive[] = [];
beforeAll(async () => {
  room = await mkdtemp(join(tmpdir(), 'mote-drives-'));
});
afterEach(() => running.splice(0).forEach((drive) => void drive.stop()));
afterAll(() => rm(room, { recursive: true, force: true }));

const folder = () => join(room, `drive${count++}`);
const kept = <T extends VirtualDrive>(drive: T): T => {
  running.push(drive);
  return drive;
};

// Its types say an ES module, at run time it is CommonJS.
const { fromHex } = intelHex as unknown as { fromHex(text: string): Map<number, Uint8Array> };
const picoFlash = (loadBoard('pico').flash ?? []).find((f) => f.method === 'uf2-drive') as Uf2DriveFlash;
const someImage: Chunk[] = [
  { address: 0x10000000, bytes: Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff) },
];

const drive = (path: string, kind: FlashDrive['kind'], info: Record<string, string>): FlashDrive => ({
  path,
  kind,
  info,
});
const pico = (path: string, id = 'RPI-RP2') => drive(path, 'uf2', { 'Board-ID': id, Model: 'Raspberry Pi RP2' });
const daplink = (path: string) => drive(path, 'daplink', { 'Unique ID': '0226000041114e45' });

describe('UF2 drives', () => {
  it('what arrives is the program: uf2 decodes it, an RP2040 runs it and gives the host answers', async () => {
    const board = loadBoard('pico');
    const pack = join(room, 'pack');
    const manifest = await writeMiniPack(pack);
    const { elfPath } = await buildFirmware(pack, board, join(room, 'firmware.elf'));
    const image = imageOf(readElf(new Uint8Array(await readFile(elfPath))));
    const path = folder();
    const bootsel = kept(await virtualUf2Drive(path, 'RPI-RP2', Number(picoFlash.family)));
    const steps: string[] = [];
    const report = await copyUf2({ drive: pico(path), image, onStep: (text) => steps.push(text) }, picoFlash);
    expect(bootsel.taken()).toBe(true);
    expect(report).toMatchObject({ chip: 'Raspberry Pi RP2', verifiedBy: 'none' });
    expect(steps).toHaveLength(2);

    const arrived = bootsel.received();
    const flash = new Map<number, Uint8Array>();
    for (let at = 0; at < arrived.length; at += 512) {
      const block = decodeBlock(arrived.subarray(at, at + 512));
      expect(block).toMatchObject({
        boardFamily: 0xe48bff56,
        totalBlocks: arrived.length / 512,
        blockNumber: at / 512,
      });
      expect(block.flashAddress % 256).toBe(0);
      flash.set(block.flashAddress, block.payload);
    }
    const decoded = [...flash].map(([address, bytes]) => ({ address, bytes }));
    for (const { address, bytes } of image)
      for (let i = 0; i < bytes.length; i += 101) {
        const page = decoded.find((p) => p.address <= address + i && address + i < p.address + 256);
        expect(page?.bytes[address + i - page.address]).toBe(bytes[i]);
      }

    const device = await startRp2040(board, arrived);
    const host = await startHost(await buildWasm(pack, manifest), manifest);
    const inputs = [0, 1, 2].map((k) => [Uint8Array.from({ length: 16 }, (_, i) => (i * 13 + k * 57) & 0xff)]);
    const run = await runInputs(device, host, manifest, inputs);
    expect(run).toMatchObject({ compared: 3, equal: 3 });
    await device.close();
  });

  it('an RP2350 gets the block of erratum E10 first, which counts for nothing', () => {
    const file = uf2File(someImage, 0xe48bff59);
    const first = decodeBlock(file.subarray(0, 512));
    expect(first).toMatchObject({
      flags: 0xa000,
      flashAddress: 0x10ffff00,
      blockNumber: 0,
      totalBlocks: 2,
      boardFamily: 0xe48bff57,
    });
    expect(decodeBlock(file.subarray(512, 1024))).toMatchObject({ blockNumber: 0, totalBlocks: file.length / 512 - 1 });
    expect(readUf2(file)).toMatchObject({ family: 0xe48bff59 });
    expect(readUf2(file).image[0].bytes.length).toBe(Math.ceil(70_000 / 256) * 256);
  });

  it('a drive that stays has not accepted the file', async () => {
    const path = folder();
    kept(await virtualUf2Drive(path, 'RPI-RP2', 0xe48bff59));
    await expect(copyUf2({ drive: pico(path), image: someImage, timeScale: 0.01 }, picoFlash)).rejects.toThrow(
      'the boot loader did not accept it',
    );
  });

  it('another board, another kind of drive and bytes outside are refused before anything is copied', async () => {
    const path = folder();
    const other = kept(await virtualUf2Drive(path, 'SAMD21', 0x68ed2b88));
    await expect(copyUf2({ drive: pico(path, 'SAMD21'), image: someImage }, picoFlash)).rejects.toThrow(
      'has SAMD21 where RPI-RP2 is expected; nothing was erased',
    );
    await expect(copyUf2({ drive: daplink(path), image: someImage }, picoFlash)).rejects.toThrow('no Board-ID');
    const outside = [{ address: 0x20000000, bytes: Uint8Array.of(1) }];
    await expect(copyUf2({ drive: pico(path), image: outside }, picoFlash)).rejects.toThrow('0x20000000');
    expect(other.received()).toHaveLength(0);
  });

  it('Ctrl-C takes the file back', async () => {
    const path = folder();
    const bootsel = kept(await virtualUf2Drive(path, 'RPI-RP2', Number(picoFlash.family)));
    const stop = new AbortController();
    const request: CopyRequest = {
      drive: pico(path),
      image: someImage,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    };
    await expect(copyUf2(request, picoFlash)).rejects.toThrow('the file was taken back');
    expect(bootsel.taken()).toBe(false);
    await expect(readFile(join(path, 'MOTE.UF2'))).rejects.toThrow('ENOENT');
  });

  it('a link on the drive leads nowhere', async () => {
    const path = folder();
    await mkdir(path);
    const outside = join(room, 'precious.txt');
    await writeFile(outside, 'precious');
    await symlink(outside, join(path, 'MOTE.UF2'));
    await expect(copyUf2({ drive: pico(path), image: someImage }, picoFlash)).rejects.toThrow('copying to the drive');
    expect(await readFile(outside, 'utf8')).toBe('precious');
  });
});

describe('drives of debug probes', () => {
  const options: DaplinkDriveFlash = { method: 'daplink-drive', boardCodes: ['0226'], format: 'hex' };

  it('HEX arrives whole, and the returning drive says that all is well', async () => {
    const path = folder();
    const probe = kept(await virtualProbeDrive(path));
    const report = await copyDaplink({ drive: daplink(path), image: someImage }, options);
    expect(report.notes).toBeUndefined();
    const memory = fromHex(Buffer.from(probe.received()).toString('latin1'));
    expect(Buffer.compare(memory.get(0x10000000) as Uint8Array, someImage[0].bytes)).toBe(0);
  });

  it('FAIL.TXT is told', async () => {
    const path = folder();
    kept(await virtualProbeDrive(path, 'error: The hex file cannot be decoded.\r\ntype: user\r\n'));
    const copy = copyStlink(
      { drive: drive(path, 'stlink', { label: 'NODE_F446RE' }), image: someImage },
      { method: 'stlink-drive', labels: ['NODE_F446RE'], format: 'bin' },
    );
    await expect(copy).rejects.toThrow(
      'the probe reports a failure: error: The hex file cannot be decoded. type: user',
    );
  });

  it('a probe that never takes the file, and a FAIL.TXT that is a link', async () => {
    const path = folder();
    await mkdir(path);
    await writeFile(join(room, 'secret.txt'), 'secret');
    await symlink(join(room, 'secret.txt'), join(path, 'FAIL.TXT'));
    const copy = copyDaplink({ drive: daplink(path), image: someImage, timeScale: 0.005 }, options);
    await expect(copy).rejects.toThrow(/the probe did not take the file$/);
  });

  it('another probe is refused', async () => {
    const copy = copyDaplink({ drive: daplink('nowhere'), image: someImage }, { ...options, boardCodes: ['9900'] });
    await expect(copy).rejects.toThrow('has the probe 0226000041114e45');
  });
});
