// SPDX-License-Identifier: Apache-2.0
// What a linked program occupies: totals per memory, sections, largest functions.
import type { Board } from '../generated/board.js';
import { type Elf, sectionFlags, sectionTypes } from './elf.js';
import { regionOf } from './linkerScript.js';

export interface MemoryUse {
  /** Instructions, start-up and second stage included. */
  codeBytes: number;
  /** Constants, and the initial values of variables. */
  constBytes: number;
  /** Everything in flash: code, constants and the padding between them. */
  flashBytes: number;
  flashTotalBytes: number;
  /** Everything in RAM: reserved stack, variables, arena with its guards, padding. */
  ramBytes: number;
  ramTotalBytes: number;
}

export interface SectionSize {
  name: string;
  address: number;
  bytes: number;
}

export interface FunctionSize {
  name: string;
  bytes: number;
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

export function memoryUse(elf: Elf, board: Board): MemoryUse {
  const flash = regionOf(board, 'flash');
  const ram = regionOf(board, 'ram');
  const inside = (address: number, region: typeof flash): boolean =>
    address >= Number(region.start) && address < Number(region.start) + region.bytes;
  const allocated = elf.sections.filter((s) => s.flags & sectionFlags.alloc && s.size > 0);
  const code = allocated.filter((s) => s.flags & sectionFlags.execute && s.type !== sectionTypes.nobits);
  const constant = allocated.filter((s) => !(s.flags & sectionFlags.execute) && s.type !== sectionTypes.nobits);
  const boot = board.memory.find((m) => m.kind === 'boot');
  const bootBytes = boot ? sumOf(code.filter((s) => inside(s.address, boot)).map((s) => s.size)) : 0;
  const flashEnd = Math.max(
    Number(flash.start),
    ...elf.segments
      .filter((s) => s.fileSize > 0 && inside(s.loadAddress, flash))
      .map((s) => s.loadAddress + s.fileSize),
  );
  const ramEnd = Math.max(
    Number(ram.start),
    ...allocated.filter((s) => inside(s.address, ram)).map((s) => s.address + s.size),
  );
  return {
    codeBytes: sumOf(code.map((s) => s.size)),
    constBytes: sumOf(constant.map((s) => s.size)),
    flashBytes: flashEnd - Number(flash.start) + bootBytes,
    flashTotalBytes: flash.bytes + (boot?.bytes ?? 0),
    ramBytes: ramEnd - Number(ram.start),
    ramTotalBytes: ram.bytes,
  };
}

export function sectionSizes(elf: Elf): SectionSize[] {
  return elf.sections
    .filter((s) => s.flags & sectionFlags.alloc && s.size > 0)
    .map((s) => ({ name: s.name, address: s.address, bytes: s.size }));
}

/** The `count` largest functions, each once however many names it has. */
export function largestFunctions(elf: Elf, count: number): FunctionSize[] {
  const byAddress = new Map<number, FunctionSize>();
  for (const s of elf.symbols) {
    if (s.type !== 'function' || s.size === 0) continue;
    const before = byAddress.get(s.value);
    if (!before || before.name.length > s.name.length) byAddress.set(s.value, { name: s.name, bytes: s.size });
  }
  return [...byAddress.values()].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1)).slice(0, count);
}
