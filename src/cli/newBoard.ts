// SPDX-License-Identifier: Apache-2.0
// `mote boards --new`: a board file that begins as another board's, checked, and what is left to fill in.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkBoard, listBoards, loadBoard } from '../build/boards.js';
import type { Board } from '../generated/board.js';
import { fail } from './errors.js';
import { writeOutput } from './files.js';
import type { Answer } from './output.js';

const idPattern = /^[a-z0-9-]{1,60}$/;

/** What only somebody with the board and its papers can know, in the order of the file. */
const questions = [
  'name       what is printed on it',
  'soc        clocks and pins are those of the other board: runtime-c/firmware/soc/',
  'memory     start and bytes of flash and RAM, from the data sheet',
  'console    the UART that its USB port or your adapter is wired to',
  'flash      the ways to flash it, with its own ids, drive labels and erase blocks',
  'usb        ids as mote devices shows them when it is plugged in',
  'url, sources, verified   where the facts come from, and what was tried',
];

export async function newBoard(id: string, like: string | undefined, output: string | undefined): Promise<Answer> {
  if (!idPattern.test(id))
    fail('usage.option', { option: 'new', expected: 'small letters, digits and hyphens', got: id.slice(0, 60) });
  if (like === undefined)
    fail('usage.bad', { what: '--new needs --like ID: the board that it begins as', command: 'boards' });
  const path = output ?? `${id}.json`;
  if (listBoards().some((b) => b.id === id)) fail('file.write', { path, reason: `there is a board '${id}' already` });
  if (existsSync(path)) fail('file.write', { path, reason: 'it is there already' });
  const text = `${JSON.stringify(copyOf(loadBoard(like), id), null, 2)}\n`;
  const board = checkBoard(text, path, id);
  await writeOutput(path, text);
  return {
    data: { path, board },
    lines: [
      `wrote   ${path}, as ${like} but for its name; fill in:`,
      ...questions.map((q) => `        ${q}`),
      `next    MOTE_BOARDS=${dirname(path)} mote boards ${id}     checks it; every command then knows it`,
    ],
  };
}

/** An emulator runs the other board, and nothing of what was verified holds for this one. */
function copyOf({ emulator: _, ...board }: Board, id: string): Board {
  const level = board.verified.level === 'described' ? 'described' : 'builds';
  return {
    ...board,
    id,
    name: `${id} (like ${board.name})`,
    verified: { level, note: `made from ${board.id}; nothing was checked on it` },
  };
}
