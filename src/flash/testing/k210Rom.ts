// SPDX-License-Identifier: Apache-2.0
// Test only: the serial loader in the ROM of a K210, as laanwj's k210-sdk-stuff (rom/) has read it from the chip: a frame
// begins and ends with C0, and after a lost C0 the ROM takes what lies between two frames for one; two buffers take turns
// and are never cleared, so that an empty frame is the one before the last again; MEMORY_BOOT jumps without looking at its
// check sum. https://github.com/laanwj/k210-sdk-stuff/tree/master/rom
import { crc32 } from 'node:zlib';
import { slipEncode } from '../slip.js';

const op = { nop: 0xc2, memoryWrite: 0xc3, boot: 0xc5, baud: 0xc6 };
const code = { ok: 0xe0, length: 0xe1, checksum: 0xe2, unknown: 0xe3 };
const errorOp = 0xc1;
const mostFrameBytes = 0x410;
const bufferBytes = 0x800;

export interface K210RomHost {
  send(bytes: Uint8Array): void;
  /** False where nothing is: the ROM traps, and is silent until the next reset. */
  write(address: number, bytes: Uint8Array): boolean;
  /** Jumps to the program; what it returns with, `finishBoot` answers. */
  boot(address: number): void;
  setBaud(baud: number): void;
  /** Once true where the next command is to fail. */
  refuse(): boolean;
}

export class K210Rom {
  /** Codes of all commands that came as whole frames. */
  readonly commands: number[] = [];
  /** It has trapped. */
  dead = false;
  #state: 'outside' | 'inside' | 'escaped' = 'outside';
  #buffers = [new Uint8Array(bufferBytes), new Uint8Array(bufferBytes)];
  #count = 0;

  constructor(readonly host: K210RomHost) {}

  reset(): void {
    this.dead = false;
    this.#state = 'outside';
    this.#buffers = [new Uint8Array(bufferBytes), new Uint8Array(bufferBytes)];
    this.#count = 0;
  }

  /** True where the byte started a program: what comes next is for that. */
  feed(byte: number): boolean {
    if (this.dead) return false;
    if (byte === 0xc0) return this.#end();
    if (this.#state === 'outside') return false;
    if (this.#state === 'inside' && byte === 0xdb) {
      this.#state = 'escaped';
      return false;
    }
    if (this.#state === 'inside') this.#take(byte);
    else if (byte === 0xdc || byte === 0xdd) {
      this.#state = 'inside';
      this.#take(byte === 0xdc ? 0xc0 : 0xdb);
    }
    return false;
  }

  #take(byte: number): void {
    this.#buffers[0][this.#count++] = byte;
    if (this.#count <= mostFrameBytes) return;
    this.#count = 0;
    this.#answer(errorOp, code.length);
  }

  #end(): boolean {
    if (this.#state === 'outside') {
      this.#state = 'inside';
      return false;
    }
    this.#state = 'outside';
    this.#count = 0;
    this.#buffers.reverse();
    const frame = new DataView(this.#buffers[1].buffer);
    const command = frame.getUint16(0, true);
    this.commands.push(command & 0xff);
    if (command === op.boot && !this.host.refuse()) {
      this.host.boot((frame.getUint32(8, true) & 0xfffffffe) >>> 0);
      return true;
    }
    this.#answer(command & 0xff, this.host.refuse() ? code.unknown : this.#run(command, frame));
    return false;
  }

  /** The program has come back. */
  finishBoot(): void {
    this.#answer(op.boot, code.ok);
  }

  #answer(command: number, result: number): void {
    if (!this.dead) this.host.send(slipEncode(Uint8Array.of(command, result)));
  }

  #run(command: number, frame: DataView): number {
    if (command === op.nop) return code.ok;
    if (command === op.memoryWrite) return this.#write(frame);
    if (command !== op.baud) return code.unknown;
    if (frame.getUint32(12, true) !== 4) return code.length;
    this.host.setBaud(frame.getUint32(16, true));
    return code.ok;
  }

  #write(frame: DataView): number {
    const count = frame.getUint32(12, true);
    if (count > bufferBytes - 16) return code.checksum;
    const data = new Uint8Array(frame.buffer, 8, count + 8);
    if (crc32(data) !== frame.getUint32(4, true)) return code.checksum;
    this.dead = !this.host.write(frame.getUint32(8, true), data.slice(8));
    // Counted down as it is written.
    frame.setUint32(12, 0xffffffff, true);
    return code.ok;
  }
}
