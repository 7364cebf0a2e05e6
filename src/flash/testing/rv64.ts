// SPDX-License-Identifier: Apache-2.0
// Test only: an RV64IMC core with one interrupt, enough to run what is loaded into a K210. A register is two words of 32
// bits; of an address only the lower word counts, as on the K210. Anything undefined, or an access where nothing is, stops
// it for good. Encodings: The RISC-V Instruction Set Manual, volume I, chapters 2, 5, 7 and 16.
import { expand16 } from './rv32Compressed.js';
import { Rv64Floats } from './rv64Floats.js';
import { shiftLeft, shiftRight, shiftRightSigned, wideDivide, wideMultiply, wordDivide } from './rv64Wide.js';

export interface Rv64Bus {
  /** Undefined where nothing is. `bytes` is 1, 2 or 4; the value is not sign-extended. */
  load(address: number, bytes: number): number | undefined;
  /** False where nothing is. */
  store(address: number, bytes: number, value: number): boolean;
  /** A machine external interrupt is asked for. */
  interrupting(): boolean;
}

/** SRAM is seen from 0x40000000, and by the cache from 0x80000000. */
const mirrorMask = 0x3fffffff;
const mhartid = 0xf14;
/** Privileged ISA, chapter 3. */
const csr = { mstatus: 0x300, mie: 0x304, mtvec: 0x305, mepc: 0x341, mcause: 0x342, mip: 0x344 };
const [globalEnable, previousEnable, externalEnable, externalCause] = [1 << 3, 1 << 7, 1 << 11, 11];
/** mcycle, minstret and what user programs see of them: instructions. */
const counters = [0xb00, 0xb02, 0xc00, 0xc02];

export class Rv64 {
  readonly lo = new Int32Array(32);
  readonly hi = new Int32Array(32);
  pc = 0;
  /** Why it stopped for good. */
  fault: string | undefined;
  steps = 0;
  /** A jump to here ends `run`, and is told by `returned`. */
  returnAddress = -1;
  returned = false;
  /** With interrupts on, a program that touches nothing but RAM for so long waits for one. */
  idleSteps = 0;
  /** That is how the last `run` ended. */
  idled = false;
  readonly floats = new Rv64Floats();
  readonly #expanded = new Uint32Array(1 << 16);
  readonly #view: DataView;
  readonly #csrs = new Map<number, number>();
  #pause = false;
  /** The upper word of what #compute gives. */
  #high = 0;
  #lastAccess = 0;
  /** They are switched on. */
  #interrupts = false;

  constructor(
    readonly ram: Uint8Array,
    readonly bus: Rv64Bus,
  ) {
    this.#view = new DataView(ram.buffer, ram.byteOffset, ram.length);
  }

  /** Ends `run` after the instruction at hand: it waits for something. */
  pause(): void {
    this.#pause = true;
  }

  /** Until it waits, returns or stops; a program that does none of it in `mostSteps` counts as hung. */
  run(mostSteps: number): void {
    this.#pause = false;
    this.returned = false;
    this.idled = false;
    for (let i = 0; i < mostSteps; i++) {
      if (this.fault !== undefined) return;
      if (this.pc === this.returnAddress) {
        this.returned = true;
        return;
      }
      if (this.#interrupts && this.#external()) return;
      const before = this.pc;
      this.#step();
      this.steps++;
      if (this.#pause) return;
      // No interrupt would ever end it.
      if (this.pc === before) this.#stop('it hangs');
    }
    this.#stop('it hangs');
  }

  #setCsr(number: number, value: number): void {
    this.#csrs.set(number, value);
    const [status, enabled] = [csr.mstatus, csr.mie].map((n) => this.#csrs.get(n) ?? 0);
    this.#interrupts = (status & globalEnable) !== 0 && (enabled & externalEnable) !== 0;
  }

  /** The reset pin. */
  reset(): void {
    this.#csrs.clear();
    this.#interrupts = false;
    this.fault = undefined;
  }

  /** Takes the interrupt that is asked for; true where the program only waits for one. */
  #external(): boolean {
    if (!this.bus.interrupting()) {
      this.idled = this.steps - this.#lastAccess > this.idleSteps;
      if (this.idled) this.#lastAccess = this.steps;
      return this.idled;
    }
    this.#setCsr(csr.mepc, this.pc | 0);
    this.#setCsr(csr.mcause, externalCause);
    const status = this.#csrs.get(csr.mstatus) ?? 0;
    this.#setCsr(csr.mstatus, (status & ~globalEnable) | previousEnable);
    this.pc = ((this.#csrs.get(csr.mtvec) ?? 0) & ~3) >>> 0;
    this.#lastAccess = this.steps;
    return false;
  }

  #returnFromTrap(): boolean {
    const status = this.#csrs.get(csr.mstatus) ?? 0;
    this.#setCsr(csr.mstatus, (status & previousEnable) !== 0 ? status | globalEnable : status & ~globalEnable);
    return this.#set(0, 0, 0, this.#csrs.get(csr.mepc) ?? 0);
  }

  /** All steps tell whether the core goes on. */
  #stop(reason: string): false {
    this.fault ??= `${reason} at 0x${this.pc.toString(16)}`;
    return false;
  }

  /** Place in RAM, or -1. */
  place(address: number, bytes: number): number {
    const at = address & mirrorMask;
    const mirror = address >>> 30;
    return (mirror === 1 || mirror === 2) && at + bytes <= this.ram.length ? at : -1;
  }

  #step(): boolean {
    const at = this.pc & 1 ? -1 : this.place(this.pc, 2);
    if (at < 0) return this.#stop('no code');
    const low = this.#view.getUint16(at, true);
    if ((low & 3) !== 3) {
      let instruction = this.#expanded[low];
      if (instruction === 0) {
        instruction = expand16(low, 64);
        this.#expanded[low] = instruction;
      }
      return instruction === 0 ? this.#stop('an illegal instruction') : this.#execute(instruction, 2);
    }
    if (at + 4 > this.ram.length) return this.#stop('no code');
    return this.#execute((low | (this.#view.getUint16(at + 2, true) << 16)) >>> 0, 4);
  }

  #execute(i: number, length: number): boolean {
    const rd = (i >>> 7) & 31;
    const rs1 = (i >>> 15) & 31;
    const next = this.pc + length;
    const signed = i | 0;
    switch (i & 0x7f) {
      case 0x37:
        return this.#set(rd, signed & ~0xfff, signed >> 31, next);
      case 0x17:
        return this.#setSum(rd, this.pc + (signed & ~0xfff), next);
      case 0x6f:
        return this.#set(rd, next | 0, 0, this.pc + jumpOffset(signed));
      case 0x67:
        return this.#set(rd, next | 0, 0, (this.lo[rs1] + (signed >> 20)) & ~1);
      case 0x63:
        return this.#set(0, 0, 0, this.#branches(i) ? this.pc + branchOffset(signed) : next);
      case 0x03:
        return this.#load(i, rd, next);
      case 0x23:
        return this.#store(i, next);
      case 0x13: {
        const low = this.#compute(i, rs1, signed >> 20, signed >> 31, false);
        return this.#set(rd, low, this.#high, next);
      }
      case 0x33: {
        const rs2 = (i >>> 20) & 31;
        const low = this.#compute(i, rs1, this.lo[rs2], this.hi[rs2], true);
        return this.#set(rd, low, this.#high, next);
      }
      case 0x1b:
        return this.#setWord(rd, computeWord(i, this.lo[rs1], signed >> 20, false), next);
      case 0x3b:
        return this.#setWord(rd, computeWord(i, this.lo[rs1], this.lo[(i >>> 20) & 31], true), next);
      case 0x0f: // fence, fence.i
        return this.#set(0, 0, 0, next);
      case 0x73:
        return this.#system(i, rd, rs1, next);
      default:
        return this.#float(i, rd, rs1, next);
    }
  }

  #set(rd: number, low: number, high: number, next: number): true {
    if (rd !== 0) {
      this.lo[rd] = low;
      this.hi[rd] = high;
    }
    this.pc = next >>> 0;
    return true;
  }

  #setWord(rd: number, value: number, next: number): boolean {
    return this.#set(rd, value, value >> 31, next);
  }

  #setSum(rd: number, sum: number, next: number): boolean {
    return this.#set(rd, sum | 0, Math.floor(sum / 2 ** 32) | 0, next);
  }

  #branches(i: number): boolean {
    const [a, b] = [(i >>> 15) & 31, (i >>> 20) & 31];
    const { lo, hi } = this;
    const kind = (i >>> 12) & 7;
    const same = lo[a] === lo[b] && hi[a] === hi[b];
    const holds = kind < 2 ? same : lessThan(lo[a], hi[a], lo[b], hi[b], kind >= 6);
    return (kind & 1) === 0 ? holds : !holds;
  }

  /** Undefined where nothing is, or the address is no multiple of the size. */
  #read(address: number, bytes: number): number | undefined {
    if (address % bytes !== 0) return undefined;
    const at = this.place(address, bytes);
    if (at < 0) {
      this.#lastAccess = this.steps;
      return this.bus.load(address, bytes);
    }
    if (bytes === 4) return this.#view.getUint32(at, true);
    return bytes === 1 ? this.ram[at] : this.#view.getUint16(at, true);
  }

  #write(address: number, bytes: number, value: number): boolean {
    if (address % bytes !== 0) return false;
    const at = this.place(address, bytes);
    if (at < 0) {
      this.#lastAccess = this.steps;
      return this.bus.store(address, bytes, value);
    }
    if (bytes === 4) this.#view.setInt32(at, value, true);
    else if (bytes === 1) this.ram[at] = value;
    else this.#view.setInt16(at, value, true);
    return true;
  }

  #load(i: number, rd: number, next: number): boolean {
    const kind = (i >>> 12) & 7;
    const address = (this.lo[(i >>> 15) & 31] + ((i | 0) >> 20)) >>> 0;
    const value = kind === 7 ? undefined : this.#read(address, Math.min(1 << (kind & 3), 4));
    const upper = kind === 3 && address % 8 === 0 ? this.#read(address + 4, 4) : 0;
    if (value === undefined || upper === undefined || (kind === 3 && address % 8 !== 0))
      return this.#stop(`a read of 0x${address.toString(16)}`);
    if (kind === 3) return this.#set(rd, value | 0, upper | 0, next);
    if (kind === 6) return this.#set(rd, value | 0, 0, next);
    const shift = kind & 4 ? 0 : 32 - 8 * (1 << kind);
    return this.#setWord(rd, (value << shift) >> shift, next);
  }

  #store(i: number, next: number): boolean {
    const kind = (i >>> 12) & 7;
    const offset = (((i | 0) >> 25) << 5) | ((i >>> 7) & 31);
    const address = (this.lo[(i >>> 15) & 31] + offset) >>> 0;
    const from = (i >>> 20) & 31;
    const done =
      kind < 3
        ? this.#write(address, 1 << kind, this.lo[from])
        : kind === 3 &&
          address % 8 === 0 &&
          this.#write(address, 4, this.lo[from]) &&
          this.#write(address + 4, 4, this.hi[from]);
    return done ? this.#set(0, 0, 0, next) : this.#stop(`a write to 0x${address.toString(16)}`);
  }

  /** OP and OP-IMM: the lower word, and the upper one in #high. The M extension is OP with bit 25 set. */
  #compute(i: number, rs1: number, b: number, bHigh: number, register: boolean): number {
    const kind = (i >>> 12) & 7;
    const [a, aHigh] = [this.lo[rs1], this.hi[rs1]];
    if (register && (i & (1 << 25)) !== 0) return this.#wide(kind < 4 ? wideMultiply : wideDivide, kind, rs1, b, bHigh);
    const alternate = (i & (1 << 30)) !== 0;
    this.#high = 0;
    switch (kind) {
      case 0:
        return register && alternate ? this.#add(a, aHigh, ~b, ~bHigh, 1) : this.#add(a, aHigh, b, bHigh, 0);
      case 1:
        return this.#wideShift(shiftLeft(a, aHigh, b & 63));
      case 2:
        return lessThan(a, aHigh, b, bHigh, false) ? 1 : 0;
      case 3:
        return lessThan(a, aHigh, b, bHigh, true) ? 1 : 0;
      case 5:
        return this.#wideShift((alternate ? shiftRightSigned : shiftRight)(a, aHigh, b & 63));
      case 4:
        this.#high = aHigh ^ bHigh;
        return a ^ b;
      case 6:
        this.#high = aHigh | bHigh;
        return a | b;
      default:
        this.#high = aHigh & bHigh;
        return a & b;
    }
  }

  #add(a: number, aHigh: number, b: number, bHigh: number, carry: number): number {
    const sum = (a >>> 0) + (b >>> 0) + carry;
    this.#high = (aHigh + bHigh + (sum >= 2 ** 32 ? 1 : 0)) | 0;
    return sum | 0;
  }

  #wideShift([low, high]: readonly [number, number]): number {
    this.#high = high;
    return low;
  }

  #wide(operation: (kind: number, a: bigint, b: bigint) => bigint, kind: number, rs1: number, b: number, high: number) {
    const join = (low: number, upper: number) => (BigInt(upper) << 32n) | BigInt(low >>> 0);
    const result = operation(kind, join(this.lo[rs1], this.hi[rs1]), join(b, high));
    this.#high = Number(BigInt.asIntN(32, result >> 32n));
    return Number(BigInt.asIntN(32, result));
  }

  /** CSRs are plain words but those that count; wfi never waits; ecall and ebreak end in a trap, which stops it. */
  #system(i: number, rd: number, rs1: number, next: number): boolean {
    const kind = (i >>> 12) & 7;
    const number = i >>> 20;
    if (kind === 0 && number === 0x302) return this.#returnFromTrap();
    if (kind === 0) return number === 0x105 ? this.#set(0, 0, 0, next) : this.#stop('a trap');
    if (counters.includes(number)) return this.#setSum(rd, this.steps, next);
    // The only cause is an interrupt, which the highest bit says.
    if (number === csr.mcause) return this.#set(rd, this.#csrs.get(number) ?? 0, 1 << 31, next);
    if (number === csr.mip) return this.#setWord(rd, this.bus.interrupting() ? 1 << externalCause : 0, next);
    const old = number === mhartid ? 0 : (this.#csrs.get(number) ?? 0);
    const operand = kind & 4 ? rs1 : this.lo[rs1];
    const changed = (kind & 3) === 1 ? operand : (kind & 3) === 2 ? old | operand : old & ~operand;
    if (number !== mhartid) this.#setCsr(number, changed);
    return this.#setWord(rd, old, next);
  }

  #float(i: number, rd: number, rs1: number, next: number): boolean {
    const { floats } = this;
    if ((i & 0x7f) === 0x07 || (i & 0x7f) === 0x27) return this.#floatMemory(i, rd, rs1, next);
    const result = floats.compute(i, this.lo[rs1]);
    if (result === undefined) return this.#stop('an illegal instruction');
    return result === 'done' ? this.#set(0, 0, 0, next) : this.#setWord(rd, result, next);
  }

  #floatMemory(i: number, rd: number, rs1: number, next: number): boolean {
    const stores = (i & 0x7f) === 0x27;
    const offset = stores ? (((i | 0) >> 25) << 5) | ((i >>> 7) & 31) : (i | 0) >> 20;
    const address = (this.lo[rs1] + offset) >>> 0;
    const words = ((i >>> 12) & 7) - 1; // 2: single, 3: double
    for (let k = 0; k < words; k++) {
      const at = 2 * (stores ? (i >>> 20) & 31 : rd) + k;
      const value = stores ? this.floats.bits[at] : this.#read(address + 4 * k, 4);
      const done = value !== undefined && (!stores || this.#write(address + 4 * k, 4, value));
      if (!done) return this.#stop(`a float access to 0x${address.toString(16)}`);
      if (!stores) this.floats.bits[at] = value;
    }
    return this.#set(0, 0, 0, next);
  }
}

function lessThan(a: number, aHigh: number, b: number, bHigh: number, unsigned: boolean): boolean {
  if (aHigh === bHigh) return a >>> 0 < b >>> 0;
  return unsigned ? aHigh >>> 0 < bHigh >>> 0 : aHigh < bHigh;
}

/** OP-32 and OP-IMM-32: the result is a word that is sign-extended. */
function computeWord(i: number, a: number, b: number, register: boolean): number {
  const kind = (i >>> 12) & 7;
  if (register && (i & (1 << 25)) !== 0) return kind === 0 ? Math.imul(a, b) : wordDivide(kind, a, b);
  const alternate = (i & (1 << 30)) !== 0;
  if (kind === 0) return register && alternate ? (a - b) | 0 : (a + b) | 0;
  if (kind === 1) return a << (b & 31);
  return alternate ? a >> (b & 31) : (a >>> (b & 31)) | 0;
}

const jumpOffset = (i: number): number =>
  ((i >> 31) << 20) | (i & 0xff000) | (((i >>> 20) & 1) << 11) | (((i >>> 21) & 0x3ff) << 1);

const branchOffset = (i: number): number =>
  ((i >> 31) << 12) | (((i >>> 7) & 1) << 11) | (((i >>> 25) & 0x3f) << 5) | (((i >>> 8) & 15) << 1);
