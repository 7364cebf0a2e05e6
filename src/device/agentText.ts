// SPDX-License-Identifier: Apache-2.0
// A conversation in MLPerf Tiny's serial grammar: a command ends with `%`, its answer is lines up to `m-ready`
// (mlcommons/tiny, benchmark/runner/serial_device.py).
import { fail } from '../cli/errors.js';
import { ByteReader } from '../link/byteReader.js';
import type { Link } from '../link/link.js';

const newline = 0x0a;
const ready = 'm-ready';
const start = 'its start';
/** What the firmware says first when it starts. */
const greeting = 'm-timestamp-mode-';
const mostLineBytes = 1 << 16;
const mostLines = 10_000;

export class AgentText {
  readonly #link: Link;
  readonly #reader: ByteReader;
  readonly #board: string;

  constructor(link: Link, board: string) {
    this.#link = link;
    this.#reader = new ByteReader(link);
    this.#board = board;
  }

  /** What the firmware says when it starts, `m-ready` left out. */
  greeting(timeoutMs: number): Promise<string[]> {
    return this.#answer(start, timeoutMs);
  }

  /** Lines of the answer, `m-ready` left out. `timeoutMs` is for each line. */
  async command(text: string, timeoutMs: number): Promise<string[]> {
    await this.#link
      .write(Buffer.from(`${text}%`, 'latin1'))
      .catch((error: Error) => this.#silent(`'${text}'`, error.message));
    return this.#answer(`'${text}'`, timeoutMs);
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #answer(what: string, timeoutMs: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < mostLines) {
      const bytes = await this.#reader
        .takeThrough(newline, timeoutMs, mostLineBytes)
        .catch((error: Error) => this.#silent(what, error.message));
      const line = Buffer.from(bytes).toString('latin1').trim();
      if (line === ready) return lines;
      if (what !== start && line.startsWith(greeting))
        return fail('device.reset', { board: this.#board, when: `before or during ${what}` });
      if (line !== '') lines.push(line);
    }
    return fail('device.protocol', { board: this.#board, reason: `the answer to ${what} does not end` });
  }

  #silent(what: string, reason: string): never {
    return fail('device.silent', { board: this.#board, reason: `waiting for the answer to ${what}: ${reason}` });
  }
}
