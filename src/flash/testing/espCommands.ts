// SPDX-License-Identifier: Apache-2.0
// Test only: the commands of the boot ROM and of the stub of a virtual ESP32, one table row each, from
// https://docs.espressif.com/projects/esptool/en/latest/esp32/advanced-topics/serial-protocol.html
import { createHash } from 'node:crypto';
import { type EspFlashArray, type EspTransfer, takeBlock } from './espFlashArray.js';

export interface EspMachine {
  stub: boolean;
  flash: EspFlashArray;
  transfer: EspTransfer | undefined;
  attached: boolean;
  /** Size of the flash as the host has told it. */
  flashEnd: number;
  /** What MEM_BEGIN announced, and how much of it has come. */
  ram: { address: number; announced: number; bytes: number } | undefined;
  /** RAM and registers as the core sees them; absent where the chip's core is not modelled. */
  memory?: {
    load(address: number, bytes: number): number | undefined;
    store(address: number, bytes: number, value: number): boolean;
  };
  registers: Map<number, number>;
  security: { chipId: number | undefined; flags: number; cryptCount: number };
  spi: { base: number; usr2: number; data: number };
  beginBytes: number;
  jedecId: number;
  efuse: { from: number; to: number };
  /** Answers of SPI_FLASH_MD5 are wrong. */
  lyingMd5: boolean;
  /** Done once the answer is sent. */
  afterwards: (act: () => void) => void;
  startCode(entry: number): void;
  /** True once where the next command is to fail. */
  refuse(): boolean;
  restart(): void;
  runProgram(): void;
  setBaud(baud: number): void;
}

export interface CommandInput {
  data: Uint8Array;
  view: DataView;
  word: (index: number) => number;
  checksum: number;
}

/** An error code, or what the answer holds. */
export type CommandResult = number | { value?: number; data?: Uint8Array; times?: number };

interface Command {
  /** Allowed lengths of the data, where they are fixed. */
  bytes?: readonly number[];
  only?: 'rom' | 'stub';
  /** Works in secure download mode too. */
  secure?: boolean;
  run(machine: EspMachine, input: CommandInput): CommandResult;
}

const failed = 6;
const wrongChecksum = (stub: boolean): number => (stub ? 0xc1 : 7);
const ok: CommandResult = {};
const secureDownloadFlag = 4;

const checksumOf = (payload: Uint8Array): number => payload.reduce((sum, byte) => sum ^ byte, 0xef);

function begin(compressed: boolean) {
  return (machine: EspMachine, { word, data }: CommandInput): CommandResult => {
    const [size, blocks, blockBytes, offset] = [word(0), word(1), word(2), word(3)];
    if (!machine.attached || (!machine.stub && data.length !== machine.beginBytes)) return machine.stub ? 0xc4 : failed;
    const end = machine.stub ? machine.flash.bytes.length : Math.min(machine.flashEnd, machine.flash.bytes.length);
    if (offset + size > end || blockBytes > 0x4000) return machine.stub ? 0xc2 : failed;
    const limit = compressed ? size : blocks * blockBytes;
    machine.flash.erase(offset, size);
    machine.transfer = { offset, limit, compressed, received: new Uint8Array(0), written: 0, recorded: true };
    return ok;
  };
}

function data(compressed: boolean) {
  return (machine: EspMachine, { word, data: bytes, checksum }: CommandInput): CommandResult => {
    const block = bytes.subarray(16);
    if (word(0) !== block.length) return machine.stub ? 0xc0 : 5;
    if (checksumOf(block) !== (checksum & 0xff)) return wrongChecksum(machine.stub);
    if (machine.transfer?.compressed !== compressed) return machine.stub ? 0xc6 : failed;
    return takeBlock(machine.flash, machine.transfer, block) ? ok : machine.stub ? 0xc7 : 0x0b;
  };
}

function end(machine: EspMachine, { word }: CommandInput): CommandResult {
  machine.transfer = undefined;
  // 0 restarts, 1 stays in the stub; the ROM leaves its loader in both cases.
  if (word(0) === 0) machine.afterwards(() => machine.restart());
  else if (!machine.stub) machine.afterwards(() => machine.runProgram());
  return ok;
}

/** The SPI controller: a user command 9F puts the flash's identity into the first data word. */
export function writeRegister(machine: EspMachine, address: number, value: number): void {
  const { registers, spi, efuse } = machine;
  if (address >= efuse.from && address < efuse.to) machine.flash.record.forbidden.push('an eFuse register was written');
  registers.set(address, value);
  if (address !== spi.base || value !== 1 << 18) return;
  registers.set(address, 0);
  const command = (registers.get(spi.base + spi.usr2) ?? 0) & 0xff;
  registers.set(spi.base + spi.data, command === 0x9f ? machine.jedecId : 0);
}

export const readRegister = (machine: EspMachine, address: number): number => machine.registers.get(address) ?? 0;

function setParams(machine: EspMachine, { word }: CommandInput): CommandResult {
  if (word(0) !== 0) return failed;
  machine.flashEnd = word(1);
  return ok;
}

function readWord(machine: EspMachine, { word }: CommandInput): CommandResult {
  return { value: machine.memory?.load(word(0), 4) ?? readRegister(machine, word(0)) };
}

const espCommands: ReadonlyMap<number, Command> = new Map<number, Command>([
  [0x02, { bytes: [16, 20], secure: true, run: begin(false) }],
  [0x03, { secure: true, run: data(false) }],
  [0x04, { bytes: [4], secure: true, run: end }],
  [
    0x05,
    {
      bytes: [16],
      run: (machine, { word }) => {
        machine.ram = { address: word(3), announced: word(0), bytes: 0 };
        return ok;
      },
    },
  ],
  [
    0x06,
    {
      bytes: [8],
      run: (machine, { word }) => {
        const entry = word(1);
        if (word(0) === 0 && machine.ram && machine.ram.bytes > 0) machine.afterwards(() => machine.startCode(entry));
        return ok;
      },
    },
  ],
  [
    0x07,
    {
      run: (machine, { word, data: bytes, checksum }) => {
        const block = bytes.subarray(16);
        if (!machine.ram || word(0) !== block.length) return 5;
        if (checksumOf(block) !== (checksum & 0xff)) return wrongChecksum(machine.stub);
        const at = machine.ram.address + machine.ram.bytes;
        if (machine.ram.bytes + block.length > machine.ram.announced) return failed;
        if (machine.memory && !block.every((byte, i) => machine.memory?.store(at + i, 1, byte))) return failed;
        machine.ram.bytes += block.length;
        return ok;
      },
    },
  ],
  [
    0x08,
    {
      secure: true,
      run: (machine, { data: bytes }) => {
        const good =
          bytes.length === 36 && bytes[0] === 7 && bytes[3] === 0x20 && bytes.subarray(4).every((b) => b === 0x55);
        if (!good) return 5;
        return machine.stub ? { value: 0 } : { value: 0x20120707, times: 8 };
      },
    },
  ],
  [
    0x09,
    {
      run: (machine, { word, data: bytes }) => {
        if (bytes.length % 16 !== 0) return 5;
        if (!machine.memory?.store(word(0), 4, word(1))) writeRegister(machine, word(0), word(1));
        return ok;
      },
    },
  ],
  [0x0a, { bytes: [4], run: readWord }],
  [0x0b, { bytes: [24], secure: true, run: setParams }],
  [
    0x0d,
    {
      secure: true,
      run: (machine, { data: bytes }) => {
        if (bytes.length !== (machine.stub ? 4 : 8)) return 5;
        machine.attached = true;
        return ok;
      },
    },
  ],
  [
    0x0e,
    {
      only: 'rom',
      bytes: [8],
      run: (machine, { word }) => {
        const [offset, count] = [word(0), word(1)];
        if (!machine.attached || count > 64 || offset + count > machine.flash.bytes.length) return failed;
        const data = new Uint8Array(64);
        data.set(machine.flash.bytes.subarray(offset, offset + count));
        return { data };
      },
    },
  ],
  [
    0x0f,
    {
      bytes: [8],
      secure: true,
      run: (machine, { word }) => {
        const baud = word(0);
        machine.afterwards(() => machine.setBaud(baud));
        return ok;
      },
    },
  ],
  [0x10, { bytes: [16, 20], secure: true, run: begin(true) }],
  [0x11, { secure: true, run: data(true) }],
  [0x12, { bytes: [4], secure: true, run: end }],
  [
    0x13,
    {
      bytes: [16],
      secure: true,
      run: (machine, { word }) => {
        const [offset, count] = [word(0), word(1)];
        if (offset + count > machine.flash.bytes.length) return failed;
        const digest = createHash('md5')
          .update(machine.flash.bytes.subarray(offset, offset + count))
          .digest();
        if (machine.lyingMd5) digest[0] ^= 1;
        return { data: machine.stub ? Uint8Array.from(digest) : Uint8Array.from(Buffer.from(digest.toString('hex'))) };
      },
    },
  ],
  [
    0x14,
    {
      bytes: [0],
      secure: true,
      run: ({ security }) => {
        if (security.chipId === undefined) return 5;
        const answer = new DataView(new ArrayBuffer(20));
        answer.setUint32(0, security.flags, true);
        answer.setUint8(4, security.cryptCount);
        answer.setUint32(12, security.chipId, true);
        return { data: new Uint8Array(answer.buffer) };
      },
    },
  ],
  [
    0xd0,
    {
      only: 'stub',
      run: (machine) => {
        machine.flash.erase(0, machine.flash.bytes.length);
        return ok;
      },
    },
  ],
  [
    0xd3,
    {
      only: 'stub',
      run: (machine) => {
        machine.afterwards(() => machine.runProgram());
        return ok;
      },
    },
  ],
]);

/** The result of one command frame, without header. */
export function runCommand(machine: EspMachine, op: number, input: CommandInput): CommandResult {
  const command = espCommands.get(op);
  const invalid = machine.stub ? 0xc3 : 5;
  if (command === undefined || (command.only && (command.only === 'stub') !== machine.stub)) return invalid;
  if ((machine.security.flags & secureDownloadFlag) !== 0 && !command.secure) return invalid;
  if (command.bytes && !command.bytes.includes(input.data.length)) return machine.stub ? 0xc0 : 5;
  return command.run(machine, input);
}
