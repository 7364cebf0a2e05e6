// SPDX-License-Identifier: Apache-2.0
// Flashes with another program: the command of the board file with its placeholders filled in, as an argument array and
// never through a shell. The image is written into a folder of its own under a plain name, in which the program runs,
// so that no name of the user's reaches a program that reads its arguments as a script (OpenOCD's are Tcl).
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeBin } from '../build/bin.js';
import { execLines } from '../build/exec.js';
import { writeHex } from '../build/hex.js';
import { type Chunk, ImageError } from '../build/image.js';
import { writeUf2 } from '../build/uf2.js';
import { withWorkFolder } from '../build/workFolder.js';
import { fail } from '../cli/errors.js';
import type { ExternalFlash } from '../generated/board.js';
import type { FlashReport } from './flashMemory.js';
import type { FlashProgress } from './progress.js';
import type { FirmwareFile } from './readFirmware.js';

export interface ExternalRequest {
  board: string;
  /** Path of the program. */
  program: string;
  file: FirmwareFile;
  port?: string;
  onProgress?: (progress: FlashProgress) => void;
  onStep?: (text: string) => void;
  signal?: AbortSignal;
}

const timeoutMs = 5 * 60_000;
const percentPattern = /(?<!\d)(\d{1,3})(?:\.\d+)?\s?%/;
const errorPattern = /\b(error|fail(ed|ure)?|unable|cannot|could not|not found|no device|denied)\b/i;
/** Words that such lines hold although nothing is wrong. */
const harmless = /\b(0 errors?|no errors?|errors?: 0)\b/i;

export async function flashExternally(request: ExternalRequest, entry: ExternalFlash): Promise<FlashReport> {
  const { file } = request;
  const { name, bytes, address } = imageFile(request, entry);
  return withWorkFolder(async (folder) => {
    await writeFile(join(folder, name), bytes);
    const values = { image: name, port: request.port, address, zephyr: zephyrBuild() };
    const fill = (command: readonly string[]) => command.map((arg) => fillIn(arg, values, request.board));
    await runOnce(request, entry.tool, fill(entry.command), folder);
    if (entry.afterwards)
      await runOnce(request, `the image was written; after it ${entry.tool}`, fill(entry.afterwards), folder);
    const imageBytes = file.image.reduce((sum, c) => sum + c.bytes.length, 0);
    return {
      chip: `as ${entry.tool} found it`,
      imageBytes,
      erasedBlocks: 0,
      unchangedBlocks: 0,
      writtenBytes: imageBytes,
      verifiedBy: 'none' as const,
    };
  });
}

/** The folder that `west build` made for the board; west takes from it by what and how the board is flashed. */
export function zephyrBuild(): string | undefined {
  const path = process.env.MOTE_ZEPHYR_BUILD;
  return path ? resolve(path) : undefined;
}

async function runOnce(request: ExternalRequest, tool: string, args: readonly string[], folder: string): Promise<void> {
  const { signal } = request;
  const lines: string[] = [];
  const status = await execLines(request.program, args, {
    cwd: folder,
    timeoutMs,
    ...(signal && { signal }),
    onLine: (line) => hear(line, lines, request),
  }).catch((error: Error) => fail('tool.failed', { tool, reason: error.message }));
  if (signal?.aborted) fail('flash.interrupted', { state: `; ${tool} was stopped, what it had written is unknown` });
  if (status !== 0) fail('tool.failed', { tool, reason: `${reasonOf(lines)} (exit code ${status})` });
}

/** The image in the format that the tool takes. An ELF is handed over as it is; there is none to be made of a HEX. */
function imageFile(
  { file, board }: ExternalRequest,
  entry: ExternalFlash,
): { name: string; bytes: Uint8Array | string; address: string } {
  const address = `0x${file.image[0].address.toString(16)}`;
  const name = `firmware.${entry.image}`;
  const refuse = (reason: string): never => fail('flash.image', { board, reason });
  const formats: Record<ExternalFlash['image'], () => Uint8Array | string> = {
    elf: () => file.elf ?? refuse(`${entry.tool} takes an ELF here, this is ${file.format}`),
    hex: () => writeHex(file.image),
    bin: () => writeBin(file.image as Chunk[]).bytes,
    uf2: () => writeUf2(file.image, file.family),
  };
  try {
    return { name, bytes: formats[entry.image](), address };
  } catch (error) {
    if (error instanceof ImageError) return refuse(error.message);
    throw error;
  }
}

function fillIn(arg: string, values: Readonly<Record<string, string | undefined>>, board: string): string {
  return arg.replace(/\{(\w+)\}/g, (_, key: string) => {
    return values[key] ?? fail('flash.none', { board, what: `the ${key} that its command needs` });
  });
}

/** Keeps the last lines for the error message, and turns a percentage into progress. */
function hear(line: string, lines: string[], { onProgress, onStep }: ExternalRequest): void {
  lines.push(line);
  if (lines.length > 200) lines.shift();
  const percent = percentPattern.exec(line);
  if (percent) onProgress?.({ phase: 'write', done: Math.min(100, Number(percent[1])), total: 100 });
  else onStep?.(line.slice(0, 120));
}

/** The first line that speaks of an error, else the last one. */
function reasonOf(lines: readonly string[]): string {
  const error = lines.find((l) => errorPattern.test(l) && !harmless.test(l));
  return (error ?? lines.at(-1) ?? 'it said nothing').slice(0, 300);
}
