// SPDX-License-Identifier: Apache-2.0
// One image onto one board by one way: connect, write, start, and ask the firmware who it is.
import type { Chunk } from '../build/image.js';
import { fail, MoteError } from '../cli/errors.js';
import { openConsolePort } from '../device/consolePort.js';
import type { Board } from '../generated/board.js';
import { LinkClosed } from '../link/byteReader.js';
import type { Link, LinkAbilities } from '../link/link.js';
import { openLink } from '../link/openLink.js';
import type { Way } from './chooseWay.js';
import { type Confirmation, confirmFirmware } from './confirmFirmware.js';
import { flashExternally } from './external.js';
import type { FlashMemory, FlashReport } from './flashMemory.js';
import type { DriveMethod, FlashEntry, LinkMethod } from './method.js';
import { flashMethods, requireAbilities } from './methods.js';
import type { FlashProgress } from './progress.js';
import type { FirmwareFile } from './readFirmware.js';
import { namedError, writeImage } from './writeImage.js';

export interface FlashBoardRequest {
  board: Board;
  way: Way;
  /** Checked by checkImage. */
  file: FirmwareFile;
  /** Start the program and ask it who it is. */
  run: boolean;
  /** Where it answers, where that is not the port that was flashed by. */
  consolePort?: string;
  /** First 16 hex digits of the hash of the pack, where that is known. */
  packHash?: string;
  onStep(text: string): void;
  onProgress(progress: FlashProgress): void;
  signal?: AbortSignal;
  /** Opens a port; tests put their own links here. */
  open?: (port: string, format: { baud: number; parity?: 'none' | 'even' | 'odd' }) => Promise<Link>;
  timeScale?: number;
}

export interface FlashBoardResult {
  report: FlashReport;
  /** Absent where the program was not started, or there is no port on which it could answer. */
  confirmed?: Confirmation;
}

export async function flashBoard(request: FlashBoardRequest): Promise<FlashBoardResult> {
  const { way } = request;
  if (way.kind === 'link') return flashByLink(request, way);
  const report = way.kind === 'drive' ? await copyToDrive(request, way) : await runTool(request, way);
  if (!request.run || request.consolePort === undefined) return { report };
  const { consolePort, board, open = openLink } = request;
  const link = await openConsolePort(board, consolePort, open);
  return confirmed(request, link, report);
}

async function flashByLink(request: FlashBoardRequest, way: Extract<Way, { kind: 'link' }>): Promise<FlashBoardResult> {
  const { board, open = openLink } = request;
  const row = linkRow(way.entry);
  const image = row.pack?.(request.file.image, board) ?? request.file.image;
  const link = guarded(await open(way.port, row.format(way.entry)));
  try {
    requireAbilities(link, row.title, row.needs(way.entry));
    const memory = await connect(request, row, link, way.entry);
    const report = await writeOrLeave(request, memory, image);
    if (!request.run) return { report };
    await memory.start();
    const consoleLink = await toConsole(link, request, row.format(way.entry));
    return await confirmed(request, consoleLink, report);
  } catch (error) {
    const named = namedError(error, board.id);
    throw named instanceof MoteError ? new MoteError(named.code, { board: board.id, ...named.args }) : named;
  } finally {
    await link.close();
  }
}

/** A link whose failures count as its end, so that they get the words of one. */
function guarded(link: Link): Link {
  const closes = (done: Promise<void>): Promise<void> =>
    done.catch((error: Error) => {
      throw new LinkClosed(error.message);
    });
  const { setLines, setFormat } = link;
  return {
    ...link,
    write: (bytes) => closes(link.write(bytes)),
    ...(setLines && { setLines: (lines) => closes(setLines.call(link, lines)) }),
    ...(setFormat && { setFormat: (format) => closes(setFormat.call(link, format)) }),
  };
}

/** The rows of the table differ in their options; an entry always meets the row of its own method. */
function linkRow(entry: FlashEntry): LinkMethod<FlashEntry> {
  const row = flashMethods[entry.method];
  if (row?.kind !== 'link') throw new Error(`${entry.method} is no method over a link`);
  return row as LinkMethod<FlashEntry>;
}

async function connect(
  { onStep, signal, timeScale }: FlashBoardRequest,
  row: LinkMethod<FlashEntry>,
  link: Link,
  entry: FlashEntry,
): Promise<FlashMemory> {
  const connectFlash = await row.connect();
  onStep(`connecting by ${row.title}`);
  const memory = await connectFlash(
    { link, onStep, ...(signal && { signal }), ...(timeScale !== undefined && { timeScale }) },
    entry,
  );
  onStep(`chip    ${memory.chip}`);
  return memory;
}

/** Interrupted before anything was erased, the board starts what it had. */
async function writeOrLeave(
  request: FlashBoardRequest,
  memory: FlashMemory,
  image: readonly Chunk[],
): Promise<FlashReport> {
  const { board, onProgress, signal } = request;
  try {
    return await writeImage(memory, image, { board: board.id, onProgress, ...(signal && { signal }) });
  } catch (error) {
    const untouched = error instanceof MoteError && error.code === 'flash.interrupted' && error.args.untouched === 1;
    if (untouched) await memory.start();
    throw error;
  }
}

/** The link as the firmware's console: same port with the console's format, or the port that the user named. */
async function toConsole(
  link: Link,
  { board, consolePort, open = openLink }: FlashBoardRequest,
  flashed: { baud: number; parity: string },
): Promise<Link> {
  const { baud } = board.console;
  if (consolePort !== undefined) return openConsolePort(board, consolePort, open);
  const can: LinkAbilities = link.can;
  const parity = flashed.parity !== 'none' && can.parity ? { parity: 'none' as const } : {};
  if (can.baud) await link.setFormat?.({ baud, ...parity });
  return link;
}

async function confirmed(request: FlashBoardRequest, link: Link, report: FlashReport): Promise<FlashBoardResult> {
  const { board, packHash, file, timeScale = 1 } = request;
  request.onStep('waiting for the firmware');
  try {
    const expected = { image: file.image, ...(packHash !== undefined && { hash: packHash }) };
    const confirmation = await confirmFirmware(link, board, expected, 10_000 * timeScale);
    const verifiedBy = report.verifiedBy === 'none' && confirmation.proof !== 'none' ? 'firmware' : report.verifiedBy;
    return { report: { ...report, verifiedBy }, confirmed: confirmation };
  } catch (error) {
    if (!(error instanceof MoteError) || error.code === 'device.wrongModel') throw error;
    const proof = report.verifiedBy === 'none' ? 'written' : `written and verified by ${report.verifiedBy}`;
    return fail(error.code, { ...error.args, reason: `${error.args.reason ?? ''}; the image was ${proof}` });
  }
}

async function copyToDrive(request: FlashBoardRequest, way: Extract<Way, { kind: 'drive' }>): Promise<FlashReport> {
  const row = flashMethods[way.entry.method];
  if (row?.kind !== 'drive') throw new Error(`${way.entry.method} is no drive`);
  const copy = await (row as DriveMethod<FlashEntry>).copy();
  const { file, onProgress, onStep, signal, timeScale } = request;
  return copy(
    {
      drive: way.drive,
      image: file.image,
      onProgress,
      onStep,
      ...(signal && { signal }),
      ...(timeScale !== undefined && { timeScale }),
    },
    way.entry,
  );
}

async function runTool(request: FlashBoardRequest, way: Extract<Way, { kind: 'tool' }>): Promise<FlashReport> {
  const { board, file, onProgress, onStep, signal } = request;
  const port = way.port === undefined ? {} : { port: way.port };
  return flashExternally(
    { board: board.id, program: way.program, file, onProgress, onStep, ...port, ...(signal && { signal }) },
    way.entry,
  );
}
