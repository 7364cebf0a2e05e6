// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Chunk, joinChunks } from '../build/image.js';
import { MoteError } from '../cli/errors.js';
import { LinkClosed, ReadTimeout } from '../link/byteReader.js';
import { eraseBlocks } from './eraseBlocks.js';
import type { FlashProgress } from './progress.js';
import { type MemoryFlashOptions, memoryFlash } from './testing/memoryFlash.js';
import { writeImage } from './writeImage.js';

// The STM32F4's geometry in small: four of 1 kB, one of 4 kB, two of 8 kB, then larger than a step.
const blocks = eraseBlocks([
  { start: '0x1000', bytes: 1024, count: 4 },
  { start: '0x2000', bytes: 4096, count: 1 },
  { start: '0x3000', bytes: 8192, count: 2 },
  { start: '0x7000', bytes: 128 * 1024, count: 1 },
]);
const base = 0x1000;
const chunk = (address: number, length: number, seed = 1): Chunk => ({
  address,
  bytes: Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff),
});
const options = { board: 'test-board' };
const failureOf = (promise: Promise<unknown>): Promise<MoteError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as MoteError,
  );

describe.each([
  ['read', 'clearing', 'readback'],
  ['digest', 'clearing', 'md5'],
  ['both', 'clearing', 'md5'],
  ['read', 'erasing', 'readback'],
  ['both', 'erasing', 'md5'],
  ['none', 'clearing', 'none'],
] as const)('a memory that proves by %s, with writes that are %s', (proof, writes, verifiedBy) => {
  it('holds the image, keeps the rest where it can, and touches no other block', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(0x8fff), fc.integer({ min: 1, max: 6000 })), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(1, 4, 256),
        async (places, writeAlignBytes) => {
          const image = disjoint(places.map(([at, length], i) => chunk(base + at, length, i)));
          const { memory, cells, deeds } = memoryFlash({ blocks, proof, writes, writeAlignBytes });
          const before = cells.slice();
          const report = await writeImage(memory, image, options);
          expect(report.verifiedBy).toBe(verifiedBy);
          for (const { address, bytes } of image)
            expect(Buffer.compare(cells.subarray(address - base, address - base + bytes.length), bytes)).toBe(0);
          const inImage = (at: number) => image.some((c) => c.address <= at && at < c.address + c.bytes.length);
          const touched = blocks.filter((b) =>
            image.some((c) => c.address < b.address + b.bytes && b.address < c.address + c.bytes.length),
          );
          const inTouched = (at: number) => touched.some((b) => b.address <= at && at < b.address + b.bytes);
          const keeps = proof === 'read' || proof === 'both';
          const wrong = cells.findIndex(
            (b, i) => !inImage(base + i) && b !== (keeps || !inTouched(base + i) ? before[i] : 0xff),
          );
          expect(wrong).toBe(-1);
          for (const { kind, address } of deeds) if (kind === 'erase') expect(inTouched(address)).toBe(true);
          expect(report.notes !== undefined).toBe(!keeps && touched.some((b) => !covered(b.address, b.bytes, inImage)));
        },
      ),
      { numRuns: 25 },
    );
  });
});

const covered = (from: number, bytes: number, inImage: (at: number) => boolean): boolean =>
  Array.from({ length: bytes }, (_, i) => from + i).every(inImage);

/** Drops chunks that would overlap one before. */
function disjoint(chunks: Chunk[]): Chunk[] {
  const kept: Chunk[] = [];
  for (const c of chunks)
    if (kept.every((k) => c.address >= k.address + k.bytes.length || k.address >= c.address + c.bytes.length))
      kept.push(c);
  return joinChunks(kept);
}

describe('the second flash', () => {
  it('writes nothing when nothing changed, and one block when one byte did', async () => {
    const { memory, deeds } = memoryFlash({ blocks });
    const image = [chunk(base, 3 * 1024 + 5)];
    expect(await writeImage(memory, image, options)).toMatchObject({ erasedBlocks: 4, unchangedBlocks: 0 });
    deeds.length = 0;
    const again = await writeImage(memory, image, options);
    expect(again).toMatchObject({ erasedBlocks: 0, unchangedBlocks: 4, writtenBytes: 0, verifiedBy: 'readback' });
    expect(deeds.every((d) => d.kind === 'read')).toBe(true);
    deeds.length = 0;
    image[0].bytes[1500] ^= 1;
    expect(await writeImage(memory, image, options)).toMatchObject({ erasedBlocks: 1, unchangedBlocks: 3 });
    expect(deeds.filter((d) => d.kind === 'erase')).toEqual([{ kind: 'erase', address: 0x1400, bytes: 1024 }]);
  });

  it('of a memory that can only tell digests says how it knows', async () => {
    const { memory } = memoryFlash({ blocks, proof: 'digest' });
    await writeImage(memory, [chunk(base, 100)], options);
    expect(await writeImage(memory, [chunk(base, 100)], options)).toMatchObject({ erasedBlocks: 0, verifiedBy: 'md5' });
  });
});

describe('reads without a check sum', () => {
  const image = [chunk(base, 3000)];
  /** Damages one byte of each of these reads, the first being 1. */
  const flash = async (damaged: (read: number) => boolean) => {
    const made = memoryFlash({
      blocks,
      onLine: (bytes, n) => {
        if (damaged(n)) bytes[bytes.length >> 1] ^= 4 + n;
      },
    });
    const kept = made.cells.slice(3000, 3072);
    const report = writeImage(made.memory, image, options);
    return { ...made, kept, report };
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('one byte damaged on read %i harms nothing', async (n) => {
    const { cells, kept, report } = await flash((read) => read === n);
    expect(await report).toMatchObject({ verifiedBy: 'readback' });
    expect(Buffer.compare(cells.subarray(0, 3000), image[0].bytes)).toBe(0);
    expect(Buffer.compare(cells.subarray(3000, 3072), kept)).toBe(0);
  });

  it('a line that never gives the same twice is named, before anything is erased', async () => {
    const { deeds, report } = await flash(() => true);
    expect(await failureOf(report)).toMatchObject({ code: 'flash.noisy', exit: 6 });
    expect(deeds.every(({ kind }) => kind === 'read')).toBe(true);
  });

  it('flash that is wrong is still found', async () => {
    const before: MemoryFlashOptions['before'] = ({ kind }, cells) => {
      if (kind === 'read' && cells[100] === image[0].bytes[100]) cells[100] ^= 1;
    };
    const { memory } = memoryFlash({ blocks, before, onLine: () => undefined });
    expect(await failureOf(writeImage(memory, image, options))).toMatchObject({ code: 'flash.differs' });
  });
});

it('long runs of erased bytes are not sent', async () => {
  const image = [chunk(0x7000, 40_000)];
  image[0].bytes.fill(0xff, 1000, 30_000);
  const { memory, deeds } = memoryFlash({ blocks, writeAlignBytes: 256 });
  const { writtenBytes } = await writeImage(memory, image, { ...options });
  // What was in the rest of the block is written back: 128 kB without the gap.
  expect(writtenBytes).toBeGreaterThanOrEqual(128 * 1024 - 29_000);
  expect(writtenBytes).toBeLessThan(128 * 1024 - 29_000 + 2 * 256);
  expect(deeds.filter((d) => d.kind === 'write')).toHaveLength(2);
});

it('progress goes up in each phase and ends at its total', async () => {
  const seen: FlashProgress[] = [];
  const { memory } = memoryFlash({ blocks });
  await writeImage(memory, [chunk(base, 9000)], { ...options, onProgress: (p) => seen.push(p) });
  for (const phase of ['compare', 'erase', 'write', 'verify'] as const) {
    const of = seen.filter((p) => p.phase === phase);
    expect(of.map((p) => p.done)).toEqual(of.map((p) => p.done).sort((a, b) => a - b));
    expect(of.at(-1)?.done).toBe(of.at(-1)?.total);
  }
});

it('bytes outside of the blocks are refused before anything is done', async () => {
  for (const address of [0xfff, 0x7000 + 128 * 1024 - 1]) {
    const { memory, deeds } = memoryFlash({ blocks });
    const error = await failureOf(writeImage(memory, [chunk(address, 2)], options));
    expect(error).toMatchObject({ code: 'flash.image', exit: 3 });
    expect(deeds).toEqual([]);
  }
});

describe('failures', () => {
  it.each([
    ['flash.lost', new LinkClosed('unplugged'), 'the connection to test-board broke: unplugged; of the 5 erase blocks'],
    ['flash.silent', new ReadTimeout('nothing more within 500 ms'), 'does not answer: nothing more within 500 ms; of'],
  ])('%s in mid-write says which blocks hold what, and a rerun finishes', async (code, cause, words) => {
    let writes = 0;
    const { memory, deeds, cells } = memoryFlash({
      blocks,
      before: ({ kind }) => {
        if (kind === 'write' && ++writes === 2) throw cause;
      },
    });
    // Two steps: the small blocks together, then the large one.
    const image = joinChunks([chunk(base, 4096), chunk(0x7000, 300)]);
    const error = await failureOf(writeImage(memory, image, options));
    expect(error).toMatchObject({ code, exit: 6 });
    expect(error.message).toContain(words);
    expect(error.message).toContain(
      '4 hold the image, 0x00007000 to 0x00026fff is incomplete; nothing else was touched',
    );
    deeds.length = 0;
    expect(await writeImage(memory, image, options)).toMatchObject({ erasedBlocks: 1, unchangedBlocks: 4 });
    expect(Buffer.compare(cells.subarray(0x6000, 0x6000 + 300), image[1].bytes)).toBe(0);
  });

  it('before the first erase says that nothing was erased', async () => {
    const { memory } = memoryFlash({
      blocks,
      before: () => {
        throw new LinkClosed('unplugged');
      },
    });
    const error = await failureOf(writeImage(memory, [chunk(base, 10)], options));
    expect(error.message).toContain('nothing was erased, the board holds what it held');
  });

  it('a cell that does not take its value is found and named', async () => {
    const { memory } = memoryFlash({
      blocks,
      before: ({ kind }, cells) => {
        if (kind === 'read' && cells[1] !== 0x5a) cells[1] = 0x77;
      },
    });
    const error = await failureOf(writeImage(memory, [chunk(base, 1024)], options));
    expect(error).toMatchObject({ code: 'flash.differs', exit: 6 });
    expect(error.message).toContain('0x00001001 reads back as 119, must be 8');
    const digested = memoryFlash({
      blocks,
      proof: 'digest',
      before: ({ kind }, cells) => {
        if (kind === 'digest') cells[1] = 0x77;
      },
    });
    await expect(writeImage(digested.memory, [chunk(base, 1024)], options)).rejects.toThrow(/md5 of 0x00001000/);
  });

  it('an error that is none of the user stays what it is', async () => {
    const { memory } = memoryFlash({
      blocks,
      before: () => {
        throw new TypeError('a bug');
      },
    });
    await expect(writeImage(memory, [chunk(base, 10)], options)).rejects.toThrow(TypeError);
  });
});

it('an interrupt ends the step, and says what is done', async () => {
  const abort = new AbortController();
  const { memory, cells } = memoryFlash({
    blocks,
    before: ({ kind }) => {
      if (kind === 'write') abort.abort();
    },
  });
  const image = joinChunks([chunk(base, 4096), chunk(0x7000, 300)]);
  const error = await failureOf(writeImage(memory, image, { ...options, signal: abort.signal }));
  expect(error).toBeInstanceOf(MoteError);
  expect(error).toMatchObject({ code: 'flash.interrupted', exit: 130 });
  expect(error.message).toMatch(/^interrupted; of the 5 .* 4 hold the image; nothing else was touched/);
  expect(Buffer.compare(cells.subarray(0, 4096), image[0].bytes)).toBe(0);
  expect(cells[0x6000]).toBe(0x5a);
});
