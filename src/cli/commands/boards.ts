// SPDX-License-Identifier: Apache-2.0
import { listBoards, loadBoard } from '../../build/boards.js';
import type { FlashEntry } from '../../flash/method.js';
import { flashMethods } from '../../flash/methods.js';
import type { Board } from '../../generated/board.js';
import { kib, right, table, whole } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { newBoard } from '../newBoard.js';
import { memoryBytes } from './pack.js';

const emulatorName = (board: Board): string => {
  if (!board.emulator) return '–';
  return board.emulator.kind === 'qemu' ? `QEMU ${board.emulator.machine}` : board.emulator.kind;
};

function flashWords(entry: FlashEntry): string {
  if (entry.method === 'external') return `${entry.tool}: ${entry.tool} ${entry.command.join(' ')}`;
  return `${entry.method}: ${flashMethods[entry.method]?.title ?? 'mote has no client for it yet'}`;
}

function consoleWords({ console: { uart, base, baud } }: Board): string {
  return `${uart === 'other' ? 'no driver in mote; UART' : uart} at ${base}, ${baud} baud`;
}

/** Sizes of memories are round. */
const size = (bytes: number): string =>
  bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20} MiB` : `${Math.round(bytes / 1024)} KiB`;

function describe(board: Board): string[] {
  return [
    `${board.id}   ${board.name}`,
    `target    ${board.target}   ${(board.clockHz / 1e6).toFixed(0)} MHz`,
    ...board.memory.map((m) => `memory    ${m.name} ${m.kind} ${m.start} ${kib(m.bytes)}`),
    `console   ${consoleWords(board)}`,
    `emulator  ${emulatorName(board)}`,
    ...(board.flash ?? []).map((entry, i) => `${i === 0 ? 'flash     ' : '          '}${flashWords(entry)}`),
    ...(board.usb ?? []).map((u) => `usb       ${u.vid}:${u.pid} ${u.name}`),
    `verified  ${board.verified.level}${board.verified.note ? `: ${board.verified.note}` : ''}`,
    ...board.sources.map((s) => `source    ${s}`),
  ];
}

export const boards: CommandSpec = {
  name: 'boards',
  summary: 'list the boards, describe one, or make a file for another',
  arguments: [{ name: 'id', text: 'board to describe', optional: true }],
  options: [
    { flags: '--new <id>', text: 'make a board file for a board of yours' },
    { flags: '--like <id>', text: 'with --new: the board that it begins as', needs: 'new' },
    { flags: '-o, --output <file>', text: 'with --new: where to write it (default: ID.json)', needs: 'new' },
  ],
  async run([id], options, out) {
    const made = text(options, 'new');
    if (made !== undefined) return newBoard(made, text(options, 'like'), text(options, 'output'));
    if (id !== undefined) {
      const board = loadBoard(id);
      return { data: board, lines: describe(board) };
    }
    const all = listBoards();
    const rows = all.map((b) => [
      b.id,
      b.name,
      b.target,
      (b.clockHz / 1e6).toFixed(0),
      size(memoryBytes(b, 'flash')),
      size(memoryBytes(b, 'ram')),
      b.verified.level,
    ]);
    return {
      data: { boards: all },
      lines: table(
        [
          whole('id'),
          { title: 'name' },
          whole('target'),
          right('MHz'),
          right('flash'),
          right('ram'),
          whole('verified'),
        ],
        rows,
        out.width,
      ),
    };
  },
};
