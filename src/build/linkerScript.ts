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

const access: Record<Region['kind'], string> = { boot: 'rx', flash: 'rx', ram: 'rwx' };

const memoryLine = (m: Region): string => `  ${m.name} (${access[m.kind]}) : ORIGIN = ${m.start}, LENGTH = ${m.bytes}`;

/** The second stage, whose last word is a checksum: code beyond that is a link error. */
function bootSection(board: Board): string {
  const boot = board.memory.find((m) => m.kind === 'boot');
  if (!boot) return '';
  return `  .boot2 : {\n    __boot2_start = .;\n    KEEP(*(.boot2))\n    . = __boot2_start + ${boot.bytes - 4};\n    LONG(0)\n  } > ${boot.name} =0\n`;
}

export function linkerScript(template: string, board: Board, stackBytes: number): string {
  const values: Record<string, string> = {
    memory: board.memory.map(memoryLine).join('\n'),
    boot: bootSection(board),
    flash: regionOf(board, 'flash').name,
    ram: regionOf(board, 'ram').name,
    stackBytes: String(stackBytes),
  };
  // The comment at the top names the placeholders too; that is harmless inside a comment but ugly, so it goes.
  const body = template.replace(/\/\* Filled in .*\n/, '');
  return body.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '');
}
