// SPDX-License-Identifier: Apache-2.0
// A firmware file -> what goes where: ELF, UF2, Intel HEX, or a plain binary whose address the caller knows.
import { ElfError, readElf } from '../build/elf.js';
import { readHex } from '../build/hex.js';
import { type Chunk, ImageError, imageOf, joinChunks } from '../build/image.js';
import { readUf2 } from '../build/uf2.js';
import { fail } from '../cli/errors.js';

export interface FirmwareFile {
  format: 'elf' | 'hex' | 'uf2' | 'bin';
  image: Chunk[];
  /** Of an ELF: its processor, and the file itself. */
  machine?: 'arm' | 'riscv' | 'riscv64';
  elf?: Uint8Array;
  /** Of a UF2 that names one. */
  family?: number;
}

const elfMagic = 0x464c457f;
const uf2Magic = 0x0a324655;
/** A HEX file begins with `:` and is text. */
const colon = 0x3a;

/**
 * Reads the format from the content; `address` is where a plain binary goes, and wrong for the others. `usualAddress` is
 * where it goes if nobody says.
 */
export function readFirmware(bytes: Uint8Array, path: string, address?: number, usualAddress?: number): FirmwareFile {
  try {
    const file = parse(bytes, path, address ?? usualAddress);
    if (address !== undefined && file.format !== 'bin')
      fail('usage.bad', {
        what: `--address is for plain binaries; ${path} is ${file.format} and knows its addresses`,
        command: 'flash',
      });
    if (file.image.length === 0) throw new ImageError('there is nothing to flash in it');
    return file;
  } catch (error) {
    if (!(error instanceof ImageError || error instanceof ElfError)) throw error;
    return fail('data.broken', { path, reason: `as a firmware image: ${error.message}` });
  }
}

function parse(bytes: Uint8Array, path: string, address: number | undefined): FirmwareFile {
  const first = bytes.length >= 4 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : 0;
  if (first === elfMagic) {
    const elf = readElf(bytes);
    const machine = elf.wordBits === 64 ? 'riscv64' : elf.machine;
    return { format: 'elf', image: imageOf(elf), machine, elf: bytes };
  }
  if (first === uf2Magic) {
    const { image, family } = readUf2(bytes);
    return { format: 'uf2', image, ...(family !== undefined && { family }) };
  }
  if (bytes[0] === colon) return { format: 'hex', image: readHex(Buffer.from(bytes).toString('latin1')).image };
  if (address === undefined)
    return fail('usage.bad', {
      what: `${path} is a plain binary, which does not say where it belongs: add --address 0x…`,
      command: 'flash',
    });
  if (address + bytes.length > 2 ** 32) throw new ImageError('it leaves 32 bits of address');
  return { format: 'bin', image: joinChunks([{ address, bytes }]) };
}
