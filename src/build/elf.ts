// SPDX-License-Identifier: Apache-2.0
// Reads ELF32 and ELF64, little endian (System V ABI, chapters 4 and 5): sections, segments, symbols. Every offset is
// checked; addresses and sizes of ELF64 must fit a double.

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
  /** Bits of a register: 64 of RV64. */
  wordBits: 32 | 64;
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

/** Where the two classes keep their fields: offsets in header and table entries, bytes of an entry. */
const layouts = {
  32: {
    headerBytes: 52,
    header: { entry: 24, segments: 28, sections: 32, flags: 36, sizes: 42 },
    section: { bytes: 40, flags: 8, address: 12, offset: 16, size: 20, link: 24 },
    segment: { bytes: 32, flags: 24, offset: 4, address: 8, loadAddress: 12, fileSize: 16, memorySize: 20 },
    symbol: { bytes: 16, info: 12, section: 14, value: 4, size: 8 },
  },
  64: {
    headerBytes: 64,
    header: { entry: 24, segments: 32, sections: 40, flags: 48, sizes: 54 },
    section: { bytes: 64, flags: 8, address: 16, offset: 24, size: 32, link: 40 },
    segment: { bytes: 56, flags: 4, offset: 8, address: 16, loadAddress: 24, fileSize: 32, memorySize: 40 },
    symbol: { bytes: 24, info: 4, section: 6, value: 8, size: 16 },
  },
} as const;

/** A view that answers a read outside the file with ElfError. */
class Reader {
  private readonly view: DataView;
  constructor(
    private readonly bytes: Uint8Array,
    readonly wordBits: 32 | 64,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get layout(): (typeof layouts)[32 | 64] {
    return layouts[this.wordBits];
  }
  /** e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx. */
  tableSize(index: number): number {
    return this.u16(this.layout.header.sizes + 2 * index);
  }
  /** An address, offset or size. */
  word(offset: number): number {
    return this.wordBits === 64 ? this.u64(offset) : this.u32(offset);
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
  u64(offset: number): number {
    this.need(offset, 8, 'a field');
    const value = Number(this.view.getBigUint64(offset, true));
    if (!Number.isSafeInteger(value)) throw new ElfError('a field is beyond any memory');
    return value;
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
  const { header, section: field } = r.layout;
  const table = r.word(header.sections);
  const count = r.tableSize(3);
  if (count > 0 && r.tableSize(2) !== field.bytes) throw new ElfError('its section headers have an unknown size');
  r.need(table, count * field.bytes, 'the section table');
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * field.bytes;
    const section = {
      name: '',
      nameOffset: r.u32(at),
      type: r.u32(at + 4),
      flags: r.word(at + field.flags),
      address: r.word(at + field.address),
      offset: r.word(at + field.offset),
      size: r.word(at + field.size),
      link: r.u32(at + field.link),
    };
    if (section.type !== sectionTypes.nobits && section.type !== 0)
      r.need(section.offset, section.size, `section ${i}`);
    return section;
  });
}

function nameSections(r: Reader, sections: RawSection[]): void {
  const names = sections[r.tableSize(4)];
  if (!names) return;
  for (const s of sections)
    s.name = s.nameOffset < names.size ? r.text(names.offset + s.nameOffset, names.offset + names.size) : '';
}

function readSegments(r: Reader): ElfSegment[] {
  const { header, segment: field } = r.layout;
  const table = r.word(header.segments);
  const entryBytes = field.bytes;
  const count = r.tableSize(1);
  if (count > 0 && r.tableSize(0) !== entryBytes) throw new ElfError('its program headers have an unknown size');
  r.need(table, count * entryBytes, 'the program header table');
  const segments: ElfSegment[] = [];
  for (let at = table; at < table + count * entryBytes; at += entryBytes) {
    if (r.u32(at) !== ptLoad) continue;
    const segment = {
      offset: r.word(at + field.offset),
      address: r.word(at + field.address),
      loadAddress: r.word(at + field.loadAddress),
      fileSize: r.word(at + field.fileSize),
      memorySize: r.word(at + field.memorySize),
      executable: (r.u32(at + field.flags) & 1) !== 0,
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
  const { symbol: field } = r.layout;
  return Array.from({ length: Math.floor(table.size / field.bytes) }, (_, i) => {
    const at = table.offset + i * field.bytes;
    const nameAt = r.u32(at);
    const info = r.u8(at + field.info);
    const index = r.u16(at + field.section);
    return {
      name: nameAt < names.size ? r.text(names.offset + nameAt, names.offset + names.size) : '',
      value: r.word(at + field.value),
      size: r.word(at + field.size),
      type: symbolTypes[info & 15] ?? 'other',
      global: info >> 4 !== 0,
      section: index > 0 && index < sections.length ? index : undefined,
    };
  });
}

const fileMagic = 0x464c457f;
const classes: Record<number, 32 | 64> = { 1: 32, 2: 64 };

/** A reader of the file's own class. */
function openElf(bytes: Uint8Array): Reader {
  const head = new Reader(bytes, 32);
  if (bytes.length < layouts[32].headerBytes || head.u32(0) !== fileMagic) throw new ElfError('it is no ELF file');
  const wordBits = classes[head.u8(4)];
  if (wordBits === undefined || head.u8(5) !== 1) throw new ElfError('it is not 32 or 64 bits, little endian');
  if (bytes.length < layouts[wordBits].headerBytes) throw new ElfError('it is no ELF file');
  return new Reader(bytes, wordBits);
}

/** The parts of an executable for Arm or RISC-V; ElfError for anything else. */
export function readElf(bytes: Uint8Array): Elf {
  const r = openElf(bytes);
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
  const { wordBits, layout } = r;
  const segments = readSegments(r);
  const [entry, flags] = [r.word(layout.header.entry), r.u32(layout.header.flags)];
  return { machine, wordBits, entry, flags, sections, segments, symbols, bytes };
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
