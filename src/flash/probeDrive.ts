// SPDX-License-Identifier: Apache-2.0
// Flashes by copying a file onto the drive of a debug probe, DAPLink or ST-LINK: the probe programs the chip while the
// file comes, then takes its drive away and shows it again without the file, with FAIL.TXT where something went wrong.
// https://github.com/ARMmbed/DAPLink/blob/main/docs/USERS-GUIDE.md
import { writeBin } from '../build/bin.js';
import { writeHex } from '../build/hex.js';
import { fail } from '../cli/errors.js';
import type { DaplinkDriveFlash, StlinkDriveFlash } from '../generated/board.js';
import { copyFile, namesOn, readNote, waitFor } from './copyFile.js';
import type { CopyRequest, CopyToDrive } from './drive.js';
import type { FlashReport } from './flashMemory.js';

const failName = 'FAIL.TXT';
/** A probe programs some 10 kB/s and more; its drive comes back within some seconds. */
const programTimeoutMs = 60_000;
const returnTimeoutMs = 15_000;

/** HEX carries addresses and an end, so a probe cannot mistake blocks that the system writes in another order. */
function fileOf(image: CopyRequest['image'], format: 'hex' | 'bin'): { name: string; bytes: Uint8Array } {
  if (format === 'bin') return { name: 'MOTE.BIN', bytes: writeBin(image).bytes };
  return { name: 'MOTE.HEX', bytes: new TextEncoder().encode(writeHex(image)) };
}

async function copyToProbe(request: CopyRequest, format: 'hex' | 'bin', chip: string): Promise<FlashReport> {
  const { drive, image, timeScale = 1 } = request;
  const { name, bytes } = fileOf(image, format);
  request.onStep?.(`copying ${name} to ${drive.path}`);
  // Probes read the file as it comes and are disturbed by what a flush writes in between.
  await copyFile(request, name, bytes, { flushPieces: false });
  request.onStep?.('waiting for the probe');
  const has = async (wanted: string) => (await namesOn(drive.path))?.some((n) => n.toUpperCase() === wanted);
  if (!(await waitFor(async () => (await has(name)) !== true, programTimeoutMs * timeScale)))
    fail('flash.drive', { drive: drive.path, reason: await reasonOf(request, 'the probe did not take the file') });
  // What was unmounted may leave its empty folder for a moment.
  const isBack = async () => ((await namesOn(drive.path))?.length ?? 0) > 0;
  const back = await waitFor(isBack, returnTimeoutMs * timeScale);
  if (back && (await has(failName)))
    fail('flash.drive', { drive: drive.path, reason: await reasonOf(request, 'the probe reports a failure') });
  return {
    chip,
    imageBytes: image.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
    erasedBlocks: 0,
    unchangedBlocks: 0,
    writtenBytes: image.reduce((sum, chunk) => sum + chunk.bytes.length, 0),
    verifiedBy: 'none',
    ...(!back && { notes: ['the drive of the probe has not come back, so it has not said whether all went well'] }),
  };
}

async function reasonOf({ drive }: CopyRequest, words: string): Promise<string> {
  const name = (await namesOn(drive.path))?.find((n) => n.toUpperCase() === failName);
  const note = name === undefined ? undefined : await readNote(drive.path, name);
  return note ? `${words}: ${note}` : words;
}

export const copyDaplink: CopyToDrive<DaplinkDriveFlash> = async (request, options) => {
  const { drive } = request;
  const id = drive.info['Unique ID'] ?? '';
  const wanted = options.boardCodes?.map((code) => code.toLowerCase());
  if (drive.kind !== 'daplink' || (wanted && !wanted.includes(id.slice(0, 4).toLowerCase())))
    fail('flash.chip', {
      board: drive.path,
      found: id ? `the probe ${id}` : 'no DAPLink probe',
      expected: wanted ? `one whose Unique ID begins with ${wanted.join(' or ')}` : 'DAPLink',
    });
  return copyToProbe(request, options.format, `DAPLink ${id}`.trim());
};

export const copyStlink: CopyToDrive<StlinkDriveFlash> = async (request, options) => {
  const { drive } = request;
  const label = drive.info.label ?? '';
  if (drive.kind !== 'stlink' || !options.labels.some((wanted) => wanted.toUpperCase() === label.toUpperCase()))
    fail('flash.chip', {
      board: drive.path,
      found: label ? `the volume ${label}` : 'no ST-LINK',
      expected: options.labels.join(' or '),
    });
  return copyToProbe(request, options.format, `ST-LINK ${label}`);
};
