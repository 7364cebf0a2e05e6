// SPDX-License-Identifier: Apache-2.0
// Test only: a K210 board with a flash that has anything in it. Two wires between the adapter and the chip: one line is
// reset, the other IO16, which is looked at a little after reset has risen; which is which depends on the board (kflash's
// names). A port at another speed hears garbage.
import type { Link, ModemLines } from '../../link/link.js';
import { type FarEnd, memoryLink } from '../../link/memoryLink.js';
import { K210Chip } from './k210Chip.js';
import type { FlashRecord, TestBoard } from './testBoard.js';

export interface VirtualK210Options {
  /** kd233: DTR is reset and RTS is IO16; dan the other way round. */
  wiring?: 'dan' | 'kd233';
  /** The port has no DTR and RTS, and IO16 is held low; `once`: only until the chip restarts by itself. */
  strapped?: boolean | 'once';
  /** Bytes from the host never arrive. */
  deaf?: boolean;
  /** IO16 cannot be pulled down. */
  bootPinStuck?: boolean;
  /** The chip falls silent after so many frames' ends (C0) from the host. */
  dieAfter?: number;
  /** The adapter does not follow above so many baud. */
  mostBaud?: number;
  /** What the program in the flash says when it is started, where it is not run. */
  banner?: Uint8Array;
}

const samplingMs = 1;
const romBaud = 115200;
/** What is heard where two ends use different speeds: anything but what was sent. */
const garbled = 0x95;
const toleratedBaudError = 0.025;

export class VirtualK210 implements TestBoard {
  readonly link: Link;
  readonly chip: K210Chip;
  /** All states of the lines, in order. */
  readonly lines: ModemLines[] = [];
  /** Speeds that the host has set. */
  readonly bauds: number[] = [];
  /** Ends of frames (C0) that came from the host. */
  ends = 0;
  readonly #far: FarEnd;
  readonly #options: VirtualK210Options;
  #pins: ModemLines = { dtr: false, rts: false };
  #held = false;
  #sampling: ReturnType<typeof setTimeout> | undefined;
  #hostBaud = romBaud;
  #refuseNext = false;
  #strapped: boolean | 'once';
  #silent = false;

  constructor(options: VirtualK210Options = {}) {
    this.#options = options;
    this.#strapped = options.strapped ?? false;
    this.chip = new K210Chip({
      send: (bytes) => this.#send(bytes),
      softReset: () => {
        this.#strapped = this.#strapped === true;
        this.#sample();
      },
      refuse: () => this.#takeRefusal(),
    });
    const adapter = {
      onLines: (next: ModemLines) => this.#onLines(next),
      onFormat: ({ baud }: { baud: number }) => {
        this.bauds.push(baud);
        this.#hostBaud = Math.min(baud, options.mostBaud ?? baud);
      },
    };
    const { near, far } = memoryLink('virtual-k210', options.strapped ? {} : adapter);
    this.link = near;
    this.#far = far;
    far.onData((bytes) => this.#onBytes(bytes));
    this.#sample();
  }

  get record(): FlashRecord {
    return this.chip.cells.record;
  }

  /** `address` is an offset in the flash. */
  content(address: number, count: number): Uint8Array {
    return this.chip.cells.bytes.slice(address, address + count);
  }

  say(bytes: Uint8Array): void {
    this.#far.send(bytes);
  }

  refuseNext(): void {
    if (this.chip.running === 'loaded') this.chip.flash.refuseNext = true;
    else this.#refuseNext = true;
  }

  reset(): void {
    this.chip.release(true);
  }

  /** By hand, with a finger on BOOT. */
  pressReset(): void {
    this.#strapped = this.#options.strapped ?? false;
    this.#silent = false;
    this.chip.release(true);
  }

  runProgram(output: Uint8Array): void {
    this.#silent = true;
    this.#far.send(output);
  }

  unplug(): void {
    this.#far.break('unplugged');
  }

  #takeRefusal(): boolean {
    const refuse = this.#refuseNext;
    this.#refuseNext = false;
    return refuse;
  }

  #send(bytes: Uint8Array): void {
    if (!this.#silent) this.#far.send(this.#garble(bytes));
  }

  #garble(bytes: Uint8Array): Uint8Array {
    const error = Math.abs(this.chip.baud / this.#hostBaud - 1);
    return error < toleratedBaudError ? bytes : bytes.map((byte) => byte ^ garbled);
  }

  #sample(): void {
    const { bootPinStuck, wiring = 'dan', banner } = this.#options;
    const io16 = wiring === 'dan' ? this.#pins.dtr : this.#pins.rts;
    const isp = this.#strapped !== false || (io16 && !bootPinStuck);
    this.#silent = false;
    this.chip.release(isp);
    if (!isp && banner) this.runProgram(banner);
  }

  #onLines(next: ModemLines): void {
    this.lines.push(next);
    this.#pins = next;
    const low = this.#options.wiring === 'kd233' ? next.dtr : next.rts;
    if (low && !this.#held) {
      clearTimeout(this.#sampling);
      this.chip.hold();
    } else if (!low && this.#held) this.#sampling = setTimeout(() => this.#sample(), samplingMs);
    this.#held = low;
  }

  #onBytes(bytes: Uint8Array): void {
    const { deaf, dieAfter = Number.POSITIVE_INFINITY } = this.#options;
    if (deaf || this.#silent) return;
    const heard = this.#garble(bytes);
    this.ends += heard.filter((byte) => byte === 0xc0).length;
    if (this.ends <= dieAfter) this.chip.feed(heard);
  }
}
