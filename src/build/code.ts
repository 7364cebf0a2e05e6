// SPDX-License-Identifier: Apache-2.0
// The functions of a linked program and the instructions in them; literal pools and tables are told apart by the
// mapping symbols of the ABIs ($t, $a, $x code, $d data: Arm AAELF32 5.5.5, RISC-V ELF psABI).
import { type Elf, sectionBytes, sectionFlags, sectionTypes } from './elf.js';

export interface CodeFunction {
  name: string;
  start: number;
  end: number;
}

export interface CodeSection {
  start: number;
  end: number;
  view: DataView;
  /** Where code and data alternate, in order of address. */
  marks: { address: number; data: boolean }[];
}

export interface Code {
  machine: Elf['machine'];
  wordBits: Elf['wordBits'];
  functions: CodeFunction[];
  sections: CodeSection[];
}

function codeSections(elf: Elf): CodeSection[] {
  const found: CodeSection[] = [];
  for (const [index, s] of elf.sections.entries()) {
    if (!(s.flags & sectionFlags.execute) || s.type === sectionTypes.nobits || s.size === 0) continue;
    const bytes = sectionBytes(elf, s);
    const marks = elf.symbols
      .filter((m) => m.section === index && /^\$[tadx]/.test(m.name))
      .map((m) => ({ address: m.value, data: m.name.startsWith('$d') }))
      .sort((a, b) => a.address - b.address);
    found.push({
      start: s.address,
      end: s.address + bytes.length,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      marks,
    });
  }
  return found;
}

/** Functions in order of address, each once; a shorter name wins (the public one of several). */
function codeFunctions(elf: Elf, sections: readonly CodeSection[]): CodeFunction[] {
  const byStart = new Map<number, CodeFunction>();
  for (const s of elf.symbols) {
    if (s.type !== 'function' || s.size === 0) continue;
    const start = elf.machine === 'arm' ? s.value & ~1 : s.value;
    const before = byStart.get(start);
    if (!sections.some((c) => start >= c.start && start < c.end)) continue;
    if (!before || before.name.length > s.name.length) byStart.set(start, { name: s.name, start, end: start + s.size });
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

export function codeOf(elf: Elf): Code {
  const sections = codeSections(elf);
  return { machine: elf.machine, wordBits: elf.wordBits, functions: codeFunctions(elf, sections), sections };
}

export function sectionAt(code: Code, address: number): CodeSection | undefined {
  return code.sections.find((s) => address >= s.start && address < s.end);
}

/** The function that starts at or contains this address. */
export function functionAt(code: Code, address: number): CodeFunction | undefined {
  return code.functions.find((f) => address >= f.start && address < f.end);
}

export interface Instruction {
  address: number;
  /** 2 or 4 bytes. */
  bytes: number;
  /** First (or only) halfword, and the second of a 4-byte instruction, else 0. */
  half: number;
  half2: number;
}

const isLong = (machine: Elf['machine'], half: number): boolean =>
  machine === 'arm' ? half >>> 11 >= 0x1d : (half & 3) === 3;

/** The instructions of [start, end), data left out. */
export function* instructions(code: Code, start: number, end: number): Generator<Instruction> {
  const section = sectionAt(code, start);
  if (!section) return;
  const { view, marks } = section;
  const limit = Math.min(end, section.end);
  let mark = marks.findLastIndex((m) => m.address <= start);
  let at = start;
  // Arm objects mark all code, but clang no section that is data alone (vectors): what comes before the first mark is data.
  if (mark < 0 && code.machine === 'arm' && marks.length > 0) at = Math.max(at, marks[0].address);
  while (at + 2 <= limit) {
    while (mark + 1 < marks.length && marks[mark + 1].address <= at) mark++;
    if (mark >= 0 && marks[mark].data) {
      at = marks[mark + 1]?.address ?? limit;
      continue;
    }
    const half = view.getUint16(at - section.start, true);
    const long = isLong(code.machine, half) && at + 4 <= limit;
    yield { address: at, bytes: long ? 4 : 2, half, half2: long ? view.getUint16(at + 2 - section.start, true) : 0 };
    at += long ? 4 : 2;
  }
}

/** The word at an address in code (a literal), or undefined. */
export function wordAt(code: Code, address: number): number | undefined {
  const section = sectionAt(code, address);
  return section && address + 4 <= section.end ? section.view.getInt32(address - section.start, true) : undefined;
}
