// SPDX-License-Identifier: Apache-2.0
// Flashes by copying a UF2 file onto the drive of a boot loader (RP2040, RP2350, SAMD, nRF52 and others): it writes each
// block as it comes and leaves, drive and all, when it has the last one. https://github.com/microsoft/uf2
import { rp2350ErratumBlock, rp2350Families, writeUf2 } from '../build/uf2.js';
import { fail } from '../cli/errors.js';
import type { Uf2DriveFlash } from '../generated/board.js';
import { copyFile, namesOn, waitFor } from './copyFile.js';
import type { CopyRequest, CopyToDrive } from './drive.js';
import { eraseBlocks, firstOutside, hex32, touchedBlocks } from './eraseBlocks.js';

const fileName = 'MOTE.UF2';
const infoName = 'INFO_UF2.TXT';
/** Boot loaders leave within a second; a full 2 MB at full-speed USB takes some more. */
const leaveTimeoutMs = 20_000;

/** The file: the image for this family, and for an RP2350 the block that its erratum E10 asks for. */
export function uf2File(image: CopyRequest['image'], family: number): Uint8Array {
  const blocks = writeUf2(image, family);
  return rp2350Families.includes(family) ? Uint8Array.from(Buffer.concat([rp2350ErratumBlock(), blocks])) : blocks;
}

function refuseWrongDrive({ drive, image }: CopyRequest, options: Uf2DriveFlash): void {
  const id = drive.info['Board-ID'] ?? '';
  if (drive.kind !== 'uf2' || !options.boardIds.some((begin) => id.startsWith(begin)))
    fail('flash.chip', { board: drive.path, found: id || 'no Board-ID', expected: options.boardIds.join(' or ') });
  const outside = firstOutside(image, eraseBlocks(options.blocks));
  if (outside !== undefined)
    fail('flash.image', {
      board: id,
      reason: `it has bytes at ${hex32(outside)}, which the boot loader does not write`,
    });
}

export const copyUf2: CopyToDrive<Uf2DriveFlash> = async (request, options) => {
  refuseWrongDrive(request, options);
  const { drive, image, timeScale = 1 } = request;
  const bytes = uf2File(image, Number(options.family));
  request.onStep?.(`copying ${bytes.length / 512} UF2 blocks to ${drive.path}`);
  const left = await copyFile(request, fileName, bytes, { flushPieces: true });
  request.onStep?.('waiting for the boot loader to leave');
  const gone = async () => !(await namesOn(drive.path))?.some((name) => name.toUpperCase() === infoName);
  if (!left && !(await waitFor(gone, leaveTimeoutMs * timeScale)))
    fail('flash.drive', {
      drive: drive.path,
      reason: 'it has the whole file and is still there: the boot loader did not accept it',
    });
  return {
    chip: drive.info.Model ?? drive.info['Board-ID'],
    imageBytes: image.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
    erasedBlocks: touchedBlocks(image, eraseBlocks(options.blocks)).length,
    unchangedBlocks: 0,
    writtenBytes: (bytes.length / 512) * 256,
    verifiedBy: 'none',
  };
};
