// SPDX-License-Identifier: Apache-2.0
import { listBoards } from '../../build/boards.js';
import { listDrives } from '../../discover/drives.js';
import { boardsOfDrive, boardsOfUsb, type Guess } from '../../discover/guessBoards.js';
import { systemRoots } from '../../discover/roots.js';
import { listPorts } from '../../discover/serialPorts.js';
import { listUsb, usbId } from '../../discover/usbDevices.js';
import { table } from '../../report/table.js';
import type { CommandSpec } from '../command.js';

interface Row {
  kind: 'port' | 'drive' | 'usb';
  path: string;
  /** What it says of itself. */
  name: string;
  boards: Guess[];
  blocked?: { reason: string; help: string };
  note?: string;
}

async function findAll(): Promise<Row[]> {
  const roots = systemRoots();
  const boards = listBoards();
  const [ports, drives, usb] = await Promise.all([listPorts(roots), listDrives(roots), listUsb(roots)]);
  const shown = new Set(ports.map((p) => `${p.vid}:${p.pid} ${p.serial}`));
  return [
    ...ports.map((p): Row => {
      const { vid, pid, product, serial, blocked, note } = p;
      const name = [product, vid && pid && usbId({ vid, pid }), serial].filter(Boolean).join('  ');
      return {
        kind: 'port',
        path: p.path,
        name,
        boards: boardsOfUsb(boards, p),
        ...(blocked && { blocked }),
        ...(note && { note }),
      };
    }),
    ...drives.map((d): Row => {
      const blocked =
        d.blocked === undefined ? undefined : { reason: d.blocked, help: 'mount it writable as your user' };
      const name = d.info['Board-ID'] ?? d.info.label ?? d.info['Unique ID'] ?? d.kind;
      return { kind: 'drive', path: d.path, name, boards: boardsOfDrive(boards, d), ...(blocked && { blocked }) };
    }),
    // Of the other USB devices only those that a board file knows: keyboards are nobody's business.
    ...usb
      .filter((u) => !shown.has(`${u.vid}:${u.pid} ${u.serial}`))
      .map((u): Row => ({ kind: 'usb', path: usbId(u), name: u.product ?? '', boards: boardsOfUsb(boards, u) }))
      .filter((row) => row.boards.length > 0),
  ];
}

/** One board, or how many it can be: an ST-LINK is on dozens. */
function guessWords(row: Row): string {
  const { boards } = row;
  if (boards.length === 0) return 'unknown';
  const reasons = [...new Set(boards.map((g) => g.why))];
  const names = boards.map((g) => g.board);
  const some = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  return `${names.length > 1 ? 'one of ' : ''}${some} (${reasons[0]})`;
}

function linesOf(rows: readonly Row[], width: number): string[] {
  if (rows.length === 0)
    return ['nothing is connected that mote knows: no serial port, no drive of a boot loader, no probe'];
  const cells = rows.map((r) => [
    r.path,
    r.name || '–',
    guessWords(r),
    r.blocked ? `blocked: ${r.blocked.reason}` : 'free',
  ]);
  return table([{ title: 'device' }, { title: 'says' }, { title: 'probably' }, { title: 'state' }], cells, width);
}

export const devices: CommandSpec = {
  name: 'devices',
  summary: 'list serial ports, drives and probes, with the board that each probably is and why',
  arguments: [],
  options: [],
  async run(_args, _options, out) {
    const rows = await findAll();
    return {
      data: { devices: rows },
      lines: linesOf(rows, out.width),
      warnings: rows.flatMap((r) => [
        ...(r.blocked
          ? [{ code: 'device.blocked', text: `${r.path} is blocked, ${r.blocked.reason}: ${r.blocked.help}` }]
          : []),
        ...(r.note ? [{ code: 'device.note', text: `${r.path}: ${r.note}` }] : []),
      ]),
    };
  },
};
