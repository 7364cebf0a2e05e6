// SPDX-License-Identifier: Apache-2.0
// Test only: an RV32IMC core without interrupts, enough to run what mote loads into a chip's RAM. Anything undefined, or
// an access where nothing is, stops it for good. Encodings: The RISC-V Instruction Set Manual, volume I, chapters 2, 7, 16
// and 24.
import { expand16 } from './rv32Compressed.js';

export interface Rv32Bus {
  /** Undefined where nothing is. `bytes` is 1, 2 or 4; the value is not sign-extended. */
  load(address: number, bytes: number): number | undefined;
  /** False where nothing is. */
  store(address: number, bytes: number, value: number): boolean;
  /** A call into the ROM: what it returns in a0, or 'none' where there is no function. */
  call(address: number, args: readonly number[]): number | 'none' | 'reset';
  isRom(address: number): boolean;
}

const [ra, a0] = [1, 10];

export class Rv32 {
  readonly x = new Int32Array(32);
  pc = 0;
  /** Why it stopped for good. */
  fault: string | undefined;
  steps = 0;
  readonly #expanded = new Uint32Array(1 << 16);
  #pause = false;

  constructor(readonly bus: Rv32Bus) {}

  /** Ends `run` after the instruction at hand: it waits for something. */
  pause(): void {
    this.#pause = true;
  }

  /** Until it waits or stops; a program that does neither in `mostSteps` counts as hung. */
  run(mostSteps: number): void {
    this.#pause = false;
    for (let i = 0; i < mostSteps; i++) {
      if (this.fault !== undefined) return;
      const before = this.pc;
      this.#step();
      this.steps++;
      if (this.#pause) return;
      // No interrupt would ever end it.
      if (this.pc === before) this.#stop('it hangs');
    }
    this.#stop('it hangs');
  }

  /** All steps tell whether the core goes on. */
  #stop(reason: string): false {
    this.fault ??= `${reason} at 0x${(this.pc >>> 0).toString(16)}`;
    return false;
  }

  #step(): boolean {
    const { pc, bus } = this;
    if (bus.isRom(pc)) return this.#romCall();
    const low = pc & 1 ? undefined : bus.load(pc >>> 0, 2);
    if (low === undefined) return this.#stop('no code');
    if ((low & 3) !== 3) {
      let instruction = this.#expanded[low];
      if (instruction === 0) {
        instruction = expand16(low);
        this.#expanded[low] = instruction;
      }
      if (instruction === 0) return this.#stop('an illegal instruction');
      return this.#execute(instruction, 2);
    }
    const high = bus.load((pc + 2) >>> 0, 2);
    if (high === undefined) return this.#stop('no code');
    return this.#execute((low | (high << 16)) >>> 0, 4);
  }

  #romCall(): boolean {
    const result = this.bus.call(
      this.pc >>> 0,
      Array.from(this.x.subarray(a0, a0 + 8), (v) => v >>> 0),
    );
    if (result === 'none') return this.#stop('no function of the ROM');
    if (result === 'reset') {
      this.#pause = true;
      return true;
    }
    return this.#set(a0, result, this.x[ra]);
  }

  #execute(i: number, length: number): boolean {
    const { x } = this;
    const rd = (i >>> 7) & 31;
    const next = this.pc + length;
    const signed = i | 0;
    switch (i & 0x7f) {
      case 0x37:
        return this.#set(rd, signed & ~0xfff, next);
      case 0x17:
        return this.#set(rd, this.pc + (signed & ~0xfff), next);
      case 0x6f:
        return this.#set(rd, next, this.pc + jumpOffset(signed));
      case 0x67:
        return this.#set(rd, next, (x[(i >>> 15) & 31] + (signed >> 20)) & ~1);
      case 0x63:
        return this.#set(0, 0, this.#branches(i) ? this.pc + branchOffset(signed) : next);
      case 0x03:
        return this.#load(i, rd, next);
      case 0x23:
        return this.#store(i, next);
      case 0x13:
        return this.#set(rd, this.#compute(i, x[(i >>> 15) & 31], signed >> 20, false), next);
      case 0x33:
        return this.#set(rd, this.#compute(i, x[(i >>> 15) & 31], x[(i >>> 20) & 31], true), next);
      case 0x0f: // fence, fence.i
        return this.#set(0, 0, next);
      case 0x73: // of the CSR instructions none that matters; ecall and ebreak end in a trap
        if (((i >>> 12) & 7) === 0) return this.#stop('a trap');
        return this.#set(rd, 0, next);
      default:
        return this.#stop('an illegal instruction');
    }
  }

  #set(rd: number, value: number, next: number): true {
    if (rd !== 0) this.x[rd] = value;
    this.pc = next | 0;
    return true;
  }

  #branches(i: number): boolean {
    const [a, b] = [this.x[(i >>> 15) & 31], this.x[(i >>> 20) & 31]];
    const kind = (i >>> 12) & 7;
    const holds = kind < 2 ? a === b : kind < 6 ? a < b : a >>> 0 < b >>> 0;
    return (kind & 1) === 0 ? holds : !holds;
  }

  #load(i: number, rd: number, next: number): boolean {
    const kind = (i >>> 12) & 7;
    const bytes = 1 << (kind & 3);
    const address = (this.x[(i >>> 15) & 31] + ((i | 0) >> 20)) >>> 0;
    const value = bytes > 4 || address % bytes !== 0 ? undefined : this.bus.load(address, bytes);
    if (value === undefined) return this.#stop(`a read of 0x${address.toString(16)}`);
    const shift = kind & 4 ? 0 : 32 - 8 * bytes;
    return this.#set(rd, (value << shift) >> shift, next);
  }

  #store(i: number, next: number): boolean {
    const bytes = 1 << ((i >>> 12) & 3);
    const offset = (((i | 0) >> 25) << 5) | ((i >>> 7) & 31);
    const address = (this.x[(i >>> 15) & 31] + offset) >>> 0;
    if (bytes > 4 || address % bytes !== 0 || !this.bus.store(address, bytes, this.x[(i >>> 20) & 31]))
      return this.#stop(`a write to 0x${address.toString(16)}`);
    return this.#set(0, 0, next);
  }

  /** OP and OP-IMM; the M extension is OP with bit 25 set. */
  #compute(i: number, a: number, b: number, register: boolean): number {
    const kind = (i >>> 12) & 7;
    if (register && (i & (1 << 25)) !== 0) return multiply(kind, a, b);
    const alternate = (i & (1 << 30)) !== 0;
    switch (kind) {
      case 0:
        return register && alternate ? a - b : a + b;
      case 1:
        return a << (b & 31);
      case 2:
        return a < b ? 1 : 0;
      case 3:
        return a >>> 0 < b >>> 0 ? 1 : 0;
      case 4:
        return a ^ b;
      case 5:
        return alternate ? a >> (b & 31) : a >>> (b & 31);
      case 6:
        return a | b;
      default:
        return a & b;
    }
  }
}

function multiply(kind: number, a: number, b: number): number {
  const high = (left: bigint, right: bigint) => Number(BigInt.asIntN(32, (left * right) >> 32n));
  const [ua, ub] = [a >>> 0, b >>> 0];
  switch (kind) {
    case 0:
      return Math.imul(a, b);
    case 1:
      return high(BigInt(a), BigInt(b));
    case 2:
      return high(BigInt(a), BigInt(ub));
    case 3:
      return high(BigInt(ua), BigInt(ub));
    case 4:
      return b === 0 ? -1 : (a / b) | 0;
    case 5:
      return b === 0 ? -1 : Math.floor(ua / ub) | 0;
    case 6:
      return b === 0 ? a : (a % b) | 0;
    default:
      return b === 0 ? a : (ua % ub) | 0;
  }
}

const jumpOffset = (i: number): number =>
  ((i >> 31) << 20) | (i & 0xff000) | (((i >>> 20) & 1) << 11) | (((i >>> 21) & 0x3ff) << 1);

const branchOffset = (i: number): number =>
  ((i >> 31) << 12) | (((i >>> 7) & 1) << 11) | (((i >>> 25) & 0x3f) << 5) | (((i >>> 8) & 15) << 1);
