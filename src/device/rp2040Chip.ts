// SPDX-License-Identifier: Apache-2.0
// rp2040js as a strict chip: what faults on silicon ends the run with a reason here. Memory goes the short way.
import { debuglog } from 'node:util';
import { type RP2040, Simulator } from 'rp2040js';
import { type FlashPart, ImageError } from './flashImage.js';

const log = debuglog('mote:rp2040');

/** RP2040 data sheet, 2.2: flash through the cache, and the six banks of SRAM. */
export const FLASH_START = 0x10000000;
const RAM_START = 0x20000000;
/** SysTick's current value (DDI 0419, B3.3.5): the firmware reads it where a window begins and where it ends. */
const SYST_CVR = 0xe000e018;

/** The program did what makes silicon fault. */
export class GuestFault extends Error {}

const hex = (value: number) => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

/** Executed cycles that the chip's clock has not been told of. Told before each register access and at each alarm. */
class CycleBatch {
  pending = 0;
  /** Cycles until the next alarm; 0 after a register access, which may have set one. */
  budget = 0;
  /** Instructions since the start, and how many there were at the last two looks at SysTick. */
  executed = 0;
  looks: [before: number, last: number] = [0, 0];
  readonly #clock: Simulator['clock'];

  constructor(
    readonly chip: RP2040,
    clock: Simulator['clock'],
  ) {
    this.#clock = clock;
  }

  flush(): void {
    const nanosPerCycle = 1e9 / this.chip.clkSys;
    this.#clock.tick(this.pending * nanosPerCycle);
    this.pending = 0;
    this.budget = Math.ceil(this.#clock.nanosToNextAlarm / nanosPerCycle);
  }

  /** Asleep: straight to the next alarm. */
  skip(): void {
    this.flush();
    this.#clock.tick(Math.max(1, this.#clock.nanosToNextAlarm));
  }

  beforeRegister(): void {
    this.flush();
    this.budget = 0;
  }
}

export interface Chip {
  readonly chip: RP2040;
  /** Runs that many instructions, or fewer: until `stop` says so after a register access. Throws GuestFault. */
  run(instructions: number, stop: () => boolean): void;
  /** Instructions between the program's last two looks at SysTick: the last window's, and a few of the counter's own. */
  windowInstructions(): number;
  /** Instructions since the start. */
  executed(): number;
  /** The chip's clock; exact inside a register access. */
  nanos(): number;
}

/** A chip with the image in flash, about to run the program behind the second-stage boot loader. */
export function makeChip(parts: readonly FlashPart[], vectorTable: number): Chip {
  const { rp2040: chip, clock } = new Simulator();
  const batch = new CycleBatch(chip, clock);
  for (const { address, bytes } of parts) {
    const offset = address - FLASH_START;
    if (offset < 0 || offset + bytes.length > chip.flash.length) {
      throw new ImageError(`it loads ${bytes.length} bytes at ${hex(address)}, which is not flash`);
    }
    chip.flash.set(bytes, offset);
  }
  reportFaults(chip, batch);
  chip.core.VTOR = vectorTable;
  chip.core.reset();
  return {
    chip,
    run: (instructions, stop) => runInstructions(batch, instructions, stop),
    windowInstructions: () => batch.looks[1] - batch.looks[0],
    executed: () => batch.executed,
    nanos: () => clock.nanos,
  };
}

function runInstructions(batch: CycleBatch, instructions: number, stop: () => boolean): void {
  const { core } = batch.chip;
  for (let i = 0; i < instructions; i++) {
    if (core.waiting) {
      batch.skip();
    } else {
      const cycles = core.executeInstruction(); // it may flush, so `pending` is read after it
      batch.pending += cycles;
      batch.executed++;
    }
    if (batch.pending < batch.budget) continue;
    batch.flush();
    if (stop()) return;
  }
}

function reportFaults(chip: RP2040, batch: CycleBatch): void {
  const fault = (what: string): never => {
    throw new GuestFault(`${what}, at ${hex(chip.core.PC - 2)}`);
  };
  chip.onBreak = (code) => fault(`a breakpoint or undefined instruction (${code})`);
  const complain = (component: string, message: string) => {
    // The core and the bus speak of what silicon would fault on; peripherals speak of registers they do not model.
    if (component === 'RP2040' || component === 'CortexM0Core') fault(message);
    log('%s: %s', component, message);
  };
  chip.logger = { debug: () => undefined, info: () => undefined, warn: complain, error: complain };
  guardMemory(chip, batch, fault);
}

/** Replaces the core's memory access: flash and RAM first; unaligned access (ARMv6-M, A3.2) and flash writes refused. */
function guardMemory(chip: RP2040, batch: CycleBatch, fault: (what: string) => never): void {
  const { core, flash, sram } = chip;
  const flash16 = new Uint16Array(flash.buffer);
  const flash32 = new Uint32Array(flash.buffer);
  const ram16 = new Uint16Array(sram.buffer);
  const ram32 = new Uint32Array(sram.buffer);
  const inFlash = (address: number) => address >>> 24 === FLASH_START >>> 24;
  const unaligned = (address: number) => fault(`an unaligned access to ${hex(address)}`);
  const writeRegister = (write: () => void) => {
    batch.beforeRegister();
    write();
  };
  const flashWrite = (address: number) => fault(`a write to flash at ${hex(address)}`);

  core.readUint8 = (wide) => {
    const address = wide >>> 0;
    if ((address - RAM_START) >>> 0 < sram.length) return sram[address - RAM_START];
    if (inFlash(address)) return flash[address - FLASH_START];
    batch.beforeRegister();
    return chip.readUint8(address);
  };
  core.readUint16 = (wide) => {
    const address = wide >>> 0;
    if (address & 1) unaligned(address);
    if (inFlash(address)) return flash16[(address - FLASH_START) >>> 1];
    if ((address - RAM_START) >>> 0 < sram.length) return ram16[(address - RAM_START) >>> 1];
    batch.beforeRegister();
    return chip.readUint16(address);
  };
  core.readUint32 = (wide) => {
    const address = wide >>> 0;
    if (address & 3) unaligned(address);
    if ((address - RAM_START) >>> 0 < sram.length) return ram32[(address - RAM_START) >>> 2];
    if (inFlash(address)) return flash32[(address - FLASH_START) >>> 2];
    if (address === SYST_CVR) batch.looks = [batch.looks[1], batch.executed];
    batch.beforeRegister();
    return chip.readUint32(address);
  };
  core.writeUint8 = (wide, value) => {
    const address = wide >>> 0;
    if ((address - RAM_START) >>> 0 < sram.length) sram[address - RAM_START] = value;
    else if (inFlash(address)) flashWrite(address);
    else writeRegister(() => chip.writeUint8(address, value));
  };
  core.writeUint16 = (wide, value) => {
    const address = wide >>> 0;
    if (address & 1) unaligned(address);
    if ((address - RAM_START) >>> 0 < sram.length) ram16[(address - RAM_START) >>> 1] = value;
    else if (inFlash(address)) flashWrite(address);
    else writeRegister(() => chip.writeUint16(address, value));
  };
  core.writeUint32 = (wide, value) => {
    const address = wide >>> 0;
    if (address & 3) unaligned(address);
    if ((address - RAM_START) >>> 0 < sram.length) ram32[(address - RAM_START) >>> 2] = value;
    else if (inFlash(address)) flashWrite(address);
    else writeRegister(() => chip.writeUint32(address, value));
  };
}
