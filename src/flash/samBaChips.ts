// SPDX-License-Identifier: Apache-2.0
// The chips behind Arduino's SAM-BA boot loaders: how each is known, and which registers erase its flash. Erasing goes by
// registers, because SAM-BA's own X command erases everything behind an address.
// SAM D21 data sheet DS40001882 (NVMCTRL, DSU); SAM D5x/E5x data sheet DS60001507; nRF52840 product specification (NVMC,
// FICR).

import type { SamBaLocks } from './samBaLocks.js';

/** `prepare` is written and read back, `trigger` erases, `ready` is asked until its bits are set, `after` is written. */
export interface SamBaErase {
  prepare: (address: number) => [register: number, value: number];
  trigger: (address: number) => [register: number, value: number];
  ready: { register: number; mask: number };
  after: [register: number, value: number][];
}

export interface SamBaChip {
  name: string;
  id: { address: number; mask: number; value: number };
  eraseBytes: number;
  erase: SamBaErase;
  /** RAM that the boot loader does not use, for what is to be written. */
  bufferAddress: number;
  /** What keeps a damaged command from changing the flash: mote's program in RAM, or locked regions. */
  guard?: 'applet' | SamBaLocks;
}

const nvmctrl = 0x41004000;
const nvmc = 0x4001e000;
const dsuDeviceId = 0x41002018;
const dieSeries = 0xffff0000;

export const samBaChips = {
  samd21: {
    name: 'SAM D21',
    id: { address: dsuDeviceId, mask: dieSeries, value: 0x10010000 },
    eraseBytes: 256,
    // ADDR counts 16-bit words; A502 is the command "erase row" with its key.
    erase: {
      prepare: (address) => [nvmctrl + 0x1c, address / 2],
      trigger: () => [nvmctrl, 0xa502],
      ready: { register: nvmctrl + 0x14, mask: 1 },
      after: [],
    },
    bufferAddress: 0x20005000,
    guard: 'applet',
  },
  samd51: {
    name: 'SAM D51',
    id: { address: dsuDeviceId, mask: dieSeries, value: 0x60060000 },
    eraseBytes: 8192,
    // A501 in CTRLB: "erase block"; READY is bit 0 of STATUS, the upper half of the word at 10.
    erase: {
      prepare: (address) => [nvmctrl + 0x14, address],
      trigger: () => [nvmctrl + 0x04, 0xa501],
      ready: { register: nvmctrl + 0x10, mask: 1 << 16 },
      after: [],
    },
    bufferAddress: 0x20005000,
  },
  nrf52840: {
    name: 'nRF52840',
    id: { address: 0x10000100, mask: 0xffffffff, value: 0x52840 },
    eraseBytes: 4096,
    // CONFIG 2 allows erasing, ERASEPAGE takes the address, CONFIG 0 forbids it again.
    erase: {
      prepare: () => [nvmc + 0x504, 2],
      trigger: (address) => [nvmc + 0x508, address],
      ready: { register: nvmc + 0x400, mask: 1 },
      after: [[nvmc + 0x504, 0]],
    },
    bufferAddress: 0x20008000,
    guard: { register: nvmc + 0x800, stride: 16, count: 8, mostBytes: 512 * 1024, flashBytes: 1024 * 1024 },
  },
} as const satisfies Record<string, SamBaChip>;
