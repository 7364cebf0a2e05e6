// SPDX-License-Identifier: Apache-2.0
// Test only: the AN3155 boot loader on a link in this process, as a board for the tests and the fault runs.
import { type AdapterListeners, memoryLink } from '../../link/memoryLink.js';
import { An3155Rom, type RomOptions } from './an3155Rom.js';
import type { Range, TestBoard } from './testBoard.js';

/** Blocks of a chip from 0x08000000 on. */
export function blocksOf(...runs: [count: number, bytes: number][]): Range[] {
  let address = 0x0800_0000;
  return runs.flatMap(([count, bytes]) =>
    Array.from({ length: count }, () => {
      address += bytes;
      return { address: address - bytes, bytes };
    }),
  );
}

/** RM0090, table 5: STM32F405xG, 1 MB in 12 sectors; AN2606: the boot loader uses RAM up to 0x20003000. */
export const stm32f405: RomOptions = {
  productId: 0x413,
  blocks: blocksOf([4, 0x4000], [1, 0x10000], [7, 0x20000]),
  ram: { start: 0x2000_0000, bytes: 0x20000, reservedTo: 0x2000_3000 },
};

/** RM0008: STM32F103xB, 128 pages of 1 kB. */
export const stm32f103: RomOptions = {
  productId: 0x410,
  blocks: blocksOf([128, 0x400]),
  ram: { start: 0x2000_0000, bytes: 0x5000, reservedTo: 0x2000_0200 },
  version: 0x22,
  erase: 'legacy',
};

export interface RomBoard extends TestBoard {
  rom: An3155Rom;
  /** Addresses of GO, in order. */
  started: number[];
}

const printEveryMs = 300;

export function romBoard(options: RomOptions, adapter: AdapterListeners = {}): RomBoard {
  const { near, far } = memoryLink('virtual board', adapter);
  const started: number[] = [];
  let unplugged = false;
  const rom = new An3155Rom(options, { send: (bytes) => far.send(bytes), go: (address) => started.push(address) });
  far.onData((bytes) => {
    if (!unplugged) rom.feed(bytes);
  });
  return {
    link: near,
    rom,
    started,
    record: rom.flash.record,
    content: (address, count) => rom.flash.read(address, count),
    say: (bytes) => far.send(bytes),
    refuseNext: () => rom.refuseNext(),
    reset: () => rom.reset(),
    runProgram: (output) => {
      rom.stop();
      setInterval(() => far.send(output), printEveryMs);
    },
    unplug: () => {
      unplugged = true;
      far.break('the plug was pulled');
    },
  };
}
