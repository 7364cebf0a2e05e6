// SPDX-License-Identifier: Apache-2.0
// The only printer. stdout is the answer (text, or one JSON object); stderr is everything else.
import { styleText } from 'node:util';
import type { MoteError } from './errors.js';

export interface Warning {
  code: string;
  text: string;
}

/** What a command hands back: the same answer as data and as lines. */
export interface Answer {
  data: object;
  lines: string[];
  warnings?: Warning[];
  /** For commands that give their answer and fail all the same (outputs differ). */
  error?: MoteError;
}

export interface OutputOptions {
  json: boolean;
  quiet: boolean;
  /** Aborted by Ctrl-C, for commands that stop gently. */
  signal?: AbortSignal;
  /** From here on Ctrl-C aborts the signal. */
  onGentle?: () => void;
}

/** Names come from models: no character of theirs moves the cursor, colours, retitles the terminal or turns the writing. */
const hidden = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const printable = (line: string): string => line.replace(hidden, '\u00b7');

export class Output {
  constructor(private readonly options: OutputOptions) {}

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** For a command that has something to keep from now on: Ctrl-C no longer ends it at once, but aborts this. */
  stopGently(): AbortSignal | undefined {
    this.options.onGentle?.();
    return this.options.signal;
  }

  /** Width for tables: the terminal's, or 100 where there is none. */
  get width(): number {
    return process.stdout.isTTY ? Math.max(60, process.stdout.columns ?? 100) : 100;
  }

  /** One line on stderr about a finished step. */
  step(text: string): void {
    if (!this.options.quiet && !this.options.json) process.stderr.write(`${printable(text)}\n`);
  }

  /** What is going on right now, on one line that the next one replaces; only a terminal sees it. Empty: wipes it. */
  progress(text: string): void {
    if (this.options.quiet || this.options.json || !process.stderr.isTTY) return;
    process.stderr.write(`\r\u001b[K${printable(text).slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  /** What a console shows as it comes; with --json it is in the answer instead. */
  stream(text: string): void {
    if (!this.options.json) process.stdout.write(text);
  }

  answer(command: string, answer: Answer): void {
    if (this.options.json) {
      const envelope = answer.error
        ? { schema: `mote.${command}/1`, ok: false, data: answer.data, error: errorData(answer.error) }
        : { schema: `mote.${command}/1`, ok: true, data: answer.data };
      process.stdout.write(`${JSON.stringify({ ...envelope, warnings: answer.warnings ?? [] })}\n`);
      return;
    }
    for (const line of answer.lines) process.stdout.write(`${printable(line)}\n`);
    for (const [i, w] of (answer.warnings ?? []).entries()) process.stderr.write(`${i + 1}  ${printable(w.text)}\n`);
    if (answer.error) this.errorLines(answer.error);
  }

  error(command: string, error: MoteError): void {
    if (this.options.json) {
      const envelope = { schema: `mote.${command}/1`, ok: false, error: errorData(error), warnings: [] };
      process.stdout.write(`${JSON.stringify(envelope)}\n`);
    } else this.errorLines(error);
  }

  /** A bug: one sentence, and the trace only when asked for. */
  internal(command: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const data = { code: 'internal', message, help: 'please report this', exit: 1 };
    if (this.options.json)
      process.stdout.write(
        `${JSON.stringify({ schema: `mote.${command}/1`, ok: false, error: data, warnings: [] })}\n`,
      );
    else
      process.stderr.write(
        `${red('error')} internal  ${message.split('\n')[0]}\nhelp  please report this; MOTE_TRACE=1 shows where\n`,
      );
    if (process.env.MOTE_TRACE && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }

  /** Help and version text of the argument parser. */
  plain(text: string, toError = false): void {
    (toError ? process.stderr : process.stdout).write(text);
  }

  private errorLines(error: MoteError): void {
    process.stderr.write(`${red('error')} ${error.code}  ${error.message}\n`);
    if (error.help) process.stderr.write(`help  ${error.help}\n`);
  }
}

const red = (text: string): string => (process.stderr.isTTY && !process.env.NO_COLOR ? styleText('red', text) : text);

const errorData = (e: MoteError): object => ({ code: e.code, message: e.message, help: e.help ?? null, exit: e.exit });
