// SPDX-License-Identifier: Apache-2.0
// Words of a command stream. A register that has its value already is not written again.
import {
  type LongRegister,
  longRegisters,
  type OperationName,
  operations,
  type RegisterFile,
  type ShortRegister,
  type StreamOperation,
  shortRegisters,
} from '../registers.js';

const payloadFlag = 0x4000;

export class RegisterWriter {
  readonly words: number[] = [];
  private readonly known = new Map<string, number>();
  private readonly file: RegisterFile = { short: {}, long: {} };

  short(name: ShortRegister, value: number): void {
    const word = (shortRegisters[name] | ((value & 0xffff) << 16)) >>> 0;
    if (this.known.get(name) === word) return;
    this.known.set(name, word);
    this.file.short[name] = value & 0xffff;
    this.words.push(word);
  }

  /** 32 bits and a parameter of 16. */
  long(name: LongRegister, value: number, parameter = 0): void {
    const both = (value >>> 0) + parameter * 2 ** 32;
    if (this.known.get(name) === both) return;
    this.known.set(name, both);
    this.file.long[name] = { value: value >>> 0, parameter: parameter & 0xffff };
    this.words.push((longRegisters[name] | payloadFlag | ((parameter & 0xffff) << 16)) >>> 0, value >>> 0);
  }

  /** The parameter holds the upper bits. */
  address(name: LongRegister, value: number): void {
    this.long(name, value % 2 ** 32, Math.floor(value / 2 ** 32));
  }

  /** An operation as it would be read if it came now. */
  read(name: OperationName, parameter = 0): StreamOperation {
    const { short, long } = this.file;
    return { name, parameter, word: this.words.length, registers: { short: { ...short }, long: { ...long } } };
  }

  operation(name: OperationName, parameter = 0): void {
    this.words.push((operations[name] | (parameter << 16)) >>> 0);
  }
}
