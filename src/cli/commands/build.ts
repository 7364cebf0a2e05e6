// SPDX-License-Identifier: Apache-2.0
import { loadBoard } from '../../build/boards.js';
import { type BuildReport, buildFirmware } from '../../build/firmware.js';
import type { Board } from '../../generated/board.js';
import type { PackManifest } from '../../generated/pack.js';
import { openPack } from '../../packFolder.js';
import { grouped, percent } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { fail } from '../errors.js';
import { memoryBytes } from './pack.js';

/** The board named on the command line, or the one the pack was made for. */
export function boardFor(manifest: PackManifest, id: string | undefined): Board {
  const board = loadBoard(id ?? manifest.board ?? fail('board.missing'));
  if (board.target !== manifest.target) {
    fail('usage.bad', {
      what: `the pack is for ${manifest.target}, ${board.id} is a ${board.target}: pack it again with --board ${board.id}`,
      command: 'pack',
    });
  }
  return board;
}

/** The lines that say what the firmware needs of the board. */
export function fitLines(board: Board, report: BuildReport): string[] {
  const flash = memoryBytes(board, 'flash');
  const flashShare = flash ? `, ${percent(report.flashBytes, flash)} of ${board.id}` : '';
  return [
    `flash   ${grouped(report.flashBytes)} bytes${flashShare}: code ${grouped(report.codeBytes)}, constants ${grouped(report.constBytes)}`,
    `ram     ${grouped(report.ramBytes)} bytes, ${percent(report.ramBytes, memoryBytes(board, 'ram'))} of ${board.id}: arena, console buffers and reserved stack`,
    `stack   ${report.stackBytes === null ? 'no bound: recursion or an indirect call' : `${grouped(report.stackBytes)} bytes at most, by call graph`}`,
  ];
}

export const build: CommandSpec = {
  name: 'build',
  summary: 'compile the firmware of a pack for a board and say exactly what it needs',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    {
      flags: '-o, --output <file>',
      text: 'firmware file (.elf; the image of the board is written beside it)',
      required: true,
    },
  ],
  async run([dir], options) {
    const { manifest } = await openPack(dir);
    const board = boardFor(manifest, text(options, 'board'));
    const started = performance.now();
    const report = await buildFirmware(dir, board, text(options, 'output') as string);
    return {
      data: report,
      lines: [
        `pack    ${manifest.name}   for ${board.id} (${board.name}, verified: ${board.verified.level})`,
        ...fitLines(board, report),
        `wrote   ${[...new Set([report.elfPath, report.imagePath])].join('  ')}   ${((performance.now() - started) / 1000).toFixed(1)} s`,
        `next    mote run ${dir} --board ${board.id} --data X.npy`,
      ],
    };
  },
};
