// SPDX-License-Identifier: Apache-2.0
// The way from an image to a board's memory, the same for all protocols. Blocks that hold what they should are left as
// they are. The others go in steps: erase, write, verify; what lies in a block beside the image is read first and
// written back (readAgain.ts). An interrupt takes effect between two steps, and every failure says what each block then holds.
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Chunk } from '../build/image.js';
import { fail, MoteError } from '../cli/errors.js';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { blockEnd, firstOutside, hex32, type TouchedBlock, touchedBlocks } from './eraseBlocks.js';
import type { FlashMemory, FlashReport } from './flashMemory.js';
import type { FlashProgress } from './progress.js';
import { canRead, readSurely, surelyDiffers } from './readAgain.js';

export interface WriteOptions {
  /** Board id, for messages. */
  board: string;
  onProgress?: (progress: FlashProgress) => void;
  signal?: AbortSignal;
}

/** Adjacent small blocks are erased, written and verified together, up to so much: an interrupt waits for no more. */
const stepBytes = 64 * 1024;
/** Comparing stops at the first piece that differs. */
const comparePieceBytes = 4096;
/** Shorter runs of erased bytes are written like data: leaving them out saves less than addressing what follows. */
const leastGapBytes = 256;

/** What is done together: adjacent blocks, and what they hold in the end. */
interface Step {
  address: number;
  bytes: Uint8Array;
}

interface Work {
  memory: FlashMemory;
  options: WriteOptions;
  /** Blocks that hold what they should: written now, or unchanged. */
  done: TouchedBlock[];
  /** Blocks that were erased and are not known to be complete. */
  open: TouchedBlock[];
  /** Something was erased or written. */
  began: boolean;
}

export async function writeImage(
  memory: FlashMemory,
  image: readonly Chunk[],
  options: WriteOptions,
): Promise<FlashReport> {
  const outside = firstOutside(image, memory.blocks);
  if (outside !== undefined)
    fail('flash.image', {
      board: options.board,
      reason: `it has bytes at ${hex32(outside)}, which must not be erased or is not flash of this chip`,
    });
  const touched = touchedBlocks(image, memory.blocks);
  const work: Work = { memory, options, done: [], open: [], began: false };
  try {
    if (touched.length > 0) await memory.announce?.(touched.map(({ block }) => block));
    const changed = await findChanged(work, touched);
    const notes = lossNotes(memory, changed);
    const written = await writeSteps(work, changed);
    return {
      chip: memory.chip,
      imageBytes: image.reduce((sum, c) => sum + c.bytes.length, 0),
      erasedBlocks: changed.length,
      unchangedBlocks: touched.length - changed.length,
      writtenBytes: written.bytes,
      verifiedBy: written.verifiedBy ?? 'none',
      ...(notes.length > 0 && { notes }),
    };
  } catch (error) {
    throw withState(error, work, touched);
  }
}

function checkInterrupt({ options }: Work): void {
  if (options.signal?.aborted) fail('flash.interrupted');
}

/** Compares what is there with the image. A memory that can do neither digests nor reads counts as changed. */
async function findChanged(work: Work, touched: readonly TouchedBlock[]): Promise<TouchedBlock[]> {
  const { memory, options } = work;
  const total = sizeOf(touched.flatMap((t) => t.parts));
  const changed: TouchedBlock[] = [];
  let passed = 0;
  for (const block of touched) {
    checkInterrupt(work);
    const same = await holds(memory, block.parts, (done) =>
      options.onProgress?.({ phase: 'compare', done: passed + done, total }),
    );
    if (same) work.done.push(block);
    else changed.push(block);
    passed += sizeOf(block.parts);
    if (memory.digest || memory.read) options.onProgress?.({ phase: 'compare', done: passed, total });
  }
  return changed;
}

const sizeOf = (parts: readonly Chunk[]): number => parts.reduce((sum, p) => sum + p.bytes.length, 0);

/** Whether the memory holds these parts; `undefined` where it cannot tell. Reading stops at the first difference. */
async function holds(
  memory: FlashMemory,
  parts: readonly Chunk[],
  onBytes: (done: number) => void,
): Promise<boolean | undefined> {
  if (!memory.digest && !memory.read) return undefined;
  let passed = 0;
  for (const { address, bytes } of parts) {
    const same = memory.digest
      ? await digestEqual(memory, address, bytes)
      : await readEqual(memory, address, bytes, (done) => onBytes(passed + done));
    if (!same) return false;
    passed += bytes.length;
  }
  return true;
}

async function readEqual(
  memory: FlashMemory,
  address: number,
  bytes: Uint8Array,
  onBytes: (done: number) => void,
): Promise<boolean> {
  for (let at = 0; at < bytes.length; at += comparePieceBytes) {
    const piece = bytes.subarray(at, at + comparePieceBytes);
    const there = await memory.read?.(address + at, piece.length, (done) => onBytes(at + done));
    if (!there || Buffer.compare(there, piece) !== 0) return false;
  }
  return true;
}

async function digestEqual(memory: FlashMemory, address: number, bytes: Uint8Array): Promise<boolean> {
  const digest = await memory.digest?.(address, bytes.length);
  return digest !== undefined && digest.hex.toLowerCase() === digestOf(digest.kind, bytes);
}

function digestOf(kind: 'md5' | 'crc32' | 'sha256', bytes: Uint8Array): string {
  return kind === 'crc32'
    ? (crc32(bytes) >>> 0).toString(16).padStart(8, '0')
    : createHash(kind).update(bytes).digest('hex');
}

/** Without `read`, what lies in a block beside the image is lost, and the user hears of it. */
function lossNotes(memory: FlashMemory, changed: readonly TouchedBlock[]): string[] {
  if (memory.read) return [];
  const lost = changed.reduce((sum, { block, parts }) => sum + block.bytes - sizeOf(parts), 0);
  return lost === 0 ? [] : [`${lost} bytes beside the image, in the blocks that it touches, were erased with them`];
}

/** Adjacent blocks in groups of at most `stepBytes`, or one block where that is larger. */
function groupBlocks(blocks: readonly TouchedBlock[]): TouchedBlock[][] {
  const groups: TouchedBlock[][] = [];
  for (const touched of blocks) {
    const group = groups.at(-1);
    const [first, last] = [group?.[0].block, group?.at(-1)?.block];
    const joins =
      first && last && blockEnd(last) === touched.block.address && blockEnd(touched.block) - first.address <= stepBytes;
    if (joins) group?.push(touched);
    else groups.push([touched]);
  }
  return groups;
}

async function writeSteps(
  work: Work,
  changed: readonly TouchedBlock[],
): Promise<{ bytes: number; verifiedBy: FlashReport['verifiedBy'] | undefined }> {
  const { memory, options } = work;
  const groups = groupBlocks(changed);
  const total = changed.reduce((sum, { block }) => sum + block.bytes, 0);
  let [passed, bytes] = [0, 0];
  // Where nothing changed, comparing was the verification.
  let verifiedBy = changed.length === 0 ? await proofKind(memory, work.done) : undefined;
  for (const group of groups) {
    checkInterrupt(work);
    const step = await prepareStep(work, group);
    const at = (phase: FlashProgress['phase'], done: number) =>
      options.onProgress?.({ phase, done: passed + done, total });
    work.open = group;
    work.began = true;
    at('erase', 0);
    await memory.erase?.(group.map((t) => t.block));
    at('erase', step.bytes.length);
    const runs = runsOf(memory, step);
    for (const run of runs) {
      await memory.write(run.address, run.bytes, (done) => at('write', run.address - step.address + done));
      bytes += run.bytes.length;
    }
    at('write', step.bytes.length);
    verifiedBy = await verify(work, step, runs, (done) => at('verify', done));
    at('verify', step.bytes.length);
    work.open = [];
    work.done.push(...group);
    passed += step.bytes.length;
  }
  return { bytes, verifiedBy };
}

/** Where nothing was written: how it was found to be equal. */
async function proofKind(memory: FlashMemory, done: readonly TouchedBlock[]): Promise<FlashReport['verifiedBy']> {
  const [part] = done[0]?.parts ?? [];
  if (memory.digest && part) return (await memory.digest(part.address, part.bytes.length)).kind;
  return memory.read ? 'readback' : 'none';
}

/** Reads what lies in the blocks beside the image, where the memory can read, and lays the image over it. */
async function prepareStep({ memory, options }: Work, blocks: TouchedBlock[]): Promise<Step> {
  const address = blocks[0].block.address;
  const bytes = new Uint8Array(blockEnd(blocks[blocks.length - 1].block) - address).fill(memory.erasedByte);
  const parts = blocks.flatMap((b) => b.parts);
  for (const part of parts) bytes.set(part.bytes, part.address - address);
  if (!canRead(memory)) return { address, bytes };
  let at = address;
  for (const edge of [...parts.map((p) => [p.address, p.address + p.bytes.length]), [address + bytes.length, 0]]) {
    if (edge[0] > at) bytes.set(await readSurely(memory, at, edge[0] - at, options.board), at - address);
    at = edge[1];
  }
  return { address, bytes };
}

/**
 * What is written of a step: all of it where writing erases; else without the long runs that erasing has already made,
 * ends moved out to the alignment of the memory.
 */
function runsOf(memory: FlashMemory, { address, bytes }: Step): Chunk[] {
  if (!memory.erase) return [{ address, bytes }];
  const align = memory.writeAlignBytes;
  const runs: Chunk[] = [];
  let start = 0;
  for (;;) {
    let first = start;
    while (first < bytes.length && bytes[first] === memory.erasedByte) first++;
    if (first >= bytes.length) return runs;
    const from = Math.floor(first / align) * align;
    const last = lastBeforeGap(bytes, first, memory.erasedByte);
    const to = Math.min(bytes.length, Math.ceil((last + 1) / align) * align);
    runs.push({ address: address + from, bytes: bytes.subarray(from, to) });
    start = to;
  }
}

/** Index of the last byte before a run of at least `leastGapBytes` erased ones. */
function lastBeforeGap(bytes: Uint8Array, first: number, erasedByte: number): number {
  let last = first;
  for (let i = first; i < bytes.length && i - last <= leastGapBytes; i++) if (bytes[i] !== erasedByte) last = i;
  return last;
}

/** By the device's own digest of the whole step, else by reading back what was written. */
async function verify(
  { memory, options }: Work,
  { address, bytes }: Step,
  runs: readonly Chunk[],
  onBytes: (done: number) => void,
): Promise<FlashReport['verifiedBy']> {
  const differ = (reason: string): never => fail('flash.differs', { board: options.board, reason });
  if (memory.digest) {
    const { kind, hex } = await memory.digest(address, bytes.length);
    const range = `${hex32(address)} to ${hex32(address + bytes.length - 1)}`;
    return hex.toLowerCase() === digestOf(kind, bytes) ? kind : differ(`the ${kind} of ${range} is another`);
  }
  if (!canRead(memory)) return 'none';
  for (const run of runs) {
    const there = await memory.read(run.address, run.bytes.length, (done) => onBytes(run.address - address + done));
    const at = await surelyDiffers(memory, run.address, run.bytes, there);
    if (at >= 0) differ(`${hex32(run.address + at)} reads back as ${there[at]}, must be ${run.bytes[at]}`);
  }
  return 'readback';
}

/** The same error, and in what state the board is left. */
function withState(error: unknown, work: Work, touched: readonly TouchedBlock[]): unknown {
  const named = namedError(error, work.options.board);
  if (!(named instanceof MoteError)) return named;
  return new MoteError(named.code, {
    ...named.args,
    state: stateText(work, touched),
    untouched: work.began ? 0 : 1,
  });
}

/** Broken links and silence as errors of the user; anything else stays what it is. */
export function namedError(error: unknown, board: string): unknown {
  if (error instanceof LinkClosed) return new MoteError('flash.lost', { board, reason: error.message });
  if (error instanceof ReadTimeout) return new MoteError('flash.silent', { board, reason: error.message });
  return error;
}

function stateText({ done, open, began }: Work, touched: readonly TouchedBlock[]): string {
  const of = `of the ${touched.length} erase blocks that the image needs`;
  const broken = open.length === 0 ? '' : `, ${rangeOf(open)} is incomplete`;
  if (!began) return '; nothing was erased, the board holds what it held';
  return `; ${of} ${done.length} hold the image${broken}; nothing else was touched, and the same command goes on from here`;
}

function rangeOf(blocks: readonly TouchedBlock[]): string {
  const first = blocks[0].block;
  return `${hex32(first.address)} to ${hex32(blockEnd(blocks[blocks.length - 1].block) - 1)}`;
}
