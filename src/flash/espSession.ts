// SPDX-License-Identifier: Apache-2.0
// Request and answer with the boot ROM (or the stub) of an ESP32: SLIP frames, each `direction op length16 value32 data`.
// https://docs.espressif.com/projects/esptool/en/latest/esp32/advanced-topics/serial-protocol.html
import { ReadTimeout } from '../link/byteReader.js';
import { sendBytes } from './sendBytes.js';
import { slipEncode } from './slip.js';
import { Refusal, SlipSession } from './slipSession.js';
import { words } from './words.js';

export const espOp = {
  flashBegin: 0x02,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  spiSetParams: 0x0b,
  spiAttach: 0x0d,
  readFlashSlow: 0x0e,
  changeBaud: 0x0f,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  flashMd5: 0x13,
  securityInfo: 0x14,
  runUserCode: 0xd3,
} as const;

export class EspRefusal extends Refusal {
  constructor(readonly errorCode: number) {
    super(`refused with 0x${errorCode.toString(16)}`);
  }
}

export interface EspRequest {
  op: number;
  data: Uint8Array;
  checksum?: number;
  /** Bytes of the answer before its status. */
  answerBytes?: number;
  timeoutMs?: number;
}

export interface EspAnswer {
  value: number;
  data: Uint8Array;
}

const defaultTimeoutMs = 3000;
const badMessage = 5;
/** Frames of other commands that are passed over while waiting, as in esptool. */
const mostForeignFrames = 100;
const syncData = Uint8Array.from([7, 7, 0x12, 0x20, ...new Array<number>(32).fill(0x55)]);

/** XOR of the payload; only data blocks are protected by it, commands are not. */
export const espChecksum = (payload: Uint8Array): number => payload.reduce((sum, byte) => sum ^ byte, 0xef);

export class EspSession extends SlipSession {
  /** The stub answers instead of the ROM: other block sizes, other lengths. */
  stub = false;

  async request(request: EspRequest): Promise<EspAnswer> {
    await this.send(request);
    return this.answer(request);
  }

  async send({ op, data, checksum = 0 }: EspRequest): Promise<void> {
    this.discard();
    const packet = new Uint8Array(8 + data.length);
    const view = new DataView(packet.buffer);
    view.setUint8(1, op);
    view.setUint16(2, data.length, true);
    view.setUint32(4, checksum, true);
    packet.set(data, 8);
    await sendBytes(this.link, slipEncode(packet));
  }

  async answer({ op, answerBytes = 0, timeoutMs = defaultTimeoutMs }: EspRequest): Promise<EspAnswer> {
    const deadline = performance.now() + this.ms(timeoutMs);
    for (let i = 0; i < mostForeignFrames; i++) {
      const frame = await this.frame((deadline - performance.now()) / this.timeScale);
      const answer = parseAnswer(frame);
      if (answer === undefined) continue;
      if (answer.op === op) return checkStatus(answer, answerBytes);
      if (answer.data.length >= 2 && answer.data[0] !== 0 && answer.data[1] === badMessage) {
        await this.drain();
        throw new EspRefusal(badMessage);
      }
    }
    throw new ReadTimeout(`${mostForeignFrames} frames came, none of them the answer`);
  }

  /** One SYNC. The ROM answers eight times with a value that is not zero, the stub once with zero. */
  async sync(): Promise<void> {
    const { value } = await this.request({ op: espOp.sync, data: syncData, timeoutMs: 100 });
    this.stub = value === 0;
    await this.drain();
  }

  async readRegister(address: number): Promise<number> {
    return (await this.request({ op: espOp.readReg, data: words(address) })).value;
  }

  async writeRegister(address: number, value: number): Promise<void> {
    await this.request({ op: espOp.writeReg, data: words(address, value, 0xffffffff, 0) });
  }
}

function parseAnswer(frame: Uint8Array): (EspAnswer & { op: number }) | undefined {
  if (frame.length < 10 || frame[0] !== 1) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset);
  if (view.getUint16(2, true) !== frame.length - 8) return undefined;
  return { op: frame[1], value: view.getUint32(4, true), data: frame.slice(8) };
}

function checkStatus(answer: EspAnswer, answerBytes: number): EspAnswer {
  const { data } = answer;
  const at = data.length < answerBytes + 2 ? 0 : answerBytes;
  if (data[at] !== 0) throw new EspRefusal(data[at + 1]);
  if (at !== answerBytes)
    throw new ReadTimeout(`an answer of ${data.length} bytes instead of ${answerBytes} and a status`);
  return { value: answer.value, data: data.slice(0, answerBytes) };
}
