// SPDX-License-Identifier: Apache-2.0
// Words of a command stream -> operations, each with the registers as they stand by then (registers keep their values).
import {
  type LongRegister,
  longRegisters,
  type OperationName,
  operations,
  type ShortRegister,
  type StreamOperation,
  shortRegisters,
} from './registers.js';

const inverse = <K extends string>(table: Record<K, number>): Map<number, K> =>
  new Map((Object.keys(table) as K[]).map((name) => [table[name], name]));
const shortNames = inverse<ShortRegister>(shortRegisters);
const longNames = inverse<LongRegister>(longRegisters);
const operationNames = inverse<OperationName>(operations);

const payloadFlag = 0x4000;
const codeMask = 0x3ff;
/** Operations have the codes below those of the short registers. */
const firstRegister = 0x100;

/** Decodes up to and with STOP. Unknown codes and a stream without STOP are `broken`. */
export function decodeStream(words: Uint32Array, broken: (reason: string) => never): StreamOperation[] {
  const found: StreamOperation[] = [];
  let short: StreamOperation['registers']['short'] = {};
  let long: StreamOperation['registers']['long'] = {};
  for (let at = 0; at < words.length; ) {
    const word = at++;
    const code = words[word] & codeMask;
    const parameter = words[word] >>> 16;
    if (words[word] & payloadFlag) {
      const name = longNames.get(code) ?? broken(`word ${word}: 0x${code.toString(16)} is no register`);
      if (at >= words.length) broken(`word ${word}: ${name} has no value`);
      long = { ...long, [name]: { value: words[at++], parameter } };
    } else if (code >= firstRegister) {
      const name = shortNames.get(code) ?? broken(`word ${word}: 0x${code.toString(16)} is no register`);
      short = { ...short, [name]: parameter };
    } else {
      const name = operationNames.get(code) ?? broken(`word ${word}: 0x${code.toString(16)} is no operation`);
      found.push({ name, parameter, word, registers: { short, long } });
      if (name === 'STOP') return found;
    }
  }
  return broken('it has no STOP');
}
