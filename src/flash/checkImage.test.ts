// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { writeBin } from '../build/bin.js';
import { loadBoard, machineOf } from '../build/boards.js';
import { sealBoot2 } from '../build/boot2.js';
import { writeHex } from '../build/hex.js';
import type { Chunk } from '../build/image.js';
import { writeUf2 } from '../build/uf2.js';
import { checkImage } from './checkImage.js';
import { type FirmwareFile, readFirmware } from './readFirmware.js';
import { makeMcubootImage } from './testing/virtualSmp.js';

const words = (address: number, ...values: number[]): Chunk => ({
  address,
  bytes: new Uint8Array(Uint32Array.from(values).buffer),
});
const f405 = loadBoard('stm32f405-virtual');
const pico = loadBoard('pico');
const good = words(0x08000000, 0x20020000, 0x08000101, 1, 2);

describe('checkImage', () => {
  const check =
    (image: Chunk[], board = f405) =>
    () =>
      checkImage({ format: 'bin', image }, { board, arch: 'arm' });

  it('takes a program that can start', () => {
    expect(check([good])).not.toThrow();
    expect(check([good, words(0x08000800, 7)])).not.toThrow();
  });
  it.each([
    [
      'outside',
      [good, words(0x20000000, 1)],
      /0x20000000, which is not flash of the board \(flash 0x08000000 to 0x080f/,
    ],
    ['before', [words(0x07fffffc, 1, 2), good], /0x07fffffc/],
    ['past the end', [good, words(0x080ffffc, 1, 2)], /0x08100000/],
    ['elsewhere', [words(0x08004000, 0x20020000, 0x08000101)], /nothing of it lies at 0x08000000/],
    ['no stack', [words(0x08000000, 0x10000000, 0x08000101)], /stack pointer 0x10000000/],
    ['odd stack', [words(0x08000000, 0x20000402, 0x08000101)], /stack pointer/],
    ['even reset', [words(0x08000000, 0x20020000, 0x08000100)], /reset vector 0x08000100/],
    ['reset outside', [words(0x08000000, 0x20020000, 0x08100001)], /reset vector/],
  ])('%s is refused with a sentence, exit 3', (_, image, message) => {
    expect(check(image as Chunk[])).toThrow(expect.objectContaining({ code: 'flash.image', exit: 3 }));
    expect(check(image as Chunk[])).toThrow(message);
  });
  it('another processor is refused', () => {
    expect(() => checkImage({ format: 'elf', image: [good], machine: 'riscv' }, { board: f405, arch: 'arm' })).toThrow(
      /it is for RISC-V of 32 bits, the board is Arm/,
    );
  });
  it.each([
    ['riscv64', 'gd32vf103-longan-nano', 'it is for RISC-V of 64 bits, the board is RISC-V of 32 bits'],
    ['riscv64', 'virtual-rv32', 'it is for RISC-V of 64 bits, the board is RISC-V of 32 bits'],
    ['riscv', 'maix-bit', 'it is for RISC-V of 32 bits, the board is RISC-V of 64 bits'],
    ['riscv64', 'esp32-s3-devkitc', 'it is for RISC-V of 64 bits, the board is neither Arm nor RISC-V'],
  ] as const)('an ELF for %s is refused by %s', (machine, id, reason) => {
    const board = loadBoard(id);
    const refused = (): void =>
      checkImage({ format: 'elf', image: [good], machine }, { board, arch: machineOf(board) });
    expect(refused).toThrow(expect.objectContaining({ code: 'flash.image', message: expect.stringContaining(reason) }));
  });
  it.each([
    ['a merged image', 'esp32-s3-devkitc', [words(0x42000000, 0xe9, 1)], undefined],
    ['an application behind a second stage', 'esp32-s3-devkitc', [words(0x42010000, 0xe9, 1)], undefined],
    ['direct boot', 'esp32-c6-devkitc', [words(0x42000000, 0xaedb041d, 0xaedb041d, 3)], undefined],
    ['direct boot elsewhere', 'esp32-c6-devkitc', [words(0x42001000, 0xaedb041d, 0xaedb041d, 3)], /begin with 0xe9/],
    ['half a mark', 'esp32-c3-devkitm', [words(0x42000000, 0xaedb041d, 3)], /0xe9, .* or the mark of direct boot/],
    ['a mark where there is no direct boot', 'esp32-s3-devkitc', [words(0x42000000, 0xaedb041d, 0xaedb041d)], /0xe9/],
    ['one byte', 'esp32-c3-devkitm', [{ address: 0x42000000, bytes: Uint8Array.of(0x1d) }], /0xe9/],
  ])('an ESP32 starts %s on %s, or is told why not', (_, id, image, message) => {
    const judge = () => checkImage({ format: 'bin', image }, { board: loadBoard(id), arch: machineOf(loadBoard(id)) });
    if (message) expect(judge).toThrow(message);
    else expect(judge).not.toThrow();
  });
  it('a board for whose processor mote reads no ELF takes none', () => {
    const elf: FirmwareFile = { format: 'elf', image: [words(0x42000000, 0xe9)], machine: 'arm' };
    expect(() => checkImage(elf, { board: loadBoard('esp32-s3-devkitc'), arch: 'other' })).toThrow(
      /neither Arm nor RISC-V/,
    );
  });
  it("an RP2040's second stage needs its checksum", () => {
    const boot = { address: 0x10000000, bytes: new Uint8Array(256).fill(3) };
    const program = words(0x10000100, 0x20001000, 0x10000201);
    expect(check([program], pico)).toThrow(/lacks the second-stage/);
    expect(check([boot, program], pico)).toThrow(/checksum of its second-stage/);
    sealBoot2(boot.bytes);
    expect(check([boot, program], pico)).not.toThrow();
  });
});

describe('an image for MCUboot', () => {
  const dk = loadBoard('nrf52840-dk');
  const slot = 0xc000;
  const program = (stack = 0x20040000, reset = 0xc301) => new Uint8Array(Uint32Array.of(stack, reset, 1, 2).buffer);
  const signed = (bytes: Uint8Array, headerBytes = 0x200) => makeMcubootImage(bytes, [1, 0, 0], headerBytes);
  const check = (bytes: Uint8Array, method?: string, address = slot) =>
    checkImage({ format: 'bin', image: [{ address, bytes }] }, { board: dk, arch: 'arm', ...(method && { method }) });

  it('is judged behind its header', () => {
    expect(() => check(signed(program()))).not.toThrow();
    expect(() => check(signed(program()), 'smp')).not.toThrow();
  });
  it.each([
    ['vectors out of line', signed(program(), 32), /--header-size 0x200/],
    ['no stack', signed(program(0x10000000)), /stack pointer 0x10000000/],
    ['linked for the start of flash', signed(program(0x20040000, 0x301)), /reset vector 0x00000301 .* 0x0000c200/],
    ['no program', signed(new Uint8Array(0)), /its reset vector|its stack pointer/],
    ['padded', Uint8Array.from([...signed(program()), 1]), /without --pad/],
    ['too long', signed(Uint8Array.from([...program(), ...new Uint8Array(0x76000)])), /outside of the slot/],
  ])('%s is refused with a sentence, exit 3', (_, bytes, message) => {
    expect(() => check(bytes)).toThrow(expect.objectContaining({ code: 'flash.image', exit: 3 }));
    expect(() => check(bytes)).toThrow(message);
  });
  it.each([
    ['a plain program', program(), slot, /it has no header of MCUboot/],
    ['a program for the start of flash', program(0x20040000, 0x301), 0, /it has no header of MCUboot/],
    ['a header with nothing behind it', signed(program()).slice(0, 0x204), slot, /its header or its hash is damaged/],
  ])('%s by smp is told how to sign', (_, bytes, address, message) => {
    expect(() => check(bytes, 'smp', address)).toThrow(
      expect.objectContaining({
        code: 'flash.unsigned',
        exit: 3,
        help: expect.stringContaining('imgtool sign --key KEY.pem --header-size 0x200'),
      }),
    );
    expect(() => check(bytes, 'smp', address)).toThrow(message);
  });
});

describe('readFirmware', () => {
  it('knows the format by its content', () => {
    expect(readFirmware(Buffer.from(writeHex([good])), 'x')).toEqual({ format: 'hex', image: [good] });
    expect(readFirmware(writeUf2([good]), 'x')).toMatchObject({ format: 'uf2', family: 0xe48bff56 });
    expect(readFirmware(writeBin([good]).bytes, 'x', 0x08000000)).toEqual({ format: 'bin', image: [good] });
  });
  it('a plain binary needs an address, the others refuse one', () => {
    expect(() => readFirmware(Uint8Array.of(1, 2, 3, 4), 'x.bin')).toThrow(/add --address/);
    expect(() => readFirmware(writeUf2([good]), 'x.uf2', 0)).toThrow(/x.uf2 is uf2 and knows its addresses/);
  });
  it.each([
    ['empty', new Uint8Array(), 0],
    ['cut ELF', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1), undefined],
    ['cut UF2', writeUf2([good]).slice(0, 500), undefined],
    ['empty HEX', Buffer.from(':00000001FF\n'), undefined],
    ['a binary at the end of memory', Uint8Array.of(1, 2, 3, 4), 0xfffffffd],
  ])('%s is refused', (_, bytes, address) => {
    expect(() => readFirmware(bytes, 'x', address)).toThrow(expect.objectContaining({ code: 'data.broken', exit: 3 }));
  });
});
