// SPDX-License-Identifier: Apache-2.0
// What an X-NUCLEO-LPM01A prints while it records, in ascii_dec (UM2269; mlcommons/tiny power_manager_lpm.py): samples
// `dddd+ee` or `dddd-ee` (dddd times ten to the ee ampere), several on a line and cut by line ends; `TimeStamp: 001s
// 000ms, buff 00%` once a second; `event N ris` where the trigger input moved.
import { TraceBuilder } from './trace.js';

/** Digital input D7 is the event source (`eventsrc d7 fal`); it idles high. */
export const eventInput = 7;
const idleDigital = 1 << eventInput;
const token = /^(\d{4})([+-]\d{2})/;
const tokenLetters = 7;
/** Above what the meter can carry (50 mA, UM2269) by far: a damaged token. */
const mostA = 1;
/** Answers to `start` and `stop` come in between. */
const answer = /^(PowerShield\s*>\s*)?(ack\b.*)?$/i;
const refusal = /^(?:PowerShield\s*>\s*)?error\s+(.*)$/i;
const mostLineLetters = 1 << 16;
/** Samples between two stamps. */
const stampSamples = 1000;
const timeStamp = /^TimeStamp:\s*(\d+)s\s*(\d+)ms/i;
/** A gap beyond this is a damaged line, not lost data. */
const longestGapS = 60;

export class LpmText {
  readonly trace = new TraceBuilder();
  readonly #rateHz: number;
  #line = '';
  #cut = '';
  #event = false;
  #firstStamp: { atS: number; count: number } | undefined;
  /** Lines that are neither samples nor anything known. */
  strangeLines = 0;
  completed = false;
  /** A command that it would not take: `start`. */
  refused: string | undefined;

  constructor(rateHz: number) {
    this.#rateHz = rateHz;
  }

  take(bytes: Uint8Array): void {
    this.#line += Buffer.from(bytes).toString('latin1');
    for (let end = this.#line.search(/[\r\n]/); end >= 0; end = this.#line.search(/[\r\n]/)) {
      this.#take(this.#line.slice(0, end).trim());
      this.#line = this.#line.slice(end + 1);
    }
    if (this.#line.length <= mostLineLetters) return;
    this.#line = '';
    this.strangeLines++;
  }

  #take(line: string): void {
    if (line === '') return;
    const stamp = timeStamp.exec(line);
    if (stamp) this.#stamp(Number(stamp[1]) + Number(stamp[2]) / 1000);
    else if (/^event\b/i.test(line)) this.#event = true;
    else if (/acquisition completed/i.test(line)) this.completed = true;
    else if (/^[\d+\-\s]+$/.test(line)) this.#samples(line);
    else if (refusal.test(line)) this.refused = refusal.exec(line)?.[1];
    else if (!answer.test(line)) this.strangeLines++;
  }

  #samples(line: string): void {
    let rest = this.#cut + line.replace(/\s+/g, '');
    for (let match = token.exec(rest); match; match = token.exec(rest)) {
      rest = rest.slice(tokenLetters);
      this.#sample(Number(match[1]) * 10 ** Number(match[2]));
      this.#event = false;
    }
    this.#cut = rest.length < tokenLetters ? rest : '';
    if (rest.length >= tokenLetters) this.strangeLines++;
  }

  #sample(currentA: number): void {
    if (currentA <= mostA) {
      this.trace.add(currentA, this.#event ? 0 : idleDigital);
    } else {
      this.strangeLines++;
      this.trace.addLost(1);
    }
  }

  /** Fewer samples than the meter's own clock says were lost on the way. */
  #stamp(atS: number): void {
    if (!this.#firstStamp) {
      // The clock starts with the recording; where it plainly did not, it is only good from here on.
      const fromStart = Math.round(atS * this.#rateHz) <= stampSamples;
      this.#firstStamp = fromStart ? { atS: 0, count: 0 } : { atS, count: this.trace.count };
    }
    const elapsedS = atS - this.#firstStamp.atS;
    const missing = Math.round(elapsedS * this.#rateHz) - (this.trace.count - this.#firstStamp.count);
    if (missing > 0 && missing < longestGapS * this.#rateHz) this.trace.addLost(missing);
  }
}
