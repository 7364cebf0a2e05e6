// SPDX-License-Identifier: Apache-2.0
// Judges an image by the board's memory map before anything is erased: a program that cannot start there, or that
// reaches into what is not the program's, is refused.
import { boot2Crc } from '../build/boot2.js';
import type { Chunk } from '../build/image.js';
import { regionOf } from '../build/linkerScript.js';
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import { blockEnd, bytesAt, hex32 } from './eraseBlocks.js';
import type { EraseBlock } from './flashMemory.js';
import { isSigned, mcubootSlot, wrongSigned } from './mcubootSlot.js';
import type { FirmwareFile } from './readFirmware.js';

export interface ImagePlace {
  board: Board;
  /** Of the board's target. */
  arch: 'arm' | 'riscv' | 'riscv64' | 'other';
  /** The flash method that the user named. */
  method?: string;
}

/** An image for MCUboot's slot is judged behind its header; one that should be and is not signed is told how. */
export function checkImage(file: FirmwareFile, { board, arch, method }: ImagePlace): void {
  const slot = mcubootSlot(board);
  const inSlot = slot !== undefined && (method === 'smp' || isSigned(file.image, board));
  const reason =
    wrongMachine(file, arch) ??
    outsideFlash(file.image, board) ??
    (inSlot ? wrongSlot(file.image, slot, { board, arch }) : wrongStart(file.image, board, arch));
  if (reason !== undefined) fail('flash.image', { board: board.id, reason });
}

function wrongSlot(image: readonly Chunk[], slot: EraseBlock, { board, arch }: ImagePlace): string | undefined {
  const signed = wrongSigned(image, slot, board);
  if (typeof signed === 'string') return signed;
  const start = slot.address + signed.headerBytes;
  const head = bytesAt(image, start, 8);
  if (!head) return 'it has a header for MCUboot and no program behind it';
  return arch === 'arm' ? wrongVectors(head, board, start, blockEnd(slot)) : undefined;
}

const processors: Readonly<Record<ImagePlace['arch'], string>> = {
  arm: 'Arm',
  riscv: 'RISC-V of 32 bits',
  riscv64: 'RISC-V of 64 bits',
  other: 'neither Arm nor RISC-V',
};

function wrongMachine({ machine }: FirmwareFile, arch: ImagePlace['arch']): string | undefined {
  if (machine === undefined || machine === arch) return undefined;
  return `it is for ${processors[machine]}, the board is ${processors[arch]}`;
}

function outsideFlash(image: readonly Chunk[], board: Board): string | undefined {
  const regions = board.memory.filter((m) => m.kind === 'boot' || m.kind === 'flash');
  for (const { address, bytes } of image) {
    let at = address;
    const end = address + bytes.length;
    while (at < end) {
      const region = regions.find((r) => Number(r.start) <= at && at < Number(r.start) + r.bytes);
      if (!region) {
        const has = regions.map((r) => `${r.name} ${r.start} to ${hex32(Number(r.start) + r.bytes - 1)}`).join(', ');
        return `it has bytes at ${hex32(at)}, which is not flash of the board (${has})`;
      }
      at = Number(region.start) + region.bytes;
    }
  }
  return undefined;
}

function wrongStart(image: readonly Chunk[], board: Board, arch: ImagePlace['arch']): string | undefined {
  if (board.flash?.some((f) => f.method === 'esp-rom')) return wrongEspStart(image, board);
  const boot = board.memory.find((m) => m.kind === 'boot');
  const second = boot ? wrongBoot2(image, Number(boot.start), boot.bytes) : undefined;
  if (second !== undefined) return second;
  const flash = regionOf(board, 'flash');
  const start = Number(flash.start);
  const head = bytesAt(image, start, 8);
  if (!head) return `nothing of it lies at ${flash.start}, where the board starts`;
  return arch === 'arm' ? wrongVectors(head, board, start, start + flash.bytes) : undefined;
}

/**
 * What the boot ROM starts begins with 0xE9 (esptool, "Firmware Image Format"), or with the mark of direct boot where the
 * board's file has one. Elsewhere in flash lie the images that a second stage starts, which begin the same way.
 */
function wrongEspStart(image: readonly Chunk[], board: Board): string | undefined {
  const start = Number(regionOf(board, 'flash').start);
  const marks = (board.imageHeader ?? []).map(Number);
  const first = Math.min(...image.map((c) => c.address));
  const head = bytesAt(image, first, 8);
  if (head?.[0] === espImageMagic) return undefined;
  const view = head && new DataView(head.buffer, head.byteOffset, head.length);
  const marked = marks.length > 0 && marks.every((mark, i) => view?.getUint32(4 * i, true) === mark);
  if (marked && first === start) return undefined;
  const either = marks.length > 0 ? ' or the mark of direct boot' : '';
  return `at ${hex32(first)} it does not begin with 0xe9, as images of Espressif's tools do${either}`;
}
const espImageMagic = 0xe9;

/** RP2040 data sheet, 2.8.1.3.1: the boot ROM starts the second stage only with the right CRC. */
function wrongBoot2(image: readonly Chunk[], start: number, bytes: number): string | undefined {
  const boot = bytesAt(image, start, bytes);
  if (!boot) return `it lacks the second-stage boot loader at ${hex32(start)}`;
  const stored = new DataView(boot.buffer, boot.byteOffset).getUint32(bytes - 4, true);
  return stored === boot2Crc(boot.subarray(0, bytes - 4))
    ? undefined
    : 'the checksum of its second-stage boot loader is wrong: the boot ROM would not start it';
}

/** Armv6-M and Armv7-M: the first word is the stack pointer at reset, the second the reset handler with bit 0 set. */
function wrongVectors(head: Uint8Array, board: Board, flashStart: number, flashEnd: number): string | undefined {
  const view = new DataView(head.buffer, head.byteOffset);
  const [stack, reset] = [view.getUint32(0, true), view.getUint32(4, true)];
  const ram = regionOf(board, 'ram');
  const inRam = stack > Number(ram.start) && stack <= Number(ram.start) + ram.bytes && stack % 4 === 0;
  if (!inRam) return `its stack pointer ${hex32(stack)} is not in the board's RAM`;
  const inFlash = reset % 2 === 1 && reset > flashStart && reset < flashEnd;
  return inFlash
    ? undefined
    : `its reset vector ${hex32(reset)} is no Thumb address in ${hex32(flashStart)} to ${hex32(flashEnd - 1)}`;
}
