// SPDX-License-Identifier: Apache-2.0
// An ST X-NUCLEO-LPM01A at the far end of a link, written from the description of its commands (facts: UM2269 and
// mlcommons/tiny's runner), not from our driver: lines in, `ack` or `error` out, samples as `dddd-ee` tokens.
import type { FarEnd } from '../../link/memoryLink.js';
import { noise, type Scene } from '../emulated/scene.js';

export interface Lpm01aOptions {
  /** One sample of the scene is one of the meter's, whatever rate was set. */
  scene: Scene;
  /** Samples that never arrive; the time stamps count on. */
  lose?: { at: number; count: number }[];
  /** Tokens in a line. */
  tokensPerLine?: number;
  /** Sizes of the pieces that the text is sent in, in turn: tokens are cut as well as lines. */
  pieces?: number[];
  /** Characters after which a line ends in the middle of a token. */
  lineCharacters?: number;
  /** A command that is refused. */
  refuse?: RegExp;
  silent?: boolean;
  unplugAfter?: number;
  /** Lines thrown in before this sample. */
  noise?: { at: number; text: string }[];
}

/** Commands with a fixed set of arguments; what is not here is answered with an error. */
const grammar: RegExp[] = [
  /^(htc|hrc|powershield|version|status|range|calib|psrst|targrst|temp.*|lcd [12] ".{1,16}")$/,
  /^volt (get|[0-9.]+m?|\d+-\d+)$/,
  /^freq (100k|50k|20k|10k|5k|2k|1k|500|200|100|50|20|10|5|2|1)$/,
  /^(acqtime (inf|\d+)|acqmode (dyn|stat)|funcmode (optim|high)|output (current|energy)|format (ascii_dec|bin_hexa))$/,
  /^(trigsrc (sw|d7)|trigdelay \d+m?|eventsrc d7 (fal|ris)|currthres \d+[mu]?)$/,
  /^(pwr (auto|on|off)( nostatus)?|pwrend (on|off)|start|stop)$/,
];
const stampEvery = 1000;
const batchSamples = 2000;

export class Lpm01aEmulator {
  readonly commands: string[] = [];
  readonly refused: string[] = [];
  volts = 3.3;
  rateHz = 100;
  energy = false;
  powered = false;
  readonly #far: FarEnd;
  readonly #options: Lpm01aOptions;
  readonly #random = noise(4711);
  #input = '';
  #sample = 0;
  #running = false;
  #column = 0;
  #inLine = 0;
  #events = 0;
  #piece = 0;
  #finish: () => void = () => {};
  readonly finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(far: FarEnd, options: Lpm01aOptions) {
    this.#far = far;
    this.#options = options;
    far.onData((bytes) => this.#receive(bytes));
    far.onClose(() => {
      this.#running = false;
    });
  }

  #receive(bytes: Uint8Array): void {
    this.#input += Buffer.from(bytes).toString('latin1');
    const lines = this.#input.split(/\r?\n/);
    this.#input = lines.pop() ?? '';
    if (!this.#options.silent) for (const line of lines) this.#obey(line.trim());
  }

  #obey(line: string): void {
    if (line === '') return;
    this.commands.push(line);
    if (this.#options.refuse?.test(line) || !grammar.some((pattern) => pattern.test(line))) {
      this.refused.push(line);
      this.#send(`PowerShield > error ${line}\r\nError detail: refused\r\n`);
      return;
    }
    if (line === 'stop') {
      this.#stop();
      return;
    }
    this.#send(`PowerShield > ack ${line}\r\n`);
    const [command, argument] = line.split(' ');
    if (command === 'volt' && argument !== 'get') this.volts = numberOf(argument);
    if (command === 'freq') this.rateHz = numberOf(argument);
    if (command === 'output') this.energy = argument === 'energy';
    if (command === 'pwr') this.powered = argument !== 'off';
    if (command === 'start') {
      this.#running = true;
      setImmediate(() => this.#pump());
    }
  }

  #stop(): void {
    this.#send('\r\nPowerShield > ack stop\r\n');
    if (this.#running) this.#send('Acquisition completed\r\n');
    this.#running = false;
  }

  #pump(): void {
    if (!this.#running) return;
    const { scene, unplugAfter = Number.POSITIVE_INFINITY } = this.#options;
    let text = '';
    const end = Math.min(scene.count(), this.#sample + batchSamples, unplugAfter);
    for (; this.#sample < end; this.#sample++) text += this.#textOf(this.#sample);
    this.#cut(text);
    if (this.#sample >= unplugAfter) {
      this.#far.break('unplugged');
      this.#finish();
    } else if (this.#sample >= scene.count()) this.#finish();
    else setImmediate(() => this.#pump());
  }

  #textOf(sample: number): string {
    const { scene, lose, noise: hostile } = this.#options;
    let text = '';
    for (const { at, text: line } of hostile ?? []) if (at === sample) text += this.#ownLine(line);
    if (sample > 0 && sample % stampEvery === 0) text += this.#ownLine(this.#stamp(sample));
    const { amps, high } = scene.at(sample);
    if (sample > 0 && !high && scene.at(sample - 1).high) text += this.#ownLine(`event ${++this.#events} ris`);
    if (lose?.some((gap) => sample >= gap.at && sample < gap.at + gap.count)) return text;
    return text + this.#wrapped(tokenOf(this.energy ? (amps * this.volts) / this.rateHz : amps, this.#random()));
  }

  #stamp(sample: number): string {
    const ms = Math.round((sample * 1000) / this.rateHz);
    const [s, rest] = [Math.floor(ms / 1000), ms % 1000];
    return `TimeStamp: ${String(s).padStart(3, '0')}s ${String(rest).padStart(3, '0')}ms, buff 00%`;
  }

  /** A line by itself; the tokens before it end theirs. */
  #ownLine(line: string): string {
    const before = this.#column > 0 ? '\r\n' : '';
    this.#column = 0;
    this.#inLine = 0;
    return `${before}${line}\r\n`;
  }

  #wrapped(token: string): string {
    const { tokensPerLine = 8, lineCharacters = Number.POSITIVE_INFINITY } = this.#options;
    let text = '';
    for (const character of token) {
      if (this.#column === lineCharacters) {
        text += '\r\n';
        this.#column = 0;
      }
      text += character;
      this.#column++;
    }
    if (lineCharacters !== Number.POSITIVE_INFINITY || ++this.#inLine < tokensPerLine) return text;
    this.#inLine = 0;
    this.#column = 0;
    return `${text}\r\n`;
  }

  #cut(text: string): void {
    const { pieces = [512] } = this.#options;
    for (let at = 0; at < text.length; ) {
      const size = pieces[this.#piece++ % pieces.length];
      this.#send(text.slice(at, at + size));
      at += size;
    }
  }

  #send(text: string): void {
    this.#far.send(Buffer.from(text, 'latin1'));
  }
}

/** Four digits times a power of ten: `4713-06`. */
export function tokenOf(value: number, random: number): string {
  if (value <= 0) return '0000+00';
  const exponent = Math.floor(Math.log10(value)) - 3;
  const digits = Math.min(9999, Math.floor(value / 10 ** exponent + random));
  return `${String(digits).padStart(4, '0')}${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** `3300m`, `5k`, `2-3` (two times ten to the minus three). */
function numberOf(text: string): number {
  const power = /^(\d+)-(\d+)$/.exec(text);
  if (power) return Number(power[1]) * 10 ** -Number(power[2]);
  const unit = { m: 1e-3, k: 1e3 }[text.at(-1) ?? ''];
  return unit === undefined ? Number(text) : Number(text.slice(0, -1)) * unit;
}
