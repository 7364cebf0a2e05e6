// SPDX-License-Identifier: Apache-2.0
// Test only: flash, RAM, NVMC, FICR and ACL of an nRF52840 (product specification, chapters Memory, NVMC, FICR and ACL), as
// far as a SAM-BA monitor can reach them. What G starts is not run: it counts as lost.
import { xorshift32 } from '../../xorshift.js';
import { RomFlash } from './romFlash.js';
import { BusFault, Ram, type SamBaChipModel } from './samBaChip.js';

export const nrf52840FlashBytes = 1 << 20;
const pageBytes = 4096;
const nvmc = 0x4001e000;
const config = nvmc + 0x504;
const erasePage = nvmc + 0x508;
const eraseAll = nvmc + 0x50c;
const eraseUicr = nvmc + 0x514;
const acl = { from: nvmc + 0x800, to: nvmc + 0x880, entryBytes: 16 };
const writeProtected = 2;
const mostRegionBytes = 512 * 1024;
const ficr = { from: 0x10000000, to: 0x10001000, part: 0x10000100 };
const uicr = { from: 0x10001000, to: 0x10002000 };
const aircr = { address: 0xe000ed0c, reset: 0x05fa0004 };

const isPeripheral = (address: number): boolean =>
  (address >= 0x40000000 && address < 0x50001000) || (address >= 0xe000e000 && address < 0xe000f000);

export class Nrf52840Chip implements SamBaChipModel {
  readonly flash: RomFlash;
  wantsReset = false;
  readonly #ram: Ram;
  readonly #cells: Ram;
  readonly #registers = new Map<number, number>();

  constructor() {
    this.flash = new RomFlash(
      Array.from({ length: nrf52840FlashBytes / pageBytes }, (_, i) => ({ address: i * pageBytes, bytes: pageBytes })),
    );
    this.flash.cells.fill(0xa5);
    this.#cells = new Ram(0, this.flash.cells);
    const next = xorshift32(78);
    this.#ram = new Ram(
      0x20000000,
      Uint8Array.from({ length: 256 * 1024 }, () => next()),
    );
    this.reset();
  }

  reset(): void {
    this.#registers.clear();
    this.#registers.set(nvmc + 0x400, 1);
    this.wantsReset = false;
  }

  read(address: number, bytes: number): number {
    if (this.#ram.has(address, bytes)) return this.#ram.read(address, bytes);
    if (this.#cells.has(address, bytes)) return this.#cells.read(address, bytes);
    if (address === ficr.part) return 0x52840;
    if (!isPeripheral(address) && !(address >= ficr.from && address < uicr.to)) throw new BusFault('nothing there');
    return this.#registers.get(address) ?? 0;
  }

  write(address: number, bytes: number, value: number): void {
    if (this.#ram.has(address, bytes)) this.#ram.write(address, bytes, value);
    else if (this.flash.holds(address, bytes)) {
      if (bytes !== 4 || address % 4 !== 0 || this.#registers.get(config) !== 1) throw new BusFault('a store to flash');
      this.#check(address);
      this.flash.write(address, new Uint8Array(Uint32Array.of(value).buffer));
    } else if (address >= uicr.from && address < uicr.to) {
      if (this.#registers.get(config) === 1) this.flash.record.forbidden.push('the UICR was written');
    } else if (!isPeripheral(address)) throw new BusFault('nothing there');
    else this.#setRegister(address, value >>> 0);
  }

  #setRegister(address: number, value: number): void {
    if (address >= acl.from && address < acl.to) {
      // Each can be written once until the next reset.
      if (!this.#registers.has(address)) this.#registers.set(address, value);
      return;
    }
    this.#registers.set(address, value);
    const erasing = this.#registers.get(config) === 2;
    if (address === erasePage && erasing) this.#erase(value);
    if (address === eraseAll && erasing && value === 1)
      for (let page = 0; page < nrf52840FlashBytes; page += pageBytes) this.#erase(page);
    if (address === eraseUicr && erasing && value === 1) this.flash.record.forbidden.push('the UICR was erased');
    if (address === aircr.address && value === aircr.reset) this.wantsReset = true;
  }

  #erase(address: number): void {
    if (!this.flash.holds(address, 1) || address % pageBytes !== 0) return;
    this.#check(address);
    this.flash.erase({ address, bytes: pageBytes });
  }

  /** A region counts when its address is a page's and neither size nor permission is zero. */
  #check(address: number): void {
    for (let entry = acl.from; entry < acl.to; entry += acl.entryBytes) {
      const [from, bytes, permission] = [0, 4, 8].map((at) => this.#registers.get(entry + at) ?? 0);
      const counts = from % pageBytes === 0 && bytes % pageBytes === 0 && bytes <= mostRegionBytes;
      if (counts && (permission & writeProtected) !== 0 && address >= from && address < from + bytes)
        throw new BusFault('protected by ACL');
    }
  }

  eraseFrom(address: number): void {
    this.write(config, 4, 2);
    const first = Math.floor(address / pageBytes) * pageBytes;
    for (let page = first; page < nrf52840FlashBytes; page += pageBytes) this.write(erasePage, 4, page);
    this.write(config, 4, 0);
  }

  program(source: number, address: number, count: number): void {
    this.write(config, 4, 1);
    for (let at = 0; at < count; at += 4) this.write(address + at, 4, this.read(source + at, 4));
    this.write(config, 4, 0);
  }

  run(): void {
    throw new BusFault('a program of unknown effect');
  }
}
