// SPDX-License-Identifier: Apache-2.0
// Which boards a port, a drive or a probe can be, and why: USB ids and drive names of the board files.
import type { FlashDrive } from '../flash/drive.js';
import type { FlashEntry } from '../flash/method.js';
import type { Board } from '../generated/board.js';
import type { UsbDevice } from './usbDevices.js';
import { usbId } from './usbDevices.js';

export interface Guess {
  board: string;
  why: string;
}

export type UsbRole = NonNullable<NonNullable<Board['usb']>[number]['role']>;

/** Boards whose file names this USB device, in the order of the list. */
export function boardsOfUsb(boards: readonly Board[], device: Partial<UsbDevice>, roles?: readonly UsbRole[]): Guess[] {
  const { vid, pid } = device;
  if (vid === undefined || pid === undefined) return [];
  return boards.flatMap((board) => {
    const entry = board.usb?.find(
      (u) => u.vid === vid && u.pid === pid && (!roles || roles.includes(u.role ?? 'console')),
    );
    return entry ? [{ board: board.id, why: `usb ${usbId({ vid, pid })} ${entry.name}` }] : [];
  });
}

/** Boards one of whose flash methods takes this drive. */
export function boardsOfDrive(boards: readonly Board[], drive: FlashDrive): Guess[] {
  return boards.flatMap((board) => {
    const why = board.flash?.map((entry) => whyDrive(entry, drive)).find((w) => w !== undefined);
    return why === undefined ? [] : [{ board: board.id, why }];
  });
}

/** Why this method takes this drive, or undefined where it does not. */
export function whyDrive(entry: FlashEntry, { kind, info }: FlashDrive): string | undefined {
  if (entry.method === 'uf2-drive' && kind === 'uf2') {
    const id = info['Board-ID'] ?? '';
    return entry.boardIds.some((b) => id.startsWith(b)) ? `Board-ID ${id}` : undefined;
  }
  if (entry.method === 'stlink-drive' && kind === 'stlink')
    return entry.labels.some((l) => isLabel(info.label ?? '', l)) ? `drive ${info.label}` : undefined;
  if (entry.method === 'daplink-drive' && kind === 'daplink') {
    const code = (info['Unique ID'] ?? '').slice(0, 4).toUpperCase();
    const codes = entry.boardCodes?.map((c) => c.toUpperCase());
    if (codes === undefined) return 'a DAPLink drive';
    return codes.includes(code) ? `DAPLink board code ${code}` : undefined;
  }
  return undefined;
}

/** Linux adds a number to the mount point of a second drive with the same label. */
const isLabel = (mounted: string, label: string): boolean =>
  mounted.startsWith(label.toUpperCase()) && /^\d{0,2}$/.test(mounted.slice(label.length));
