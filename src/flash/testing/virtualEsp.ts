// SPDX-License-Identifier: Apache-2.0
// Test only: an ESP32 board with nothing behind its boot ROM but a flash. The two transistors between DTR, RTS and the
// pins EN and GPIO9 are there (EN is low while RTS is asserted and DTR is not, GPIO9 is low while DTR is asserted and RTS
// is not), the boot pin is sampled a little after EN has risen, and a port at another speed hears garbage.
import type { Link, ModemLines } from '../../link/link.js';
import { type FarEnd, memoryLink } from '../../link/memoryLink.js';
import { slipDecode, slipEncode } from '../slip.js';
import { type CommandResult, type EspMachine, runCommand } from './espCommands.js';
import { cpuChips, EspCpu } from './espCpu.js';
import { EspFlashArray } from './espFlashArray.js';
import type { FlashRecord, Range, TestBoard } from './testBoard.js';

export interface VirtualEspOptions {
  chip?: keyof typeof variants;
  securityFlags?: number;
  cryptCount?: number;
  /** The port has no DTR and RTS, and the button is held: always in download mode. */
  strapped?: boolean;
  /** Bytes from the host never arrive. */
  deaf?: boolean;
  /** GPIO9 cannot be pulled down. */
  bootPinStuck?: boolean;
  /** The chip falls silent after so many commands. */
  dieAfter?: number;
  ignoreBaud?: boolean;
  /** The lines are those of the chip's own USB port: what DTR was before a reset decides, and both together change nothing. */
  usbJtag?: boolean;
  /** What is loaded into RAM counts as Espressif's stub, whose commands are modelled; else a chip with an RV32 core runs it. */
  stub?: boolean;
  /**
   * Whether the host sent this frame. FLASH_BEGIN carries no check sum, so one that was damaged on the line may erase
   * anything; what such a frame does is kept in `damage` and not in `record`.
   */
  wasSent?: (frame: Uint8Array) => boolean;
}

const spiOfC3 = { base: 0x60002000, usr2: 0x20, data: 0x58 };
const variants = {
  esp32: { chipId: undefined, magic: 0x00f01d83, beginBytes: 16, spi: { base: 0x3ff42000, usr2: 0x24, data: 0x80 } },
  esp32s3: { chipId: 9, magic: 9, beginBytes: 20, spi: spiOfC3 },
  esp32c3: { chipId: 5, magic: 0x6921506f, beginBytes: 20, spi: spiOfC3 },
  esp32c6: { chipId: 13, magic: 0x2ce0806f, beginBytes: 20, spi: { ...spiOfC3, base: 0x60003000 } },
} as const;

const romBaud = 115200;
const samplingMs = 1;
const refused = 6;
/** What is heard where two ends use different speeds: anything but what was sent. */
const garbled = 0x95;
const beginOps = [0x02, 0x10];
const mostFrameBytes = 1 << 16;
const greeting = 'ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x1 (POWERON),boot:';
const bootWords = {
  download: '0x4 (DOWNLOAD(USB/UART0/1))\r\nwaiting for download\r\n',
  program: '0xc (SPI_FAST_FLASH_BOOT)\r\n',
};
export const virtualEspBase = 0x42000000;
export const virtualEspFlashBytes = 1 << 22;

const ascii = (words: string): Uint8Array => new TextEncoder().encode(words);

export class VirtualEsp implements TestBoard {
  readonly link: Link;
  readonly flash = new EspFlashArray(virtualEspFlashBytes, virtualEspBase);
  readonly machine: EspMachine;
  /** All states of the lines, in order. */
  readonly lines: ModemLines[] = [];
  /** Codes of all commands that arrived whole; those of mote's loader have 0x100 added. */
  readonly commands: number[] = [];
  readonly damage: Range[] = [];
  readonly cpu: EspCpu | undefined;
  readonly #far: FarEnd;
  readonly #options: VirtualEspOptions;
  #mode: 'download' | 'program' | 'reset';
  #pins: ModemLines = { dtr: false, rts: false };
  #dtrBeforeReset = false;
  #sampling: ReturnType<typeof setTimeout> | undefined;
  #hostBaud = romBaud;
  #baud = romBaud;
  #received: number[] = [];
  #refuseNext = false;
  #afterwards: (() => void)[] = [];

  constructor(options: VirtualEspOptions = {}) {
    this.#options = options;
    this.#mode = options.strapped ? 'download' : 'program';
    this.machine = this.#makeMachine();
    const cpuChip = cpuChips[options.chip ?? 'esp32c3'];
    this.cpu = cpuChip && new EspCpu(cpuChip, this.machine, options.usbJtag === true, (bytes) => this.#send(bytes));
    if (this.cpu) this.machine.memory = this.cpu;
    const adapter = {
      onLines: (next: ModemLines) => this.#onLines(next),
      onFormat: ({ baud }: { baud: number }) => {
        this.#hostBaud = baud;
      },
    };
    const { near, far } = memoryLink('virtual-esp', options.strapped ? {} : adapter);
    this.link = near;
    this.#far = far;
    far.onData((bytes) => this.#onBytes(bytes));
  }

  /** download, stub, program or reset. */
  get mode(): string {
    return this.#mode === 'download' && this.machine.stub ? 'stub' : this.#mode;
  }

  get record(): FlashRecord {
    return this.flash.record;
  }

  content(address: number, count: number): Uint8Array {
    return this.flash.bytes.slice(address - virtualEspBase, address - virtualEspBase + count);
  }

  say(bytes: Uint8Array): void {
    this.#far.send(bytes);
  }

  refuseNext(): void {
    this.#refuseNext = true;
  }

  reset(): void {
    this.#start('download');
  }

  runProgram(output: Uint8Array): void {
    this.#mode = 'program';
    this.cpu?.halt();
    this.#far.send(output);
  }

  unplug(): void {
    this.#far.break('unplugged');
  }

  #makeMachine(): EspMachine {
    const { chipId, magic, beginBytes, spi } = variants[this.#options.chip ?? 'esp32c3'];
    const { securityFlags: flags = 0, cryptCount = 0 } = this.#options;
    return {
      stub: false,
      flash: this.flash,
      transfer: undefined,
      attached: false,
      flashEnd: virtualEspFlashBytes,
      ram: undefined,
      registers: new Map([[0x40001000, magic]]),
      security: { chipId, flags, cryptCount },
      spi,
      beginBytes,
      jedecId: 0x164020,
      efuse: { from: 0x60008800, to: 0x60008a00 },
      lyingMd5: false,
      afterwards: (act) => void this.#afterwards.push(act),
      restart: () => this.#sample(),
      startCode: (entry) => (this.cpu && !this.#options.stub ? this.cpu.start(entry) : this.#startStub()),
      refuse: () => {
        const refuse = this.#refuseNext;
        this.#refuseNext = false;
        return refuse;
      },
      runProgram: () => this.#start('program'),
      setBaud: (baud) => {
        if (!this.#options.ignoreBaud) this.#baud = baud;
      },
    };
  }

  #send(bytes: Uint8Array): void {
    this.#far.send(this.#garble(bytes));
  }

  #garble(bytes: Uint8Array): Uint8Array {
    return this.#hostBaud === this.#baud ? bytes : bytes.map((byte) => byte ^ garbled);
  }

  #startStub(): void {
    // The stub attaches the flash by itself.
    Object.assign(this.machine, { stub: true, attached: true });
    this.#send(slipEncode(ascii('OHAI')));
  }

  #start(mode: 'download' | 'program'): void {
    this.#mode = mode;
    this.cpu?.halt();
    this.#received = [];
    this.#baud = romBaud;
    Object.assign(this.machine, {
      stub: false,
      transfer: undefined,
      attached: false,
      ram: undefined,
      flashEnd: virtualEspFlashBytes,
    });
    this.#send(ascii(greeting + bootWords[mode]));
  }

  #sample(): void {
    const { strapped, bootPinStuck, usbJtag } = this.#options;
    const low = usbJtag ? this.#dtrBeforeReset : strapped || (this.#pins.dtr && !this.#pins.rts && !bootPinStuck);
    this.#start(low ? 'download' : 'program');
  }

  #onLines(next: ModemLines): void {
    this.lines.push(next);
    const [wasReset, isReset] = [this.#pins.rts && !this.#pins.dtr, next.rts && !next.dtr];
    this.#pins = next;
    if (!next.rts && !wasReset && this.#mode !== 'reset') this.#dtrBeforeReset = next.dtr;
    if (isReset) {
      clearTimeout(this.#sampling);
      this.cpu?.halt();
      this.#mode = 'reset';
    } else if (wasReset) this.#sampling = setTimeout(() => this.#sample(), samplingMs);
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#options.deaf || this.#mode !== 'download') return;
    for (const byte of this.#garble(bytes)) {
      if (byte !== 0xc0) {
        if (this.#received.push(byte) > mostFrameBytes) this.#received = [];
        continue;
      }
      const received = Uint8Array.from(this.#received);
      this.#received = [];
      if (this.cpu?.running) {
        this.#toLoader(this.cpu, received);
        continue;
      }
      const frame = slipDecode(received);
      if (frame !== undefined && frame.length >= 8 && frame[0] === 0) this.#onFrame(frame);
    }
  }

  /** What ends in a frame's end, as the program in RAM hears it. */
  #toLoader(cpu: EspCpu, received: Uint8Array): void {
    const { dieAfter = Number.POSITIVE_INFINITY } = this.#options;
    if (received.length > 1) this.commands.push(0x100 + received[1]);
    if (this.commands.length <= dieAfter) cpu.feed(Uint8Array.from([...received, 0xc0]));
  }

  #onFrame(frame: Uint8Array): void {
    const { dieAfter = Number.POSITIVE_INFINITY } = this.#options;
    if (this.commands.push(frame[1]) > dieAfter) return;
    const header = new DataView(frame.buffer, frame.byteOffset, 8);
    const data = frame.subarray(8);
    const view = new DataView(frame.buffer, frame.byteOffset + 8, data.length);
    const word = (i: number): number => (data.length >= 4 * i + 4 ? view.getUint32(4 * i, true) : 0);
    this.#afterwards = [];
    const whole = header.getUint16(2, true) === data.length;
    const input = { data, view, word, checksum: header.getUint32(4, true) };
    const result = !whole ? 5 : this.machine.refuse() ? refused : runCommand(this.machine, frame[1], input);
    if (beginOps.includes(frame[1]) && this.#options.wasSent?.(frame) === false) this.#setDamageApart();
    this.#answer(frame[1], result);
    for (const act of this.#afterwards) act();
  }

  /** The last erase, and the writes of its transfer, are the line's doing. */
  #setDamageApart(): void {
    const erased = this.record.erased.pop();
    if (erased) this.damage.push(erased);
    if (this.machine.transfer) this.machine.transfer.recorded = false;
  }

  #answer(op: number, result: CommandResult): void {
    const error = typeof result === 'number' ? result : 0;
    const { value = 0, data = new Uint8Array(0), times = 1 } = typeof result === 'number' ? {} : result;
    const status = [error ? 1 : 0, error, ...(this.machine.stub ? [] : [0, 0])];
    const frame = new Uint8Array(8 + data.length + status.length);
    const view = new DataView(frame.buffer);
    frame.set([1, op]);
    view.setUint16(2, data.length + status.length, true);
    view.setUint32(4, value, true);
    frame.set(data, 8);
    frame.set(status, 8 + data.length);
    // The ROM says several times that it did not understand.
    const repeats = error === 5 && !this.machine.stub ? 8 : times;
    for (let i = 0; i < repeats; i++) this.#send(slipEncode(frame));
  }
}
