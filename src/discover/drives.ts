// SPDX-License-Identifier: Apache-2.0
// Drives that boards show to be flashed by copying: known by the text file that each kind puts on them, an ST-LINK by
// its volume label.
import { constants } from 'node:fs';
import { access, open, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FlashDrive } from '../flash/drive.js';
import { type DeviceRoots, under } from './roots.js';

/** The boot loaders' own files are some hundred bytes. */
const mostInfoBytes = 4096;
/** File systems that such a drive can have. */
const driveTypes = new Set(['vfat', 'msdos', 'fat', 'fuseblk', 'exfat']);
/** How ST names the volumes of Nucleo and Discovery boards. */
const stlinkLabel = /^(NODE?|DIS|NUCLEO)_[A-Z0-9_-]+$/i;

export async function listDrives(roots: DeviceRoots): Promise<FlashDrive[]> {
  const folders = [...(await mounted(roots)), ...(await folderAndChildren(roots.driveFolders))];
  const drives = await Promise.all([...new Set(folders)].map(readDrive));
  return drives.filter((d) => d !== undefined);
}

/** The drive that this folder is, or undefined. */
export async function readDrive(path: string): Promise<FlashDrive | undefined> {
  const names = await readdir(path).catch(() => [] as string[]);
  const named = (wanted: string) => names.find((n) => n.toUpperCase() === wanted);
  const uf2 = named('INFO_UF2.TXT');
  const details = named('DETAILS.TXT');
  const label = basename(path);
  const blocked = await writeBlock(path);
  const common = { path, ...(blocked !== undefined && { blocked }) };
  if (uf2) return { ...common, kind: 'uf2', info: parseInfo(await readHead(join(path, uf2))) };
  if (stlinkLabel.test(label)) return { ...common, kind: 'stlink', info: { label: label.toUpperCase() } };
  if (details) return { ...common, kind: 'daplink', info: parseInfo(await readHead(join(path, details))) };
  return undefined;
}

/** Lines `Key: value`; the first line of INFO_UF2.TXT has no colon and goes under `Version`. DETAILS.TXT has `# ` lines. */
function parseInfo(text: string): Record<string, string> {
  const info: Record<string, string> = {};
  for (const line of text.split(/\r?\n/).slice(0, 50)) {
    const plain = line.replace(/[^\x20-\x7e]+/g, ' ').trim();
    if (plain === '' || plain.startsWith('#')) continue;
    const colon = plain.indexOf(':');
    const [key, value] = colon < 0 ? ['Version', plain] : [plain.slice(0, colon).trim(), plain.slice(colon + 1).trim()];
    if (key !== '__proto__') info[key] ??= value.slice(0, 100);
  }
  return info;
}

async function readHead(path: string): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostInfoBytes), 0, mostInfoBytes, 0);
    return buffer.subarray(0, bytesRead).toString('latin1');
  } catch {
    return '';
  } finally {
    await handle.close();
  }
}

async function writeBlock(path: string): Promise<string | undefined> {
  return access(path, constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) =>
      error.code === 'EROFS' ? 'it is mounted read-only' : 'no permission to write to it: mount it as your user',
  );
}

/** Mount points of the file systems in question; `proc/mounts` writes blanks as \040. */
async function mounted(roots: DeviceRoots): Promise<string[]> {
  const text = await readFile(under(roots, 'proc', 'mounts'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => driveTypes.has(type))
    .map(([, path]) =>
      path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

async function folderAndChildren(folders: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      return [folder, ...entries.filter((e) => e.isDirectory()).map((e) => join(folder, e.name))];
    }),
  );
  return lists.flat();
}
