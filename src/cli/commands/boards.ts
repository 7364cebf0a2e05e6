// SPDX-License-Identifier: Apache-2.0
import { listBoards, loadBoard } from '../../build/boards.js';
import type { Board } from '../../generated/board.js';
import { kib, right, table } from '../../report/table.js';
import type { CommandSpec } from '../command.js';
import { memoryBytes } from './pack.js';

const emulatorName = (board: Board): string => {
  if (!board.emulator) return '–';
  return board.emulator.kind === 'qemu' ? `QEMU ${board.emulator.machine}` : board.emulator.kind;
};

function describe(board: Board): string[] {
  return [
    `${board.id}   ${board.name}`,
    `target    ${board.target}   ${(board.clockHz / 1e6).toFixed(0)} MHz`,
    ...board.memory.map((m) => `memory    ${m.name} ${m.kind} ${m.start} ${kib(m.bytes)}`),
    `console   ${board.console.uart} at ${board.console.base}, ${board.console.baud} baud`,
    `emulator  ${emulatorName(board)}`,
    `verified  ${board.verified.level}${board.verified.note ? `: ${board.verified.note}` : ''}`,
    ...board.sources.map((s) => `source    ${s}`),
  ];
}

export const boards: CommandSpec = {
  name: 'boards',
  summary: 'list the boards, or describe one',
  arguments: [{ name: 'id', text: 'board to describe', optional: true }],
  options: [],
  async run([id], _options, out) {
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
      kib(memoryBytes(b, 'flash')),
      kib(memoryBytes(b, 'ram')),
      emulatorName(b),
      b.verified.level,
    ]);
    return {
      data: { boards: all },
      lines: table(
        [
          { title: 'id' },
          { title: 'name' },
          { title: 'target' },
          right('MHz'),
          right('flash'),
          right('ram'),
          { title: 'emulator' },
          { title: 'verified' },
        ],
        rows,
        out.width,
      ),
    };
  },
};
