// SPDX-License-Identifier: Apache-2.0
// The checkpoints of llama2.c (https://github.com/karpathy/llama2.c, export.py `legacy_export`, run.c `Config`): seven int32,
// then float32 tensors in a fixed order, without names. Nothing is allocated before the size of the file was found to fit.
import { fail } from '../../cli/errors.js';
import { fromLittleEndian } from '../bytes.js';

export interface Checkpoint {
  width: number;
  hidden: number;
  layers: number;
  heads: number;
  /** Heads that keys and values have; several query heads may share one. */
  kvHeads: number;
  vocabulary: number;
  /** Positions that the model was trained for. */
  context: number;
  embedding: Float32Array;
  blocks: Block[];
  finalNorm: Float32Array;
  /** The embedding itself in most files. */
  classifier: Float32Array;
}

/** Matrices are [rows][columns], rows being outputs. */
export interface Block {
  attentionNorm: Float32Array;
  query: Float32Array;
  key: Float32Array;
  value: Float32Array;
  output: Float32Array;
  feedNorm: Float32Array;
  gate: Float32Array;
  down: Float32Array;
  up: Float32Array;
}

const headerBytes = 28;

/** What no model of this format exceeds; products of them stay exact numbers. */
const limits = {
  width: 2 ** 16,
  hidden: 2 ** 20,
  layers: 2 ** 10,
  heads: 2 ** 12,
  vocabulary: 2 ** 22,
  context: 2 ** 20,
};

interface Header
  extends Pick<Checkpoint, 'width' | 'hidden' | 'layers' | 'heads' | 'kvHeads' | 'vocabulary' | 'context'> {
  /** A negative vocabulary in the file says that the classifier is a matrix of its own. */
  shared: boolean;
}

function headerOf(bytes: Uint8Array): Header | undefined {
  if (bytes.length < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const [width, hidden, layers, heads, kvHeads, words, context] = Array.from({ length: 7 }, (_, i) =>
    view.getInt32(4 * i, true),
  );
  return { width, hidden, layers, heads, kvHeads, vocabulary: Math.abs(words), context, shared: words > 0 };
}

/** Why this is the header of no model. */
function oddity(h: Header): string | undefined {
  for (const [name, most] of Object.entries(limits)) {
    const value = h[name as keyof typeof limits];
    if (value < 1 || value > most) return `its ${name} is ${value}, not 1 to ${most}`;
  }
  if (h.kvHeads < 1 || h.heads % h.kvHeads !== 0) return `${h.heads} heads cannot share ${h.kvHeads} keys and values`;
  if (h.width % h.heads !== 0 || (h.width / h.heads) % 2 !== 0)
    return `a width of ${h.width} is not ${h.heads} heads of an even size`;
  return undefined;
}

/** Whether the bytes begin like such a file: it has no magic number, so all of its header must make sense. */
export function isCheckpoint(bytes: Uint8Array): boolean {
  const header = headerOf(bytes);
  return header !== undefined && oddity(header) === undefined;
}

/** Floats of each tensor, in the order of the file. */
function sizesOf(h: Header): { block: Record<keyof Block, number>; before: number; after: number; angles: number } {
  const square = h.width * h.width;
  const shared = (square / h.heads) * h.kvHeads;
  const feed = h.hidden * h.width;
  const block: Record<keyof Block, number> = {
    attentionNorm: h.width,
    query: square,
    key: shared,
    value: shared,
    output: square,
    feedNorm: h.width,
    gate: feed,
    down: feed,
    up: feed,
  };
  const embedding = h.vocabulary * h.width;
  // Cosines and sines of the rotary embedding, [context][head size / 2] each, which readers compute themselves.
  const angles = h.context * (h.width / h.heads);
  return { block, before: embedding, after: h.width, angles };
}

function totalFloats(h: Header): number {
  const { block, before, after, angles } = sizesOf(h);
  const each = Object.values(block).reduce((a, b) => a + b, 0);
  return before + h.layers * each + after + angles + (h.shared ? 0 : before);
}

export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const broken = (reason: string): never => fail('model.broken', { reason });
  const header = headerOf(bytes) ?? broken(`${bytes.length} bytes are less than the header of a llama2.c checkpoint`);
  const odd = oddity(header);
  if (odd) broken(`as a llama2.c checkpoint, ${odd}`);
  const wanted = headerBytes + 4 * totalFloats(header);
  if (bytes.length !== wanted)
    broken(`a llama2.c checkpoint with this header has ${wanted} bytes, the file has ${bytes.length}`);
  return tensorsOf(bytes, header);
}

function tensorsOf(bytes: Uint8Array, header: Header): Checkpoint {
  const { shared, ...numbers } = header;
  const sizes = sizesOf(header);
  let at = headerBytes;
  const take = (floats: number): Float32Array => {
    const data = fromLittleEndian('float32', bytes.subarray(at, at + 4 * floats)) as Float32Array;
    at += 4 * floats;
    if (!data.every(Number.isFinite)) fail('model.broken', { reason: 'a weight is not a finite number' });
    return data;
  };
  const embedding = take(sizes.before);
  // All layers of one kind follow each other.
  const stacks = Object.entries(sizes.block).map(
    ([kind, size]) => [kind, Array.from({ length: header.layers }, () => take(size))] as const,
  );
  const finalNorm = take(sizes.after);
  at += 4 * sizes.angles;
  const blocks = Array.from(
    { length: header.layers },
    (_, l) => Object.fromEntries(stacks.map(([kind, stack]) => [kind, stack[l]])) as unknown as Block,
  );
  return { ...numbers, embedding, blocks, finalNorm, classifier: shared ? embedding : take(sizes.before) };
}
