// SPDX-License-Identifier: Apache-2.0
// Which of a board's flash methods can be used with what is connected. The methods are tried in the order of the board
// file; the first that finds exactly one device is taken. Several devices are never guessed among.
import { fail } from '../cli/errors.js';
import { boardsOfUsb, type UsbRole, whyDrive } from '../discover/guessBoards.js';
import type { SerialPortInfo } from '../discover/serialPorts.js';
import type { UsbDevice } from '../discover/usbDevices.js';
import type { Board, ExternalFlash } from '../generated/board.js';
import type { FlashDrive } from './drive.js';
import type { FlashEntry } from './method.js';
import { flashMethods } from './methods.js';

/** What is connected, and what is installed. */
export interface Found {
  ports: readonly SerialPortInfo[];
  drives: readonly FlashDrive[];
  usb: readonly UsbDevice[];
  /** A folder that `west build` made for the board. */
  zephyrBuild?: string;
  /** Path of the program of a tool (a key of externalTools), where it is installed. */
  findTool(tool: string): string | undefined;
}

export interface Wish {
  method?: string;
  /** A port that the user named. */
  port?: string;
  /** What is behind `port`, where it is the folder of a drive. */
  drive?: FlashDrive;
  /** The image is one for the board's MCUboot (isSigned). */
  signed?: boolean;
}

export type Way =
  | { kind: 'link'; entry: FlashEntry; port: string; why: string }
  | { kind: 'drive'; entry: FlashEntry; drive: FlashDrive; why: string }
  | { kind: 'tool'; entry: ExternalFlash; program: string; port?: string; why: string };

interface Candidate {
  way: Way;
  name: string;
  blocked?: { reason: string; help: string };
}

const nameOf = (entry: FlashEntry): string => (entry.method === 'external' ? entry.tool : entry.method);

export function chooseWay(board: Board, wish: Wish, found: Found): Way {
  const lookedFor: string[] = [];
  for (const entry of wishedEntries(board, wish)) {
    const candidates = candidatesOf(board, entry, wish, found, lookedFor);
    const free = candidates.filter((c) => !c.blocked);
    if (free.length > 1) return failMany(board, candidates);
    if (free.length === 1) return free[0].way;
    if (candidates.length > 0) return failBlocked(board, candidates[0]);
  }
  return fail('flash.none', {
    board: board.id,
    what: lookedFor.join('; ') || 'nothing: its file names no way to flash it',
  });
}

function wishedEntries(board: Board, { method }: Wish): FlashEntry[] {
  const entries = board.flash ?? [];
  const wished = method === undefined ? entries : entries.filter((e) => e.method === method || nameOf(e) === method);
  if (wished.length > 0 || method === undefined) return wished;
  const methods = entries.map(nameOf).join(', ') || 'no method';
  return fail('flash.method', { board: board.id, method, methods });
}

function candidatesOf(board: Board, entry: FlashEntry, wish: Wish, found: Found, lookedFor: string[]): Candidate[] {
  // Unless the user says otherwise, signed images go by MCUboot and all others not.
  if (wish.method === undefined && (entry.method === 'smp') !== (wish.signed ?? false)) {
    lookedFor.push(
      entry.method === 'smp'
        ? '(smp is for images signed for MCUboot)'
        : `(${nameOf(entry)} is for images that are not signed)`,
    );
    return [];
  }
  const row = flashMethods[entry.method];
  if (!row) {
    lookedFor.push(`(mote has no client for ${entry.method} yet)`);
    return [];
  }
  if (row.kind === 'drive') return driveCandidates(entry, wish, found, lookedFor);
  if (entry.method === 'external') return toolCandidates(board, entry, wish, found, lookedFor);
  return linkCandidates(board, entry, wish, found, lookedFor);
}

const usbWords = (board: Board, roles: readonly UsbRole[]): string =>
  (board.usb ?? [])
    .filter((u) => roles.includes(u.role ?? 'console'))
    .map((u) => `${u.vid}:${u.pid} ${u.name}`)
    .join(', ') || 'any known USB id';

function linkCandidates(board: Board, entry: FlashEntry, wish: Wish, found: Found, lookedFor: string[]): Candidate[] {
  const way = (port: string, why: string): Way => ({ kind: 'link', entry, port, why });
  if (wish.drive) {
    lookedFor.push(`a serial port, which the drive ${wish.drive.path} is not`);
    return [];
  }
  if (wish.port !== undefined) return [{ name: wish.port, way: way(wish.port, 'named') }];
  lookedFor.push(`a serial port with usb ${usbWords(board, ['console', 'boot'])}`);
  return found.ports.flatMap((port) => {
    const [guess] = boardsOfUsb([board], port, ['console', 'boot']);
    return guess
      ? [{ name: port.path, way: way(port.path, guess.why), ...(port.blocked && { blocked: port.blocked }) }]
      : [];
  });
}

function driveCandidates(entry: FlashEntry, wish: Wish, found: Found, lookedFor: string[]): Candidate[] {
  if (wish.port !== undefined && !wish.drive) {
    lookedFor.push(`${driveWords(entry)}, but ${wish.port} is no folder that is there`);
    return [];
  }
  lookedFor.push(driveWords(entry));
  return (wish.drive ? [wish.drive] : found.drives).flatMap((drive) => {
    const why = whyDrive(entry, drive);
    if (why === undefined) return [];
    const blocked = drive.blocked === undefined ? undefined : { reason: drive.blocked, help: 'mount it writable' };
    return [{ name: drive.path, way: { kind: 'drive' as const, entry, drive, why }, ...(blocked && { blocked }) }];
  });
}

function driveWords(entry: FlashEntry): string {
  if (entry.method === 'uf2-drive') return `a UF2 drive with Board-ID ${entry.boardIds.join(' or ')}`;
  if (entry.method === 'stlink-drive') return `a drive labelled ${entry.labels.join(' or ')}`;
  return 'a DAPLink drive';
}

function toolCandidates(
  board: Board,
  entry: ExternalFlash,
  wish: Wish,
  found: Found,
  lookedFor: string[],
): Candidate[] {
  const takesPort = entry.command.some((a) => a.includes('{port}'));
  if (wish.drive || (wish.port !== undefined && !takesPort)) {
    lookedFor.push(`(${entry.tool} ${takesPort ? 'takes no drive' : 'takes no --port'})`);
    return [];
  }
  const wantsZephyr = entry.command.some((a) => a.includes('{zephyr}'));
  if (wantsZephyr && found.zephyrBuild === undefined) {
    lookedFor.push(
      `(${entry.tool} flashes by way of a Zephyr build of this board: MOTE_ZEPHYR_BUILD names its folder)`,
    );
    return [];
  }
  const program = found.findTool(entry.tool);
  if (program === undefined) {
    lookedFor.push(`the program ${entry.tool}, which is not installed`);
    return [];
  }
  const way = (why: string, port?: string): Way => ({ kind: 'tool', entry, program, why, ...(port && { port }) });
  if (wish.port !== undefined) return [{ name: wish.port, way: way('named', wish.port) }];
  if (takesPort) return linkCandidates(board, entry, wish, found, lookedFor).map((c) => withTool(c, way));
  // Asked for by name, the tool looks for its probe itself.
  if (wish.method !== undefined) return [{ name: entry.tool, way: way('asked for') }];
  lookedFor.push(`a probe with usb ${usbWords(board, ['console', 'probe', 'boot'])}`);
  return found.usb.flatMap((device) => {
    const [guess] = boardsOfUsb([board], device);
    return guess
      ? [{ name: `${guess.why}${device.serial ? `, serial ${device.serial}` : ''}`, way: way(guess.why) }]
      : [];
  });
}

function withTool(candidate: Candidate, way: (why: string, port?: string) => Way): Candidate {
  return { ...candidate, way: way(candidate.way.why, candidate.name) };
}

function failMany(board: Board, candidates: readonly Candidate[]): never {
  const list = candidates
    .map((c) => `${c.name} (${c.blocked ? `blocked: ${c.blocked.reason}` : c.way.why})`)
    .join('; ');
  const first = candidates.find((c) => !c.blocked) ?? candidates[0];
  return fail('flash.many', { board: board.id, count: candidates.length, list, first: first.name });
}

function failBlocked(board: Board, { name, blocked }: Candidate): never {
  const { reason, help } = blocked ?? { reason: 'unknown', help: '' };
  return fail('flash.blocked', { path: name, board: board.id, reason, help });
}
