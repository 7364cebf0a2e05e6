// SPDX-License-Identifier: Apache-2.0
// Test only: UART3 of a K210 and its interrupt at the PLIC, by which kflash's second stage hears. Registers:
// kendryte-standalone-sdk lib/drivers/include/uart.h and plic.h.

const offsets = { data: 0x00, interrupts: 0x04, identification: 0x08, line: 0x0c, status: 0x14, fraction: 0xc0 };
const divisorAccess = 0x80;
const received = 4;
const nothing = 1;
export const uart3 = { from: 0x50230000, to: 0x50230100 };
/** IRQN_UART3_INTERRUPT */
const source = 13;
/** Less than a byte takes at 115200 baud; a program must have time to take it away. */
const byteSteps = 1000;
const plic = { enable: 0x0c002000, claim: 0x0c200004 };

export class K210Uart {
  readonly #send: (byte: number) => void;
  readonly #steps: () => number;
  #received: number[] = [];
  /** When the next byte is there. */
  #next = 0;
  readonly #registers = new Map<number, number>();
  #low = 0;
  #high = 0;
  #enabled = false;
  #claimed = false;

  /** `steps`: instructions so far, by which time is told. */
  constructor(send: (byte: number) => void, steps: () => number) {
    this.#send = send;
    this.#steps = steps;
  }

  reset(): void {
    this.#received = [];
    this.#registers.clear();
    this.#enabled = this.#claimed = false;
    this.#next = 0;
  }

  feed(byte: number): void {
    this.#received.push(byte);
  }

  /** Sixteenths of a bit are the clock's. */
  get divisor(): number {
    return Math.max(16 * (this.#high * 256 + this.#low) + (this.#registers.get(offsets.fraction) ?? 0), 1);
  }

  get interrupting(): boolean {
    const wanted = (this.#registers.get(offsets.interrupts) ?? 0) & 1;
    return this.#enabled && !this.#claimed && wanted === 1 && this.#isThere();
  }

  #isThere(): boolean {
    return this.#received.length > 0 && this.#steps() >= this.#next;
  }

  #take(): number {
    if (!this.#isThere()) return 0;
    this.#next = this.#steps() + byteSteps;
    return this.#received.shift() ?? 0;
  }

  #dividing(): boolean {
    return ((this.#registers.get(offsets.line) ?? 0) & divisorAccess) !== 0;
  }

  load(offset: number): number {
    if (offset === offsets.data && !this.#dividing()) return this.#take();
    if (offset === offsets.status) return this.#isThere() ? 1 : 0;
    if (offset === offsets.identification) return this.#isThere() ? received : nothing;
    return this.#registers.get(offset) ?? 0;
  }

  store(offset: number, value: number): void {
    if (this.#dividing() && offset === offsets.data) this.#low = value & 0xff;
    else if (this.#dividing() && offset === offsets.interrupts) this.#high = value & 0xff;
    else if (offset === offsets.data) this.#send(value & 0xff);
    else this.#registers.set(offset, value);
  }

  /** Undefined for a register of the PLIC that is not this interrupt's. */
  loadPlic(address: number): number | undefined {
    if (address !== plic.claim) return undefined;
    if (!this.interrupting) return 0;
    this.#claimed = true;
    return source;
  }

  storePlic(address: number, value: number): void {
    if (address === plic.enable) this.#enabled = ((value >>> source) & 1) === 1;
    if (address === plic.claim && value === source) this.#claimed = false;
  }
}
