// SPDX-License-Identifier: Apache-2.0
// Board + template -> linker script. Regions keep the names of the board file, so that the linker's complaints name
// them.
import type { Board } from '../generated/board.js';

type Region = Board['memory'][number];

export const defaultStackBytes = 4096;

/** The board's region of this kind; loadBoard has made sure of flash and ram. */
export function regionOf(board: Board, kind: Region['kind']): Region {
  const region = board.memory.find((m) => m.kind === kind);
  if (!region) throw new Error(`${board.id} has no ${kind}`);
  return region;
}

const access: Record<Region['kind'], string> = { boot: 'rx', flash: 'rx', constants: 'r', ram: 'rwx' };

const memoryLine = (m: Region): string => `  ${m.name} (${access[m.kind]}) : ORIGIN = ${m.start}, LENGTH = ${m.bytes}`;

/** The second stage, whose last word is a checksum: code beyond that is a link error. */
function bootSection(board: Board): string {
  const boot = board.memory.find((m) => m.kind === 'boot');
  if (!boot) return '';
  return `  .boot2 : {\n    __boot2_start = .;\n    KEEP(*(.boot2))\n    . = __boot2_start + ${boot.bytes - 4};\n    LONG(0)\n  } > ${boot.name} =0\n`;
}

/** Words before the first instruction: without them the boot ROM does not start the program. */
const headerWords = (board: Board): string => (board.imageHeader ?? []).map((word) => `    LONG(${word})\n`).join('');

/**
 * Where the processor reads constants. They are loaded behind the code as ever; a board with a window of its own for
 * data sees them there at the same distance from its start, which no alignment below `textEnd` changes.
 */
function constantPlaces(board: Board): Record<'textEnd' | 'rodata' | 'window' | 'shift', string> {
  const flash = regionOf(board, 'flash').name;
  const constants = board.memory.find((m) => m.kind === 'constants')?.name;
  if (constants === undefined) return { textEnd: '4', rodata: '', window: flash, shift: '' };
  const shift = ` + ORIGIN(${constants}) - ORIGIN(${flash})`;
  return {
    textEnd: '64',
    rodata: `ADDR(.text) + SIZEOF(.text)${shift} `,
    window: `${constants} AT > ${flash}`,
    shift,
  };
}

export function linkerScript(template: string, board: Board, stackBytes: number): string {
  const values: Record<string, string> = {
    memory: board.memory.map(memoryLine).join('\n'),
    boot: bootSection(board),
    header: headerWords(board),
    ...constantPlaces(board),
    flash: regionOf(board, 'flash').name,
    ram: regionOf(board, 'ram').name,
    stackBytes: String(stackBytes),
  };
  // The comment at the top names the placeholders too; that is harmless inside a comment but ugly, so it goes.
  const body = template.replace(/\/\* Filled in .*\n/, '');
  return body.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '');
}
