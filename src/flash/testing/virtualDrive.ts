// SPDX-License-Identifier: Apache-2.0
// Test only: folders that behave like the drives of boards. What is copied is taken block by block as it comes; then the
// drive leaves (UF2), or leaves and comes back without the file (DAPLink, ST-LINK).
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface VirtualDrive {
  /** The last state of the file that was copied. */
  received(): Uint8Array;
  /** The drive has taken the file. */
  taken(): boolean;
  stop(): void;
}

const lookMs = 5;
const uf2BlockBytes = 512;

interface DriveKind {
  files: Record<string, string>;
  /** Whether the file is whole, so far as this board can tell. */
  isWhole(file: Uint8Array): boolean;
  /** Files after the drive has come back; it stays away where there are none. */
  returnsWith?: Record<string, string>;
}

async function fill(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

async function virtualDrive(folder: string, kind: DriveKind): Promise<VirtualDrive> {
  await fill(folder, kind.files);
  let [file, taken, busy] = [new Uint8Array(0), false, false];
  const look = async (): Promise<void> => {
    const names = await readdir(folder).catch(() => []);
    const name = names.find((n) => /\.(uf2|hex|bin)$/i.test(n));
    if (name === undefined) return;
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined) return; // taken back
    file = Uint8Array.from(bytes);
    if (!kind.isWhole(file)) return;
    taken = true;
    clearInterval(timer);
    // Drives go and come as a whole, not file by file; an unmounted one may leave its empty folder for a moment.
    const aside = await mkdtemp(join(tmpdir(), 'mote-drive-'));
    try {
      await rename(folder, join(aside, 'gone')).catch(() => rm(folder, { recursive: true, force: true }));
      if (!kind.returnsWith) return;
      await mkdir(folder, { recursive: true });
      await fill(join(aside, 'back'), kind.returnsWith);
      await new Promise((resolve) => setTimeout(resolve, 20 * lookMs));
      await rm(folder, { recursive: true, force: true });
      await rename(join(aside, 'back'), folder).catch(() => undefined);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  };
  const timer = setInterval(() => {
    if (busy || taken) return;
    busy = true;
    void look().finally(() => {
      busy = false;
    });
  }, lookMs);
  return { received: () => file, taken: () => taken, stop: () => clearInterval(timer) };
}

/** All blocks of the family are there, each once, numbered as they say; blocks of other families do not count. */
function allBlocks(file: Uint8Array, family: number): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const seen = new Set<number>();
  let count = Number.POSITIVE_INFINITY;
  for (let at = 0; at + uf2BlockBytes <= file.length; at += uf2BlockBytes) {
    const magic = view.getUint32(at, true) === 0x0a324655 && view.getUint32(at + 508, true) === 0x0ab16f30;
    if (!magic || view.getUint32(at + 28, true) !== family) continue;
    count = view.getUint32(at + 24, true);
    seen.add(view.getUint32(at + 20, true));
  }
  return seen.size === count;
}

export function virtualUf2Drive(folder: string, boardId: string, family: number): Promise<VirtualDrive> {
  const info = `UF2 Bootloader v3.0\r\nModel: Virtual ${boardId}\r\nBoard-ID: ${boardId}\r\n`;
  return virtualDrive(folder, {
    files: { 'INFO_UF2.TXT': info, 'INDEX.HTM': '<html></html>' },
    isWhole: (file) => allBlocks(file, family),
  });
}

/** `failText`: what the probe puts into FAIL.TXT. */
export function virtualProbeDrive(folder: string, failText?: string): Promise<VirtualDrive> {
  const details = '# DAPLink Firmware\r\nUnique ID: 0226000041114e45\r\nInterface Version: 0257\r\n';
  return virtualDrive(folder, {
    files: { 'DETAILS.TXT': details },
    isWhole: (file) => Buffer.from(file).includes(':00000001FF') || (file.length > 0 && file[0] !== 0x3a),
    returnsWith: { 'DETAILS.TXT': details, ...(failText !== undefined && { 'FAIL.TXT': failText }) },
  });
}
