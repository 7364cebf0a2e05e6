// SPDX-License-Identifier: Apache-2.0

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBoard, machineOf } from '../../build/boards.js';
import { findProgram } from '../../build/exec.js';
import { buildFirmware } from '../../build/firmware.js';
import { requireForeignStreams } from '../../build/npuChecks.js';
import { withWorkFolder } from '../../build/workFolder.js';
import type { McubootSigning } from '../../build/writeMcuboot.js';
import { listDrives, readDrive } from '../../discover/drives.js';
import { boardsOfUsb } from '../../discover/guessBoards.js';
import { systemRoots } from '../../discover/roots.js';
import { listPorts } from '../../discover/serialPorts.js';
import { listUsb } from '../../discover/usbDevices.js';
import { checkImage } from '../../flash/checkImage.js';
import { chooseWay, type Found, type Way } from '../../flash/chooseWay.js';
import { hex32 } from '../../flash/eraseBlocks.js';
import { parseEspStub } from '../../flash/espStub.js';
import { zephyrBuild } from '../../flash/external.js';
import { externalTools } from '../../flash/externalTools.js';
import { type FlashBoardResult, flashBoard } from '../../flash/flashBoard.js';
import { k210Address } from '../../flash/k210Image.js';
import { isSigned, slotAddress } from '../../flash/mcubootSlot.js';
import type { FlashProgress } from '../../flash/progress.js';
import { type FirmwareFile, readFirmware } from '../../flash/readFirmware.js';
import { touchIfNeeded } from '../../flash/touch.js';
import type { Board } from '../../generated/board.js';
import { openLink } from '../../link/openLink.js';
import { openPack } from '../../packFolder.js';
import { grouped } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { fail } from '../errors.js';
import { readInput } from '../files.js';
import { mcubootFrom } from '../mcubootOptions.js';
import type { Output } from '../output.js';
import { boardFor } from './build.js';

/** What is to be flashed, and where it comes from. */
interface Source {
  board: Board;
  path: string;
  file: FirmwareFile;
  packHash?: string;
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );

interface Wanted {
  board?: string;
  address?: string;
  method?: string;
  /** How a pack is built for MCUboot's slot, where the method wants that. */
  mcuboot?: McubootSigning;
}

async function readSource(path: string, wanted: Wanted, out: Output): Promise<Source> {
  if (await isFolder(path)) {
    const isPack = await stat(join(path, 'pack.json')).catch(() => undefined);
    return isPack ? buildPack(path, wanted, out) : readSource(await onlyFirmware(path), wanted, out);
  }
  if (wanted.mcuboot?.key)
    fail('usage.bad', { what: '--key signs a pack that is built here; a file goes as it is', command: 'flash' });
  const board = loadBoard(wanted.board ?? fail('board.missing'));
  const bytes = await readInput(path);
  const address = parseAddress(wanted.address);
  const file = readFirmware(bytes, path, address, slotAddress(bytes, board, wanted.method) ?? k210Address(board));
  return { board, path, file };
}

function parseAddress(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value < 2 ** 32))
    fail('usage.option', { option: 'address', expected: 'an address as 0x08000000', got: text });
  return value;
}

async function buildPack(dir: string, { board: boardId, mcuboot }: Wanted, out: Output): Promise<Source> {
  const { manifest } = await openPack(dir);
  const board = boardFor(manifest, boardId);
  return withWorkFolder(async (work) => {
    const built = await buildFirmware(dir, board, join(work, 'firmware.elf'), { ...(mcuboot && { mcuboot }) });
    out.step(`built   ${manifest.name} for ${board.id}${mcuboot ? "'s MCUboot" : ''}`);
    const path = mcuboot ? built.imagePath : built.elfPath;
    const bytes = await readInput(path);
    const file = readFirmware(bytes, path, undefined, slotAddress(bytes, board, undefined));
    return { board, path: dir, file, packHash: built.hash };
  });
}

/** The one firmware of a folder; of the formats of one build the ELF, which knows most. */
async function onlyFirmware(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((n) => /\.(elf|hex|uf2)$/i.test(n)).sort();
  const bases = new Set(names.map((n) => n.replace(/\.\w+$/, '')));
  if (bases.size === 1) return join(dir, names[0]);
  const reason =
    bases.size === 0 ? 'it holds no pack.json and no .elf, .hex or .uf2' : `it holds ${names.join(', ')}: name one`;
  return fail('data.broken', { path: dir, reason });
}

async function look(): Promise<Found> {
  const roots = systemRoots();
  const [ports, drives, usb] = await Promise.all([listPorts(roots), listDrives(roots), listUsb(roots)]);
  const zephyr = zephyrBuild();
  return { ports, drives, usb, findTool, ...(zephyr !== undefined && { zephyrBuild: zephyr }) };
}

const findTool = (tool: string): string | undefined =>
  externalTools[tool]?.programs.map(findProgram).find((p) => p !== undefined);

/** A port that is a folder is a drive; one that is no flash drive is refused. */
async function namedDrive(port: string | undefined): Promise<{ drive?: Awaited<ReturnType<typeof readDrive>> }> {
  if (port === undefined || !(await isFolder(port))) return {};
  const drive = await readDrive(port);
  return {
    drive: drive ?? fail('device.open', { port, reason: 'it is a folder, and no drive of a boot loader or probe' }),
  };
}

async function withStub(way: Way, path: string | undefined): Promise<Way> {
  if (path === undefined) return way;
  if (way.kind !== 'link' || way.entry.method !== 'esp-rom')
    return fail('usage.bad', { what: `--stub is for esp-rom, not for ${wayName(way)}`, command: 'flash' });
  const stub = parseEspStub(Buffer.from(await readInput(path)).toString('utf8'), path);
  return { ...way, entry: { ...way.entry, stub } as typeof way.entry };
}

/** The port on which the firmware will speak, when the board was not flashed by it: the only one with the board's USB id. */
function consoleOf(board: Board, way: Way, found: Found, named: string | undefined): string | undefined {
  if (named !== undefined || way.kind === 'link') return named;
  const ports = found.ports.filter((p) => !p.blocked && boardsOfUsb([board], p, ['console']).length > 0);
  return ports.length === 1 ? ports[0].path : undefined;
}

const wayName = (way: Way): string => (way.kind === 'tool' ? way.entry.tool : way.entry.method);
const wayPlace = (way: Way): string =>
  way.kind === 'link' ? way.port : way.kind === 'drive' ? way.drive.path : (way.port ?? way.program);

function progressBar({ phase, done, total }: FlashProgress): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.round(share * 32);
  return `${phase.padEnd(8)} ${'█'.repeat(filled)}${'·'.repeat(32 - filled)} ${Math.round(share * 100)} %`;
}

/** What is on the terminal while it runs, and one line per phase where there is none. */
function reporter(out: Output): { onStep(text: string): void; onProgress(p: FlashProgress): void } {
  return {
    onStep: (step) => {
      out.progress('');
      out.step(step);
    },
    onProgress: (progress) => out.progress(progressBar(progress)),
  };
}

function reportLines(source: Source, way: Way, { report, confirmed }: FlashBoardResult, seconds: string): string[] {
  const { erasedBlocks, unchangedBlocks } = report;
  const blocks =
    erasedBlocks + unchangedBlocks === 0
      ? `by ${wayName(way)}`
      : `${erasedBlocks} of ${erasedBlocks + unchangedBlocks} blocks erased and written, ${unchangedBlocks} held it already`;
  return [
    `board   ${source.board.id}   by ${wayName(way)}, ${wayPlace(way)} (${way.why})`,
    `chip    ${report.chip}`,
    `image   ${grouped(report.imageBytes)} bytes at ${hex32(source.file.image[0].address)}`,
    `flash   ${blocks}   ${seconds} s`,
    `verify  ${report.verifiedBy === 'none' ? 'not possible by this method' : `by ${report.verifiedBy}`}`,
    confirmed
      ? `boot    ${confirmed.model} ${confirmed.hash} answers${confirmed.proof === 'none' ? ' (a hash that is not in the image)' : ''}`
      : 'boot    not asked',
  ];
}

function warningsOf(
  source: Source,
  run: boolean,
  { report, confirmed }: FlashBoardResult,
): { code: string; text: string }[] {
  const notes = (report.notes ?? []).map((n) => ({ code: 'flash.note', text: n }));
  if (!run || confirmed) return notes;
  const text = `nobody was asked whether the firmware runs: name its serial port with --console, or see mote run --port`;
  return [...notes, { code: 'flash.unconfirmed', text: `${source.board.id}: ${text}` }];
}

export const flash: CommandSpec = {
  name: 'flash',
  summary: 'write firmware to a board: only what differs, verified, started, and asked who it is',
  arguments: [{ name: 'firmware', text: 'ELF, HEX, UF2 or BIN file, folder with one, or pack folder (built first)' }],
  options: [
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    { flags: '--port <path>', text: 'serial port, tcp:HOST:PORT, rfc2217://HOST:PORT or folder of a drive' },
    { flags: '--method <id>', text: "one of the board's methods, or the name of its external tool" },
    { flags: '--console <port>', text: 'where the firmware answers, if not on the port it is flashed by' },
    { flags: '--address <n>', text: 'where a plain binary goes (needless for a K210, and for one signed for MCUboot)' },
    {
      flags: '--stub <file>',
      text: "stub for an ESP32's ROM loader (JSON, as esptool has them): faster, never needed",
    },
    { flags: '--key <pem>', text: 'with --method smp and a pack folder: the private key that signs the image' },
    { flags: '--no-run', text: 'do not start it' },
  ],
  stopsGently: true,
  async run([path], options, out) {
    const [boardId, address, method] = ['board', 'address', 'method'].map((key) => text(options, key));
    const mcuboot = await mcubootFrom(options, 'flash', method === 'smp');
    const source = await readSource(
      path,
      {
        ...(boardId && { board: boardId }),
        ...(address && { address }),
        ...(method && { method }),
        ...(mcuboot && { mcuboot }),
      },
      out,
    );
    const { board, file } = source;
    checkImage(file, { board, arch: machineOf(board), ...(method && { method }) });
    requireForeignStreams(file.image, board);
    const touching = { look, open: openLink, ...(out.signal && { signal: out.signal }) };
    const { found, port } = await touchIfNeeded(board, text(options, 'port'), await look(), touching);
    const drive = await namedDrive(port);
    const signed = isSigned(file.image, board);
    const chosen = chooseWay(board, { signed, ...(port && { port }), ...(method && { method }), ...drive }, found);
    const way = await withStub(chosen, text(options, 'stub'));
    out.step(`device  ${wayPlace(way)}  → ${board.id} by ${wayName(way)} (${way.why})`);
    const run = options.run !== false;
    const consolePort = consoleOf(board, way, found, text(options, 'console'));
    const started = performance.now();
    const result = await flashBoard({
      board,
      way,
      file,
      run,
      ...reporter(out),
      ...(consolePort !== undefined && { consolePort }),
      ...(source.packHash !== undefined && { packHash: source.packHash }),
      ...(out.signal && { signal: out.signal }),
    }).finally(() => out.progress(''));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const { report, confirmed } = result;
    return {
      data: { board: board.id, method: wayName(way), device: wayPlace(way), ...report, confirmed: confirmed ?? null },
      lines: reportLines(source, way, result, seconds),
      warnings: warningsOf(source, run, result),
    };
  },
};
