// SPDX-License-Identifier: Apache-2.0
// Loads Espressif's flasher stub into RAM. mote ships none: a user who wants its speed names a stub file (the JSON of
// esptool or esptool-js: entry, text, text_start, data, data_start; text and data in base64).
import { fail } from '../cli/errors.js';
import { EspRefusal, type EspSession, espChecksum, espOp } from './espSession.js';
import { words } from './words.js';

export interface EspStub {
  entry: number;
  segments: { address: number; bytes: Uint8Array }[];
}

const ramBlockBytes = 0x1800;
/** More than any stub (about 10 kB) and less than the RAM of any chip. */
const mostStubBytes = 1 << 18;

/** `path` is for messages. */
export function parseEspStub(text: string, path: string): EspStub {
  const broken = (reason: string): never => fail('json.broken', { path, kind: 'stub of an ESP32', reason });
  let json: Record<string, unknown>;
  try {
    json = Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return broken('it is no JSON');
  }
  const address = (key: string): number => {
    const value = json[key];
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= 2 ** 32)
      return broken(`${key} is no address`);
    return value as number;
  };
  const bytes = (key: string): Uint8Array => {
    const value = json[key];
    if (typeof value !== 'string' || value.length > mostStubBytes * 2 || !/^[A-Za-z0-9+/]+=*$/.test(value))
      return broken(`${key} is no base64`);
    return Uint8Array.from(Buffer.from(value, 'base64'));
  };
  const segments = [{ address: address('text_start'), bytes: bytes('text') }];
  if ('data' in json) segments.push({ address: address('data_start'), bytes: bytes('data') });
  return { entry: address('entry'), segments };
}

export async function loadEspStub(session: EspSession, stub: EspStub): Promise<void> {
  for (const { address, bytes } of stub.segments) {
    const blocks = Math.ceil(bytes.length / ramBlockBytes);
    await session.request({ op: espOp.memBegin, data: words(bytes.length, blocks, ramBlockBytes, address) });
    for (let i = 0; i < blocks; i++) {
      const part = bytes.subarray(i * ramBlockBytes, (i + 1) * ramBlockBytes);
      const data = Uint8Array.from(Buffer.concat([words(part.length, i, 0, 0), part]));
      await session.request({ op: espOp.memData, data, checksum: espChecksum(part) });
    }
  }
  // The ROM may jump before its answer is out: what counts is the greeting of the stub.
  await session.send({ op: espOp.memEnd, data: words(0, stub.entry) });
  for (let i = 0; i < 5; i++) {
    const frame = await session.frame(1000);
    if (Buffer.from(frame).toString('latin1') === 'OHAI') {
      session.stub = true;
      return;
    }
    if (frame[0] === 1 && frame[1] === espOp.memEnd && frame[8] !== 0) throw new EspRefusal(frame[9]);
  }
  throw new EspRefusal(0);
}
