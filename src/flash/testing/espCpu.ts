// SPDX-License-Identifier: Apache-2.0
// Test only: the core, RAM and serial ports of a virtual ESP32-C3 or -C6, so that what is loaded into its RAM really runs.
// The ROM's functions are done here when the program counter comes to their addresses, which are those of the ROM's linker
// scripts (ESP-IDF components/esp_rom/esp32c3/ld/esp32c3.rom.ld and esp32c6.rom.ld); anywhere else in the ROM it stops.
import { createHash, type Hash } from 'node:crypto';
import { xorshift32 } from '../../xorshift.js';
import { type EspMachine, readRegister, writeRegister } from './espCommands.js';
import { Rv32, type Rv32Bus } from './rv32.js';

interface CpuChip {
  /** Where RAM is seen by code and by data. */
  code: number;
  data: number;
  ramBytes: number;
  usb: number;
  rom: Record<RomFunction, number>;
}

type RomFunction =
  | 'softwareReset'
  | 'eraseChip'
  | 'eraseSector'
  | 'write'
  | 'read'
  | 'configParam'
  | 'unlock'
  | 'attach'
  | 'md5Init'
  | 'md5Update'
  | 'md5Final';

export const cpuChips: Partial<Record<string, CpuChip>> = {
  esp32c3: {
    code: 0x4037c000,
    data: 0x3fc7c000,
    ramBytes: 0x64000,
    usb: 0x60043000,
    rom: {
      softwareReset: 0x40000090,
      eraseChip: 0x40000120,
      eraseSector: 0x40000128,
      write: 0x4000012c,
      read: 0x40000130,
      configParam: 0x40000134,
      unlock: 0x40000140,
      attach: 0x40000164,
      md5Init: 0x40000614,
      md5Update: 0x40000618,
      md5Final: 0x4000061c,
    },
  },
  esp32c6: {
    code: 0x40800000,
    data: 0x40800000,
    ramBytes: 0x80000,
    usb: 0x6000f000,
    rom: {
      softwareReset: 0x40000090,
      eraseChip: 0x40000124,
      eraseSector: 0x40000144,
      write: 0x4000014c,
      read: 0x40000150,
      configParam: 0x40000160,
      unlock: 0x40000154,
      attach: 0x400001dc,
      md5Init: 0x4000074c,
      md5Update: 0x40000750,
      md5Final: 0x40000754,
    },
  },
};

const uart = 0x60000000;
const uartStatus = 0x6000001c;
const peripherals = { from: 0x60000000, to: 0x60100000 };
const sectorBytes = 4096;
const mostSteps = 50_000_000;

export class EspCpu implements Rv32Bus {
  readonly core = new Rv32(this);
  readonly #ram: DataView;
  readonly #bytes: Uint8Array;
  readonly #chip: CpuChip;
  readonly #functions: ReadonlyMap<number, RomFunction>;
  readonly #digests = new Map<number, Hash>();
  #received: number[] = [];
  #sent: number[] = [];
  #running = false;
  #flashBytes = 0;
  /** Times in a row that the program found nothing to read. */
  #idle = 0;

  constructor(
    chip: CpuChip,
    readonly machine: EspMachine,
    /** Bytes come and go by the chip's own USB port. */
    readonly usb: boolean,
    readonly send: (bytes: Uint8Array) => void,
  ) {
    this.#chip = chip;
    this.#bytes = new Uint8Array(chip.ramBytes);
    this.#ram = new DataView(this.#bytes.buffer);
    this.#functions = new Map(Object.entries(chip.rom).map(([name, address]) => [address, name as RomFunction]));
    // RAM holds anything after power-up.
    const next = xorshift32(99);
    for (let i = 0; i < chip.ramBytes; i += 4) this.#ram.setUint32(i, next(), true);
  }

  get running(): boolean {
    return this.#running;
  }

  /** What the ROM does at the end of MEM_END. */
  start(entry: number): void {
    this.#running = true;
    this.core.pc = entry | 0;
    this.core.fault = undefined;
    this.#received = [];
    this.#go();
  }

  /** The reset pin; RAM keeps what it holds. */
  halt(): void {
    this.#running = false;
    this.#flashBytes = 0;
  }

  feed(bytes: Uint8Array): void {
    for (const byte of bytes) this.#received.push(byte);
    this.#go();
  }

  #go(): void {
    if (this.core.fault === undefined) this.core.run(mostSteps);
    const out = Uint8Array.from(this.#sent);
    this.#sent = [];
    if (out.length > 0) this.send(out);
  }

  /** Place in RAM, or -1. */
  #place(address: number, bytes: number): number {
    const { code, data, ramBytes } = this.#chip;
    const [asCode, asData] = [address - code, address - data];
    if (asCode >= 0 && asCode + bytes <= ramBytes) return asCode;
    return asData >= 0 && asData + bytes <= ramBytes ? asData : -1;
  }

  load(address: number, bytes: number): number | undefined {
    const at = this.#place(address, bytes);
    if (at < 0) return this.#peripheral(address);
    if (bytes === 1) return this.#bytes[at];
    return bytes === 2 ? this.#ram.getUint16(at, true) : this.#ram.getUint32(at, true);
  }

  store(address: number, bytes: number, value: number): boolean {
    const at = this.#place(address, bytes);
    if (at < 0) return this.#setPeripheral(address, value >>> 0);
    if (bytes === 1) this.#bytes[at] = value;
    else if (bytes === 2) this.#ram.setUint16(at, value, true);
    else this.#ram.setUint32(at, value, true);
    return true;
  }

  #peripheral(address: number): number | undefined {
    if (address < peripherals.from || address >= peripherals.to) return undefined;
    const { usb } = this.#chip;
    if (address === (this.usb ? usb : uart)) {
      this.#idle = 0;
      return this.#received.shift() ?? 0;
    }
    if (address === uartStatus) return this.usb ? 0 : Math.min(this.#received.length, 128);
    if (address !== usb + 4) return readRegister(this.machine, address);
    if (this.#received.length > 0) return this.usb ? 6 : 2;
    // A program that asks again and again and finds nothing waits for a byte.
    if (++this.#idle > 2) this.core.pause();
    return 2;
  }

  #setPeripheral(address: number, value: number): boolean {
    if (address < peripherals.from || address >= peripherals.to) return false;
    if (address === (this.usb ? this.#chip.usb : uart)) {
      this.#sent.push(value & 0xff);
      this.#idle = 0;
    } else writeRegister(this.machine, address, value);
    return true;
  }

  isRom(address: number): boolean {
    return address >>> 16 >= 0x4000 && address >>> 16 < 0x4006;
  }

  call(address: number, args: readonly number[]): number | 'none' | 'reset' {
    const name = this.#functions.get(address);
    if (name === undefined) return 'none';
    if (name !== 'softwareReset') return this.#romFunction(name, args);
    this.#running = false;
    this.machine.restart();
    return 'reset';
  }

  #romFunction(name: RomFunction, [first, second, third]: readonly number[]): number | 'none' {
    const { machine } = this;
    const within = (offset: number, count: number) =>
      machine.attached && offset + count <= Math.min(this.#flashBytes, machine.flash.bytes.length);
    switch (name) {
      case 'attach':
        machine.attached = true;
        return 0;
      case 'configParam':
        this.#flashBytes = second;
        return 0;
      case 'unlock':
        return 0;
      case 'eraseChip':
        machine.flash.erase(0, machine.flash.bytes.length);
        return 0;
      case 'eraseSector':
        if (machine.refuse() || !within(first * sectorBytes, sectorBytes)) return 1;
        machine.flash.erase(first * sectorBytes, sectorBytes);
        return 0;
      case 'read':
      case 'write':
        return within(first, third) && (first | second | third) % 4 === 0 ? this.#copy(name, first, second, third) : 1;
      default:
        return this.#md5(name, first, second, third);
    }
  }

  #copy(name: 'read' | 'write', offset: number, address: number, count: number): number {
    const at = this.#place(address, count);
    if (at < 0) return 1;
    const { flash } = this.machine;
    if (name === 'read') this.#bytes.set(flash.bytes.subarray(offset, offset + count), at);
    else flash.program(offset, this.#bytes.subarray(at, at + count), true);
    return 0;
  }

  #md5(name: RomFunction, first: number, second: number, third: number): number | 'none' {
    if (name === 'md5Init') this.#digests.set(first, createHash('md5'));
    if (name === 'md5Update') {
      const at = this.#place(second, third);
      if (at < 0) return 'none';
      this.#digests.get(first)?.update(this.#bytes.subarray(at, at + third));
    }
    if (name === 'md5Final') {
      const at = this.#place(first, 16);
      const digest = this.#digests.get(second)?.digest();
      if (at < 0 || digest === undefined) return 'none';
      if (this.machine.lyingMd5) digest[0] ^= 1;
      this.#bytes.set(digest, at);
    }
    return 0;
  }
}
