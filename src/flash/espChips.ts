// SPDX-License-Identifier: Apache-2.0
// The chips of the ESP32 family as their boot ROMs tell them apart, and what flashing one needs to know.
// Numbers: https://github.com/espressif/esptool/tree/master/esptool/targets (IMAGE_CHIP_ID, CHIP_DETECT_MAGIC_VALUE,
// SPI_REG_BASE and offsets); strapping pins: each chip's "Boot Mode Selection" page of the esptool documentation.

/** Registers with which the SPI controller of the flash is asked for the flash's identity. */
export interface SpiRegisters {
  base: number;
  usr: number;
  usr1: number;
  usr2: number;
  misoBits: number;
  data: number;
}

export interface EspChip {
  name: string;
  /** From GET_SECURITY_INFO; ESP32 lacks the command, ESP32-S2's answer has no chip id. */
  chipId?: number;
  /** What the word at 0x40001000 is, on chips that have no chip id. */
  magic?: number;
  /** A fifth word (0: not encrypted) ends FLASH_BEGIN and FLASH_DEFL_BEGIN of the ROM. */
  beginHasFifthWord: boolean;
  /** Low at reset: download mode. */
  bootPin: string;
  spi: SpiRegisters;
}

const spiOffsets = { usr: 0x18, usr1: 0x1c, usr2: 0x20, misoBits: 0x28, data: 0x58 };

export const espChips = [
  {
    name: 'ESP32',
    magic: 0x00f01d83,
    beginHasFifthWord: false,
    bootPin: 'GPIO0',
    spi: { base: 0x3ff42000, usr: 0x1c, usr1: 0x20, usr2: 0x24, misoBits: 0x2c, data: 0x80 },
  },
  {
    name: 'ESP32-S2',
    magic: 0x000007c6,
    beginHasFifthWord: true,
    bootPin: 'GPIO0',
    spi: { base: 0x3f402000, ...spiOffsets },
  },
  { name: 'ESP32-S3', chipId: 9, beginHasFifthWord: true, bootPin: 'GPIO0', spi: { base: 0x60002000, ...spiOffsets } },
  { name: 'ESP32-C2', chipId: 12, beginHasFifthWord: true, bootPin: 'GPIO9', spi: { base: 0x60002000, ...spiOffsets } },
  { name: 'ESP32-C3', chipId: 5, beginHasFifthWord: true, bootPin: 'GPIO9', spi: { base: 0x60002000, ...spiOffsets } },
  { name: 'ESP32-C6', chipId: 13, beginHasFifthWord: true, bootPin: 'GPIO9', spi: { base: 0x60003000, ...spiOffsets } },
  { name: 'ESP32-H2', chipId: 16, beginHasFifthWord: true, bootPin: 'GPIO9', spi: { base: 0x60003000, ...spiOffsets } },
  {
    name: 'ESP32-P4',
    chipId: 18,
    beginHasFifthWord: true,
    bootPin: 'GPIO35',
    spi: { base: 0x5008d000, ...spiOffsets },
  },
] as const satisfies readonly EspChip[];

export type EspChipName = (typeof espChips)[number]['name'];

/** The word that tells chips without chip id apart. */
export const magicAddress = 0x40001000;

export function chipNamed(name: EspChipName): EspChip {
  return (espChips as readonly EspChip[]).find((chip) => chip.name === name)!;
}

/** Bytes of a SPI flash from the third byte of its JEDEC identity: 2^n, with 20, 21, 22 standing for 2^26 to 2^28. */
export function flashBytesOfJedec(id: number): number | undefined {
  const code = (id >>> 16) & 0xff;
  const power = code >= 0x20 && code <= 0x22 ? code + 6 : code >= 0x32 && code <= 0x3a ? code - 0x20 : code;
  return power >= 0x12 && power <= 0x1c ? 2 ** power : undefined;
}
