// SPDX-License-Identifier: Apache-2.0
// XMODEM with CRC (C. Forsberg, "XMODEM/YMODEM Protocol Reference", 1988): blocks of 128 bytes, as SAM-BA sends and takes
// memory over a UART.
import { type ByteReader, ReadTimeout } from '../link/byteReader.js';
import { crc16 } from './crc16.js';

export const xmodemBlockBytes = 128;
const frameBytes = 3 + xmodemBlockBytes + 2;
const soh = 0x01;
const eot = 0x04;
const ack = 0x06;
const nak = 0x15;
const start = 0x43; // 'C': the receiver wants CRCs
const tries = 5;

export interface XmodemPort {
  reader: ByteReader;
  send(bytes: Uint8Array): Promise<void>;
  /** How long the other end may take for one byte or block. */
  timeoutMs: number;
}

export function xmodemFrame(number: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(frameBytes);
  frame.set([soh, number & 0xff, ~number & 0xff]);
  frame.set(payload, 3);
  const crc = crc16(frame.subarray(3, 3 + xmodemBlockBytes));
  frame.set([crc >> 8, crc & 0xff], 3 + xmodemBlockBytes);
  return frame;
}

function isFrame(frame: Uint8Array, number: number): boolean {
  const crc = crc16(frame.subarray(3, 3 + xmodemBlockBytes));
  const head = frame[0] === soh && frame[1] === (number & 0xff) && frame[2] === (~number & 0xff);
  return head && frame[frameBytes - 2] === crc >> 8 && frame[frameBytes - 1] === (crc & 0xff);
}

const byteOrNothing = async ({ reader, timeoutMs }: XmodemPort): Promise<number | undefined> => {
  try {
    return (await reader.take(1, timeoutMs))[0];
  } catch (error) {
    if (error instanceof ReadTimeout) return undefined;
    throw error;
  }
};

async function sendUntilAck(port: XmodemPort, bytes: Uint8Array, what: string): Promise<void> {
  for (let i = 0; i < tries; i++) {
    await port.send(bytes);
    if ((await byteOrNothing(port)) === ack) return;
    port.reader.discard();
  }
  throw new ReadTimeout(`${what} was not acknowledged ${tries} times`);
}

/** The receiver is about to send its first 'C'. The last block is filled up with zeros. */
export async function sendXmodem(port: XmodemPort, bytes: Uint8Array): Promise<void> {
  for (let i = 0; (await byteOrNothing(port)) !== start; i++)
    if (i === tries) throw new ReadTimeout('the receiver did not ask for the first block');
  for (let at = 0; at < bytes.length; at += xmodemBlockBytes) {
    const number = at / xmodemBlockBytes + 1;
    await sendUntilAck(port, xmodemFrame(number, bytes.subarray(at, at + xmodemBlockBytes)), `block ${number}`);
  }
  await sendUntilAck(port, Uint8Array.of(eot), 'the end');
}

export async function receiveXmodem(port: XmodemPort, count: number): Promise<Uint8Array> {
  const out = new Uint8Array(Math.ceil(count / xmodemBlockBytes) * xmodemBlockBytes);
  for (let at = 0; at < out.length; at += xmodemBlockBytes) {
    const number = at / xmodemBlockBytes + 1;
    const frame = await receiveBlock(port, number);
    out.set(frame.subarray(3, 3 + xmodemBlockBytes), at);
  }
  await port.send(Uint8Array.of(ack));
  for (let i = 0; (await byteOrNothing(port)) !== eot; i++) {
    if (i === tries) throw new ReadTimeout('the sender did not end');
    await port.send(Uint8Array.of(nak));
  }
  await port.send(Uint8Array.of(ack));
  return out.slice(0, count);
}

async function receiveBlock(port: XmodemPort, number: number): Promise<Uint8Array> {
  const ask = number === 1 ? start : ack;
  for (let i = 0; i < tries; i++) {
    await port.send(Uint8Array.of(i === 0 || number === 1 ? ask : nak));
    try {
      const frame = await port.reader.take(frameBytes, port.timeoutMs);
      if (isFrame(frame, number)) return frame;
    } catch (error) {
      if (!(error instanceof ReadTimeout)) throw error;
    }
    port.reader.discard();
  }
  throw new ReadTimeout(`block ${number} did not come`);
}
