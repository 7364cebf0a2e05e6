// SPDX-License-Identifier: Apache-2.0
// Test only: a K210 behind its serial loader: SRAM, one hart that runs what was loaded, UARTHS, clocks, SPI3 and its
// flash, and the KPU by its functional model.
// Addresses and registers: kendryte-standalone-sdk lib/bsp/include/platform.h and lib/drivers/include.
import { createHash } from 'node:crypto';
import { KpuDevice } from '../../npu/k210/kpuDevice.js';
import { NpuRefusal } from '../../npu/npuRefusal.js';
import { xorshift32 } from '../../xorshift.js';
import { EspFlashArray } from './espFlashArray.js';
import { K210Rom } from './k210Rom.js';
import { K210Spi } from './k210Spi.js';
import { K210Uart, uart3 } from './k210Uart.js';
import { NorFlash } from './norFlash.js';
import { Rv64, type Rv64Bus } from './rv64.js';

export const k210FlashBytes = 1 << 24;
const sramBytes = 8 << 20;
const sramStart = 0x80000000;
/** Where the program returns to that the ROM has called. */
const romReturn = 0x8800a41c;
const romStack = 0x805ffe00;
const uart = { send: 0x38000000, receive: 0x38000004, pending: 0x38000014, divisor: 0x38000018 };
const uartFlag = 0x80000000;
/** What the pin IO4 leads to. */
const fpioaRx = { address: 0x502b0010, uart3: 68 };
const clock = { hz: 0x50440004, pll0: 0x50440008, lock: 0x50440018, select: 0x50440020, softReset: 0x50440030 };
const crystalHz = 26_000_000;
const romDivisor = Math.floor(crystalHz / 115200) - 1;
const kpu = { from: 0x40800000, to: 0x40800100, ramStart: 0x600000, mainStart: 0x40000000 };
const spi3 = { from: 0x54000000, to: 0x54000120 };
const peripherals = [
  { from: 0x02000000, to: 0x02010000 },
  { from: 0x0c000000, to: 0x10000000 },
  { from: 0x38000000, to: 0x38002000 },
  { from: 0x50000000, to: 0x54000000 },
];
const mostSteps = 50_000_000;
/** Who has answered waits for what comes next; else it may be a loop that passes time, and gets a second look, and more. */
const idleSteps = { before: 1_000_000, answered: 20_000 };
const mostLooks = 20;
/** What a program may have left in the RAM that the loader uses. */
const dirtyRamBytes = 0x10000;
/** The ROM refuses a larger program. */
const mostProgramBytes = 0x5fc000;
const shaBytes = 32;

export class K210Chip implements Rv64Bus {
  readonly cells = new EspFlashArray(k210FlashBytes, 0);
  readonly flash = new NorFlash(this.cells);
  readonly ram = new Uint8Array(sramBytes);
  readonly core = new Rv64(this.ram, this);
  readonly rom: K210Rom;
  /** Who hears the serial port: the ROM's loader, a program that it was told to start, the program in the flash. */
  running: 'rom' | 'loaded' | 'flashed' | 'reset' = 'reset';
  readonly #spi = new K210Spi(this.flash);
  readonly #kpu = new KpuDevice(() => ({
    main: this.ram,
    mainStart: kpu.mainStart,
    ram: this.ram.subarray(kpu.ramStart),
  }));
  /** The upper word of what was read last of the KPU, and the lower one of what is being written. */
  readonly #kpuWords = { read: 0, written: 0 };
  readonly #registers = new Map<number, number>();
  readonly #send: (bytes: Uint8Array) => void;
  readonly #onSoftReset: () => void;
  readonly #uart3 = new K210Uart(
    (byte) => {
      this.#sent.push(byte);
      this.core.idleSteps = idleSteps.answered;
    },
    () => this.core.steps,
  );
  #received: number[] = [];
  #sent: number[] = [];
  #idle = 0;
  #look = 0;
  #restart = false;

  constructor(host: { send(bytes: Uint8Array): void; softReset(): void; refuse(): boolean }) {
    this.#send = host.send;
    this.#onSoftReset = host.softReset;
    this.rom = new K210Rom({
      send: host.send,
      write: (address, bytes) => this.#write(address, bytes),
      boot: (address) => this.#boot(address, 'loaded'),
      setBaud: (baud) => this.#registers.set(uart.divisor, Math.floor(crystalHz / baud) - 1),
      refuse: host.refuse,
    });
    const next = xorshift32(99);
    for (let i = 0; i < dirtyRamBytes; i++) this.ram[i] = next();
    this.core.returnAddress = romReturn;
  }

  /** Speed of the serial port at this moment. */
  get baud(): number {
    if (this.#byUart3()) return this.#coreHz() / this.#uart3.divisor;
    return this.#coreHz() / ((this.#registers.get(uart.divisor) ?? romDivisor) + 1);
  }

  #byUart3(): boolean {
    return ((this.#registers.get(fpioaRx.address) ?? 0) & 0xff) === fpioaRx.uart3;
  }

  interrupting(): boolean {
    return this.#uart3.interrupting;
  }

  /** From the crystal, or from PLL0 through the divider of ACLK (sysctl.c, sysctl_clock_get_freq). */
  #coreHz(): number {
    const select = this.#registers.get(clock.select) ?? 0;
    if ((select & 1) === 0) return crystalHz;
    const pll = this.#registers.get(clock.pll0) ?? 0;
    const [reference, factor, output] = [pll & 15, (pll >>> 4) & 63, (pll >>> 10) & 15].map((field) => field + 1);
    return (crystalHz * factor) / reference / output / 2 ** (((select >>> 1) & 3) + 1);
  }

  /** The reset pin is low; RAM keeps what it holds. */
  hold(): void {
    this.running = 'reset';
    this.#registers.clear();
    this.#spi.reset();
    this.#uart3.reset();
    this.#received = [];
    this.#sent = [];
    this.core.reset();
  }

  /** The reset pin is let go: the serial loader where IO16 is low, else the program in the flash, if it is one. */
  release(isp: boolean): void {
    this.hold();
    this.rom.reset();
    this.running = 'rom';
    if (!isp && this.#loadFlashed()) this.#boot(sramStart, 'flashed');
  }

  feed(bytes: Uint8Array): void {
    let loaded = false;
    for (const byte of bytes) {
      if (this.running === 'rom') this.rom.feed(byte);
      else if (this.running !== 'reset') {
        if (this.#byUart3()) this.#uart3.feed(byte);
        else this.#received.push(byte);
        loaded = true;
      }
    }
    if (loaded) this.#go();
  }

  /** What the ROM does with IO16 high: flag, size, program, SHA-256 of all before. */
  #loadFlashed(): boolean {
    const { bytes } = this.cells;
    const size = new DataView(bytes.buffer).getUint32(1, true);
    this.rom.dead = size > mostProgramBytes; // it gives up
    if (this.rom.dead) return false;
    const digest = createHash('sha256')
      .update(bytes.subarray(0, 5 + size))
      .digest();
    if (Buffer.compare(digest, bytes.subarray(5 + size, 5 + size + shaBytes)) !== 0) return false;
    this.ram.set(bytes.subarray(5, 5 + size));
    return true;
  }

  #write(address: number, bytes: Uint8Array): boolean {
    const at = this.core.place(address, bytes.length);
    if (at >= 0) this.ram.set(bytes, at);
    return at >= 0;
  }

  #boot(address: number, as: 'loaded' | 'flashed'): void {
    this.running = as;
    this.core.pc = address;
    this.core.fault = undefined;
    this.core.lo[1] = romReturn | 0;
    this.core.hi[1] = 0;
    this.core.lo[2] = romStack | 0;
    this.core.hi[2] = 0;
    this.#go();
  }

  #go(look = 0): void {
    this.#idle = 0;
    this.#look = look;
    this.core.idleSteps = idleSteps.before;
    if (this.core.fault === undefined) this.core.run(mostSteps);
    const out = Uint8Array.from(this.#sent);
    this.#sent = [];
    if (out.length > 0) this.#send(out);
    if (this.core.idled && this.core.idleSteps === idleSteps.before && look < mostLooks)
      setImmediate(() => {
        if (this.#look === look && this.running === 'loaded') this.#go(look + 1);
      });
    if (this.core.returned && this.running === 'loaded') {
      this.running = 'rom';
      this.rom.finishBoot();
    }
    if (this.#restart) {
      this.#restart = false;
      this.#onSoftReset();
    }
  }

  load(address: number, _bytes: number): number | undefined {
    if (address >= spi3.from && address < spi3.to) return this.#spi.load(address - spi3.from);
    if (address >= kpu.from && address < kpu.to) return this.#kpuLoad(address - kpu.from);
    if (address >= uart3.from && address < uart3.to) return this.#uart3.load(address - uart3.from);
    if (!isPeripheral(address)) return undefined;
    const claim = this.#uart3.loadPlic(address);
    if (claim !== undefined) return claim;
    if (address === uart.receive) return this.#receive();
    if (address === uart.send) return 0;
    if (address === uart.pending) return 1;
    if (address === clock.hz) return crystalHz;
    if (address === clock.lock) return 0xffffffff; // at once
    return this.#registers.get(address) ?? 0;
  }

  /** A program that asks again and again and finds nothing waits for a byte. */
  #receive(): number {
    const byte = this.#received.shift();
    if (byte !== undefined) {
      this.#idle = 0;
      return byte;
    }
    if (++this.#idle > 2) this.core.pause();
    return uartFlag;
  }

  store(address: number, _bytes: number, value: number): boolean {
    if (address >= spi3.from && address < spi3.to) {
      this.#spi.store(address - spi3.from, value >>> 0);
      return true;
    }
    if (address >= kpu.from && address < kpu.to) return this.#kpuStore(address - kpu.from, value >>> 0);
    if (!isPeripheral(address)) return false;
    if (address >= uart3.from && address < uart3.to) {
      this.#uart3.store(address - uart3.from, value >>> 0);
      return true;
    }
    this.#uart3.storePlic(address, value >>> 0);
    if (address === uart.send) this.#sent.push(value & 0xff);
    else if (address === uart.divisor) this.#setDivisor(value & 0xffff);
    else if (address === clock.softReset && (value & 1) === 1) {
      this.#restart = true;
      this.core.pause();
    } else this.#registers.set(address, value >>> 0);
    return true;
  }

  /** Its registers have 64 bits, of which the lower word comes first. */
  #kpuLoad(offset: number): number | undefined {
    if (offset % 8 === 4) return this.#kpuWords.read;
    const value = refusable(() => this.#kpu.read(offset));
    if (value === undefined) return undefined;
    this.#kpuWords.read = Number(BigInt.asUintN(32, value >> 32n));
    return Number(BigInt.asUintN(32, value));
  }

  #kpuStore(offset: number, value: number): boolean {
    if (offset % 8 === 0) {
      this.#kpuWords.written = value;
      return true;
    }
    const whole = (BigInt(value) << 32n) | BigInt(this.#kpuWords.written);
    return (
      refusable(() => {
        this.#kpu.write(offset - 4, whole);
        return true;
      }) === true
    );
  }

  /** What was sent before goes out at the speed before. */
  #setDivisor(divisor: number): void {
    const out = Uint8Array.from(this.#sent);
    this.#sent = [];
    if (out.length > 0) this.#send(out);
    this.#registers.set(uart.divisor, divisor);
  }
}

/** Undefined where the KPU's model cannot follow: the program stops there. */
function refusable<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof NpuRefusal) return undefined;
    throw error;
  }
}

const isPeripheral = (address: number): boolean => peripherals.some(({ from, to }) => address >= from && address < to);
