// SPDX-License-Identifier: Apache-2.0
// What the schema cannot say about the flash methods of a board file: erase blocks that overlap or lie outside of the
// flash, sequences that are none, placeholders that nobody fills in.
import type { Board } from '../generated/board.js';
import { externalTools } from './externalTools.js';
import type { FlashEntry } from './method.js';
import { parseSequence, SequenceError } from './resetSequence.js';

export const placeholders = ['image', 'port', 'address', 'zephyr'] as const;

/** The first contradiction in words, or undefined. */
export function flashContradiction(board: Board): string | undefined {
  for (const [i, entry] of (board.flash ?? []).entries()) {
    const reason = wrongBlocks(board, entry) ?? wrongSequences(entry) ?? wrongStart(entry) ?? wrongCommand(entry);
    if (reason !== undefined) return `flash method ${i + 1} (${entry.method}): ${reason}`;
  }
  return undefined;
}

function wrongBlocks(board: Board, entry: FlashEntry): string | undefined {
  if (!('blocks' in entry)) return undefined;
  const regions = board.memory.filter((m) => m.kind === 'boot' || m.kind === 'flash');
  let before = 0;
  for (const { start, bytes, count } of entry.blocks) {
    const [from, to] = [Number(start), Number(start) + bytes * count];
    if (from < before) return `the blocks at ${start} overlap those before or are out of order`;
    const inside = regions.some((r) => Number(r.start) <= from && from < Number(r.start) + r.bytes);
    if (!inside || to > Math.max(...regions.map((r) => Number(r.start) + r.bytes)))
      return `its blocks at ${start} reach outside of the flash of the memory map`;
    before = to;
  }
  return undefined;
}

function wrongSequences(entry: FlashEntry): string | undefined {
  const ways = 'resets' in entry ? entry.resets : [entry];
  const texts = ways.flatMap((way) => [
    ...('enter' in way ? [way.enter ?? []].flat() : []),
    ...('leave' in way ? [way.leave] : []),
  ]);
  try {
    for (const text of texts) if (text !== undefined) parseSequence(text);
    return undefined;
  } catch (error) {
    if (error instanceof SequenceError) return `its sequence is wrong: ${error.message}`;
    throw error;
  }
}

function wrongStart(entry: FlashEntry): string | undefined {
  if (entry.method !== 'an3155') return undefined;
  return entry.start === 'leave' && entry.leave === undefined
    ? 'it starts by a leave sequence and has none'
    : undefined;
}

function wrongCommand(entry: FlashEntry): string | undefined {
  if (entry.method !== 'external') return undefined;
  if (!Object.hasOwn(externalTools, entry.tool)) return `'${entry.tool}' is no tool that mote knows`;
  const used = [...entry.command, ...(entry.afterwards ?? [])].flatMap((a) =>
    [...a.matchAll(/\{(\w*)\}/g)].map(([, name]) => name),
  );
  const unknown = used.find((u) => !placeholders.some((p) => p === u));
  if (unknown !== undefined) return `nothing fills in {${unknown}} of its command`;
  return used.includes('image') ? undefined : 'its command has no {image}';
}
