// SPDX-License-Identifier: Apache-2.0
// The board and target descriptions of boards/ and targets/, checked when they are read.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail } from '../cli/errors.js';
import { flashContradiction } from '../flash/checkBoard.js';
import type { Board } from '../generated/board.js';
import type { Target } from '../generated/target.js';
import { packageRoot } from '../packageRoot.js';
import { parseJson } from '../schema.js';
import { nearest } from './nearest.js';

const idPattern = /^[a-z0-9-]{1,60}$/;

/** Board files of the user's own lie in the folders that MOTE_BOARDS names; those of mote come first. */
function foldersOf(kind: 'boards' | 'targets'): string[] {
  const own = kind === 'boards' ? (process.env.MOTE_BOARDS ?? '').split(delimiter) : [];
  return [join(packageRoot, kind), ...own.filter((f) => f !== '' && existsSync(f))];
}

const idsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.json') && idPattern.test(f.slice(0, -'.json'.length)))
    .map((f) => f.slice(0, -'.json'.length));

const listIds = (kind: 'boards' | 'targets'): string[] => [...new Set(foldersOf(kind).flatMap(idsIn))].sort();

/** Text of `<folder>/<id>.json`; an id is looked up in the list, so it never becomes a path of its own. */
function readDescription(folder: 'boards' | 'targets', id: string): { path: string; text: string } {
  const ids = listIds(folder);
  if (!idPattern.test(id) || !ids.includes(id)) {
    const names = nearest(id, ids);
    const suggestion = names.length === 0 ? '' : `; did you mean ${names.join(' or ')}?`;
    fail(folder === 'boards' ? 'board.unknown' : 'target.unknown', { id: id.slice(0, 60), suggestion });
  }
  const within = foldersOf(folder).find((f) => idsIn(f).includes(id)) ?? packageRoot;
  const path = join(within, `${id}.json`);
  return { path, text: readFileSync(path, 'utf8') };
}

/** What the schema cannot say: one flash, one RAM, no overlap, and the facts that a counter kind needs. */
function contradiction(board: Board): string | undefined {
  const count = (kind: string): number => board.memory.filter((m) => m.kind === kind).length;
  if (count('flash') !== 1 || count('ram') !== 1 || count('boot') > 1 || count('constants') > 1)
    return 'memory must be one flash, one ram and at most one boot and one constants region';
  const sorted = [...board.memory].sort((a, b) => Number(a.start) - Number(b.start));
  for (const [i, m] of sorted.entries()) {
    const end = Number(m.start) + m.bytes;
    if (end > 2 ** 32 || (i + 1 < sorted.length && end > Number(sorted[i + 1].start)))
      return `memory ${m.name} overlaps the next or leaves 32 bits`;
  }
  if (board.counter.kind === 'mmio' && (board.counter.base === undefined || board.counter.hz === undefined))
    return 'an mmio counter needs base and hz';
  if (board.console.uart === 'other' && board.verified.level !== 'described')
    return `a board without a UART driver can only be described, not '${board.verified.level}'`;
  const { uart, txPin, rxPin } = board.console;
  if (uart === 'nrf-uart' && (txPin === undefined || rxPin === undefined)) return 'an nrf-uart needs txPin and rxPin';
  return flashContradiction(board);
}

/** The board with this id, or board.unknown with the nearest names. */
export function loadBoard(id: string): Board {
  const { path, text } = readDescription('boards', id);
  return checkBoard(text, path, id);
}

/** The board that this text describes; json.broken where it is none, or contradicts itself. */
export function checkBoard(text: string, path: string, id: string): Board {
  const board = parseJson('board', text, path);
  const reason = board.id === id ? contradiction(board) : `its id is '${board.id}'`;
  return reason === undefined ? board : fail('json.broken', { path, kind: 'board', reason });
}

/** A CPU's file, or that of an NPU, which names the CPU beside it. */
function parseTarget(text: string, path: string): Target {
  if (!/^ {2}"cpu": /m.test(text)) return parseJson('target', text, path);
  const { cpu, $schema, ...own } = parseJson('npuTarget', text, path);
  const beside = readDescription('targets', cpu);
  return { ...parseJson('target', beside.text, beside.path), ...own };
}

/** The target with this id, or target.unknown with the nearest names. */
export function loadTarget(id: string): Target {
  const { path, text } = readDescription('targets', id);
  const target = parseTarget(text, path);
  const reason = target.id === id ? undefined : `its id is '${target.id}'`;
  return reason === undefined ? target : fail('json.broken', { path, kind: 'target', reason });
}

/** The target of a board; none where mote has none for its processor: such a board is only flashed. */
export const knownTarget = (board: Board): Target | undefined =>
  listIds('targets').includes(board.target) ? loadTarget(board.target) : undefined;

/** The target of a board, or board.described where mote has none for its processor. */
export const targetOf = (board: Board): Target =>
  knownTarget(board) ??
  fail('board.described', { board: board.id, note: board.verified.note ?? `mote has no target ${board.target}` });

/** What ELF files for the board are for; other than Arm and RISC-V mote reads none. */
export function machineOf(board: Board): 'arm' | 'riscv' | 'riscv64' | 'other' {
  const arch = knownTarget(board)?.arch;
  if (arch === undefined) return 'other';
  return arch === 'riscv64' ? arch : arch === 'riscv32' ? 'riscv' : 'arm';
}

export const listBoards = (): Board[] => listIds('boards').map(loadBoard);
export const listTargets = (): Target[] => listIds('targets').map(loadTarget);
