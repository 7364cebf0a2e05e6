// SPDX-License-Identifier: Apache-2.0
// Reads ELF32 little endian (System V ABI, chapters 4 and 5): sections, segments, symbols. Every offset is checked.

export interface ElfSection {
  name: string;
  type: number;
  flags: number;
  address: number;
  size: number;
  /** Place in the file; NOBITS sections have none. */
  offset: number;
}

export interface ElfSegment {
  offset: number;
  /** Where it runs, and where it is loaded (flash). */
  address: number;
  loadAddress: number;
  fileSize: number;
  memorySize: number;
  executable: boolean;
}

export interface ElfSymbol {
  name: string;
  value: number;
  size: number;
  type: 'none' | 'object' | 'function' | 'section' | 'file' | 'other';
  global: boolean;
  /** Index into sections; undefined for absolute and undefined symbols. */
  section: number | undefined;
}

export interface Elf {
  machine: 'arm' | 'riscv';
  entry: number;
  /** e_flags: what the ABI supplement of the processor says. */
  flags: number;
  sections: ElfSection[];
  segments: ElfSegment[];
  symbols: ElfSymbol[];
  bytes: Uint8Array;
}

export const sectionFlags = { write: 1, alloc: 2, execute: 4 } as const;
export const sectionTypes = { symtab: 2, nobits: 8 } as const;

const machines: Record<number, Elf['machine']> = { 40: 'arm', 243: 'riscv' };
const symbolTypes: ElfSymbol['type'][] = ['none', 'object', 'function', 'section', 'file'];
const ptLoad = 1;

/** Why bytes are no ELF file that mote can use. */
export class ElfError extends Error {}

/** A view that answers a read outside the file with ElfError. */
class Reader {
  private readonly view: DataView;
  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  need(offset: number, count: number, what: string): void {
    if (offset + count > this.bytes.length) throw new ElfError(`${what} lies outside the file`);
  }
  u8(offset: number): number {
    this.need(offset, 1, 'a byte');
    return this.view.getUint8(offset);
  }
  u16(offset: number): number {
    this.need(offset, 2, 'a field');
    return this.view.getUint16(offset, true);
  }
  u32(offset: number): number {
    this.need(offset, 4, 'a field');
    return this.view.getUint32(offset, true);
  }
  /** Zero-terminated, at most 4096 bytes. */
  text(offset: number, end: number): string {
    const limit = Math.min(end, this.bytes.length, offset + 4096);
    let stop = offset;
    while (stop < limit && this.bytes[stop] !== 0) stop++;
    return Buffer.from(this.bytes.subarray(offset, stop)).toString('latin1');
  }
}

interface RawSection extends ElfSection {
  nameOffset: number;
  link: number;
}

function readSections(r: Reader): RawSection[] {
  const table = r.u32(32);
  const entryBytes = r.u16(46);
  const count = r.u16(48);
  if (count > 0 && entryBytes !== 40) throw new ElfError('its section headers have an unknown size');
  r.need(table, count * entryBytes, 'the section table');
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * entryBytes;
    const section = {
      name: '',
      nameOffset: r.u32(at),
      type: r.u32(at + 4),
      flags: r.u32(at + 8),
      address: r.u32(at + 12),
      offset: r.u32(at + 16),
      size: r.u32(at + 20),
      link: r.u32(at + 24),
    };
    if (section.type !== sectionTypes.nobits && section.type !== 0)
      r.need(section.offset, section.size, `section ${i}`);
    return section;
  });
}

function nameSections(r: Reader, sections: RawSection[]): void {
  const names = sections[r.u16(50)];
  if (!names) return;
  for (const s of sections)
    s.name = s.nameOffset < names.size ? r.text(names.offset + s.nameOffset, names.offset + names.size) : '';
}

function readSegments(r: Reader): ElfSegment[] {
  const table = r.u32(28);
  const entryBytes = r.u16(42);
  const count = r.u16(44);
  if (count > 0 && entryBytes !== 32) throw new ElfError('its program headers have an unknown size');
  r.need(table, count * entryBytes, 'the program header table');
  const segments: ElfSegment[] = [];
  for (let at = table; at < table + count * entryBytes; at += entryBytes) {
    if (r.u32(at) !== ptLoad) continue;
    const segment = {
      offset: r.u32(at + 4),
      address: r.u32(at + 8),
      loadAddress: r.u32(at + 12),
      fileSize: r.u32(at + 16),
      memorySize: r.u32(at + 20),
      executable: (r.u32(at + 24) & 1) !== 0,
    };
    r.need(segment.offset, segment.fileSize, 'a segment');
    if (segment.fileSize > segment.memorySize) throw new ElfError('a segment is larger in the file than in memory');
    segments.push(segment);
  }
  return segments;
}

function readSymbols(r: Reader, sections: readonly RawSection[]): ElfSymbol[] {
  const table = sections.find((s) => s.type === sectionTypes.symtab);
  if (!table) return [];
  const names = sections[table.link];
  if (!names) throw new ElfError('its symbols have no names');
  return Array.from({ length: Math.floor(table.size / 16) }, (_, i) => {
    const at = table.offset + i * 16;
    const nameAt = r.u32(at);
    const info = r.u8(at + 12);
    const index = r.u16(at + 14);
    return {
      name: nameAt < names.size ? r.text(names.offset + nameAt, names.offset + names.size) : '',
      value: r.u32(at + 4),
      size: r.u32(at + 8),
      type: symbolTypes[info & 15] ?? 'other',
      global: info >> 4 !== 0,
      section: index > 0 && index < sections.length ? index : undefined,
    };
  });
}

/** The parts of an ELF32 executable for Arm or RISC-V; ElfError for anything else. */
export function readElf(bytes: Uint8Array): Elf {
  const r = new Reader(bytes);
  if (bytes.length < 52 || r.u32(0) !== 0x464c457f) throw new ElfError('it is no ELF file');
  if (r.u8(4) !== 1 || r.u8(5) !== 1) throw new ElfError('it is not 32-bit little endian');
  const machine = machines[r.u16(18)];
  if (machine === undefined) throw new ElfError('it is for another processor than Arm or RISC-V');
  const raw = readSections(r);
  nameSections(r, raw);
  const symbols = readSymbols(r, raw);
  const sections = raw.map(({ name, type, flags, address, size, offset }) => ({
    name,
    type,
    flags,
    address,
    size,
    offset,
  }));
  return { machine, entry: r.u32(24), flags: r.u32(36), sections, segments: readSegments(r), symbols, bytes };
}

/** The bytes of a section (a view); none for NOBITS. */
export function sectionBytes(elf: Elf, section: ElfSection): Uint8Array {
  return section.type === sectionTypes.nobits
    ? new Uint8Array()
    : elf.bytes.subarray(section.offset, section.offset + section.size);
}

export function sectionNamed(elf: Elf, name: string): ElfSection | undefined {
  return elf.sections.find((s) => s.name === name);
}
