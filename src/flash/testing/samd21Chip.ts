// SPDX-License-Identifier: Apache-2.0
// Test only: flash, RAM, NVMCTRL and PAC of a SAM D21 (data sheet DS40001882), and its core, which really runs what G
// starts: the Cortex-M0+ of rp2040js on this chip's memory. The boot loader's rows are not protected by the BOOTPROT fuse
// here, so that damage to them would show.
import { RP2040 } from 'rp2040js';
import { xorshift32 } from '../../xorshift.js';
import { RomFlash } from './romFlash.js';
import { BusFault, Ram, type SamBaChipModel } from './samBaChip.js';

export const samd21FlashBytes = 256 * 1024;
const rowBytes = 256;
const pageBytes = 64;
const nvmctrl = 0x41004000;
const ctrlb = nvmctrl + 0x04;
const intflag = nvmctrl + 0x14;
const status = nvmctrl + 0x18;
const addressRegister = nvmctrl + 0x1c;
const pac1 = { clear: 0x41000000, set: 0x41000004, nvmctrl: 4 };
const writeByCommand = 0x80;
const aircr = { address: 0xe000ed0c, reset: 0x05fa0004 };
/** In the boot loader: where a program that G started comes back to. */
const returnAddress = 0x1000;
const mostSteps = 3_000_000;

/** Fuses and calibration; erasing or writing them takes commands of their own. */
const isAuxiliary = (address: number): boolean => address >= 0x800000 && address < 0x80a040;
const isPeripheral = (address: number): boolean =>
  (address >= 0x40000000 && address < 0x43000000) || (address >= 0xe000e000 && address < 0xe000f000);

export class Samd21Chip implements SamBaChipModel {
  readonly flash: RomFlash;
  wantsReset = false;
  readonly #ram: Ram;
  readonly #cells: Ram;
  readonly #registers = new Map<number, number>();
  readonly #deviceId: number;
  #core: RP2040['core'] | undefined;
  #pageBuffer = new Uint8Array(pageBytes).fill(0xff);
  #protected = 0;
  #status = 0;

  constructor(deviceId = 0x10010305) {
    this.#deviceId = deviceId;
    const rows = Array.from({ length: samd21FlashBytes / rowBytes }, (_, i) => ({
      address: i * rowBytes,
      bytes: rowBytes,
    }));
    this.flash = new RomFlash(rows);
    this.flash.cells.fill(0xa5);
    this.#cells = new Ram(0, this.flash.cells);
    const next = xorshift32(77);
    this.#ram = new Ram(
      0x20000000,
      Uint8Array.from({ length: 32 * 1024 }, () => next()),
    );
    this.reset();
  }

  reset(): void {
    this.#registers.clear();
    this.#registers.set(0x41002018, this.#deviceId);
    this.#registers.set(0xe000ed00, 0x410cc601);
    this.#registers.set(ctrlb, writeByCommand);
    this.#protected = 0;
    this.#status = 0;
    this.wantsReset = false;
  }

  read(address: number, bytes: number): number {
    if (address % bytes !== 0) throw new BusFault('unaligned');
    if (this.#ram.has(address, bytes)) return this.#ram.read(address, bytes);
    if (this.#cells.has(address, bytes)) return this.#cells.read(address, bytes);
    if (isAuxiliary(address)) return 2 ** (8 * bytes) - 1;
    if (!isPeripheral(address)) throw new BusFault('nothing there');
    if (address === intflag) return 1;
    if (address === status) return this.#status;
    if (address === pac1.clear || address === pac1.set) return this.#protected;
    return this.#registers.get(address) ?? 0;
  }

  write(address: number, bytes: number, value: number): void {
    if (address % bytes !== 0) throw new BusFault('unaligned');
    if (this.#ram.has(address, bytes)) this.#ram.write(address, bytes, value);
    else if (this.flash.holds(address, bytes)) this.#fillPage(address, bytes, value);
    else if (!isPeripheral(address)) throw new BusFault('nothing there');
    else this.#setRegister(address, value >>> 0);
  }

  #fillPage(address: number, bytes: number, value: number): void {
    if (bytes === 1) throw new BusFault('a byte into the page buffer');
    new Ram(0, this.#pageBuffer).write(address % pageBytes, bytes, value);
    this.#registers.set(addressRegister, address / 2);
    const automatic = ((this.#registers.get(ctrlb) ?? 0) & writeByCommand) === 0;
    if (automatic && (address + bytes) % pageBytes === 0) this.#writePage();
  }

  #setRegister(address: number, value: number): void {
    if (address === pac1.clear) this.#protected &= ~value;
    else if (address === pac1.set) this.#protected |= value;
    else if (address >= nvmctrl && address < nvmctrl + 0x40) this.#setNvm(address, value);
    else {
      this.#registers.set(address, value);
      if (address === aircr.address && value === aircr.reset) this.wantsReset = true;
    }
  }

  #setNvm(address: number, value: number): void {
    if ((this.#protected & pac1.nvmctrl) !== 0) throw new BusFault('write-protected by PAC');
    if (address === status) this.#status &= ~value;
    else this.#registers.set(address, value);
    if (address !== nvmctrl || (value & 0xff00) !== 0xa500) return;
    const command = value & 0x7f;
    if (command === 0x02) this.#eraseRow();
    if (command === 0x04) this.#writePage();
    if (command === 0x44) this.#pageBuffer.fill(0xff);
    if (command === 0x05 || command === 0x06) this.flash.record.forbidden.push('the auxiliary row');
    if (command === 0x45) this.flash.record.forbidden.push('the security bit');
  }

  get #address(): number {
    return 2 * (this.#registers.get(addressRegister) ?? 0);
  }

  #eraseRow(): void {
    const row = Math.floor(this.#address / rowBytes) * rowBytes;
    if (this.flash.holds(row, rowBytes)) this.flash.erase({ address: row, bytes: rowBytes });
    else this.#status |= 4;
  }

  #writePage(): void {
    const page = Math.floor(this.#address / pageBytes) * pageBytes;
    if (this.flash.holds(page, pageBytes)) this.flash.write(page, this.#pageBuffer);
    this.#pageBuffer.fill(0xff);
  }

  eraseFrom(address: number): void {
    for (let row = address; row < samd21FlashBytes; row += rowBytes) {
      this.write(addressRegister, 4, row / 2);
      this.write(nvmctrl, 2, 0xa502);
    }
  }

  program(source: number, address: number, count: number): void {
    this.write(ctrlb, 4, 0);
    for (let at = 0; at < count; at += 4) {
      if (at % pageBytes === 0) this.write(nvmctrl, 2, 0xa544);
      this.write(address + at, 4, this.read(source + at, 4));
      if ((at + 4) % pageBytes === 0 || at + 4 >= count) this.write(nvmctrl, 2, 0xa504);
    }
  }

  run(address: number): void {
    const [stack, entry] = [this.read(address, 4), this.read(address + 4, 4)];
    if ((entry & 1) === 0) throw new BusFault('no Thumb code');
    this.#core ??= this.#makeCore();
    const core = this.#core;
    core.waiting = false;
    core.SP = stack;
    core.LR = returnAddress | 1;
    core.PC = entry & ~1;
    for (let i = 0; core.PC !== returnAddress; i++) {
      if (i === mostSteps || core.waiting || this.wantsReset) throw new BusFault('it does not come back');
      core.executeInstruction();
    }
  }

  /** Only the core of the RP2040, on the memory of this chip. */
  #makeCore(): RP2040['core'] {
    const { core } = new RP2040();
    const warn = (_: string, message: string): never => {
      throw new BusFault(message);
    };
    const bus = {
      logger: { debug: () => undefined, info: () => undefined, warn, error: warn },
      onBreak: () => warn('', 'a breakpoint'),
      readUint32: (at: number) => this.read(at >>> 0, 4) >>> 0,
      readUint16: (at: number) => this.read(at >>> 0, 2),
      readUint8: (at: number) => this.read(at >>> 0, 1),
      writeUint32: (at: number, value: number) => this.write(at >>> 0, 4, value),
      writeUint16: (at: number, value: number) => this.write(at >>> 0, 2, value),
      writeUint8: (at: number, value: number) => this.write(at >>> 0, 1, value),
    };
    Object.assign(core, { rp2040: bus });
    return core;
  }
}
