// SPDX-License-Identifier: Apache-2.0
// The functional model of Ethos-U on streams that Vela made and others committed (../shared/npu/ethos), against outputs
// that TensorFlow Lite Micro's own interpreter gave for the same models. Neither the streams nor the answers are ours.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenInputs } from '../../../test/support/generator.js';
import { describeShared, sharedFile } from '../../../test/support/shared.js';
import { MoteError } from '../../cli/errors.js';
import { openNpuFile } from '../openNpuFile.js';
import { averageScale, elementwise } from './arithmetic.js';
import { decodeStream } from './commandStream.js';
import { type EthosSubgraph, readEthosTflite } from './readEthosTflite.js';
import { type LongRegister, longRegisters, type ShortRegister, shortRegisters } from './registers.js';
import { applyScale, readChannelScale, shiftProduct } from './scaling.js';
import { unorderWeights, walkWeights } from './weightOrder.js';
import { decodeWeights } from './weightStream.js';

const streams = [
  { file: 'micro_speech_ethos-u55-32', golden: 'micro_speech', device: 'ethos-u55-32' },
  { file: 'micro_speech_ethos-u55-64', golden: 'micro_speech', device: 'ethos-u55-64' },
  { file: 'micro_speech_ethos-u55-256', golden: 'micro_speech', device: 'ethos-u55-256' },
  { file: 'person_detect_ethos-u55-64', golden: 'person_detect', device: 'ethos-u55-64' },
];
const inputCount = 20;

const vela = (file: string): Uint8Array => new Uint8Array(sharedFile(`npu/ethos/${file}.tflite`));
const golden = (name: string): Int8Array =>
  new Int8Array(readFileSync(new URL(`../../../test/oracle/goldens/${name}.bin`, import.meta.url)));

/** Outputs for the first inputs that the goldens were recorded with, one after the other. */
function answers(file: Uint8Array, count: number): number[] {
  const opened = openNpuFile(file, 'stream');
  const inputs = goldenInputs(opened.inputs[0].bytes).slice(0, count);
  return inputs.flatMap((input) => {
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    return [...new Int8Array(opened.run([bytes], true)[0].buffer)];
  });
}

/** Where the command stream begins in a file, in bytes: behind COP1, CONFIG and the padding. */
function streamStart(file: Uint8Array): number {
  const at = Buffer.from(file).indexOf('COP1');
  const view = new DataView(file.buffer, file.byteOffset);
  let word = at + 4;
  while ((view.getUint32(word, true) & 0xff) !== 2) word += (view.getUint32(word, true) & 0xff) === 1 ? 12 : 4;
  return word + 4;
}

/** The file with the n-th setting of a register changed by `delta`. */
function withRegister(file: Uint8Array, name: ShortRegister | LongRegister, delta: number, nth = 0): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  const isLong = name in longRegisters;
  const code = isLong ? longRegisters[name as LongRegister] : shortRegisters[name as ShortRegister];
  for (let at = streamStart(file), seen = 0; at + 8 <= copy.length; ) {
    const word = view.getUint32(at, true);
    const long = (word & 0x4000) !== 0;
    if (long === isLong && (word & 0x3ff) === code && seen++ === nth) {
      if (isLong) view.setUint32(at + 4, view.getUint32(at + 4, true) + delta, true);
      else view.setUint16(at + 2, view.getUint16(at + 2, true) + delta, true);
      return copy;
    }
    at += long ? 8 : 4;
  }
  throw new Error(`${name} is not set ${nth + 1} times`);
}

describeShared('the functional model of Ethos-U', () => {
  it.each(streams)('answers $file as TensorFlow Lite Micro does', ({ file, golden: name, device }) => {
    expect(openNpuFile(vela(file), file).device).toBe(device);
    const got = answers(vela(file), inputCount);
    expect(got).toEqual([...golden(name).subarray(0, got.length)]);
    expect(new Set(got).size).toBeGreaterThan(10);
  });

  it.each<[ShortRegister | LongRegister, number]>([
    ['IFM_ZERO_POINT', 1],
    ['OFM_ZERO_POINT', 1],
    ['IFM_PAD_TOP', 1],
    ['KERNEL_STRIDE', 4],
    ['ACTIVATION_MAX', -60],
    ['OFM_BLK_DEPTH_M1', -4],
    ['SCALE_BASE', 10],
    ['OFM_SCALE', 1],
  ])('turns red when %s changes by %i', (name, delta) => {
    const file = vela(streams[1].file);
    const wanted = [...golden('micro_speech').subarray(0, 4 * inputCount)];
    const settings = [0, 1, 2, 3].map((nth) => {
      try {
        return answers(withRegister(file, name, delta, nth), inputCount);
      } catch (error) {
        return error instanceof MoteError || (error instanceof Error && /not set/.test(error.message)) ? [] : wanted;
      }
    });
    expect(settings[0]).not.toEqual(wanted);
  });

  it('turns red when one weight changes', () => {
    const file = vela(streams[1].file);
    const wanted = [...golden('micro_speech').subarray(0, 4 * inputCount)];
    const changed = file.slice();
    changed[middleOfWeights(file)] ^= 0x10;
    let got: number[] = [];
    try {
      got = answers(changed, inputCount);
    } catch (error) {
      expect(error).toBeInstanceOf(MoteError);
    }
    expect(got).not.toEqual(wanted);
  });

  it.each<[ShortRegister, number, RegExp]>([
    ['OFM_HEIGHT_M1', 0xff00, /not plausible|refers to byte/],
    ['ACTIVATION', 5, /activation 5/],
  ])('refuses %s changed by %i in one sentence', (name, delta, message) => {
    const file = withRegister(vela(streams[1].file), name, delta);
    expect(() => answers(file, 1)).toThrow(message);
  });

  it('lists the operations with their shapes', () => {
    const { operations } = openNpuFile(vela(streams[3].file), 'person_detect');
    const convolutions = operations.filter((o) => /^(conv|depthwise)/.test(o.name));
    expect(convolutions.length).toBeGreaterThanOrEqual(28);
    expect(operations.reduce((sum, o) => sum + o.macs, 0)).toBeGreaterThan(7_000_000);
  });

  it.each(streams)('finds no broken rule in $file', ({ file }) => {
    expect(openNpuFile(vela(file), file).check()).toEqual([]);
  });

  it.each<[ShortRegister | LongRegister, number, RegExp]>([
    ['OFM_BLK_WIDTH_M1', 70, /block width/],
    ['OFM_BLK_DEPTH_M1', 2, /no multiple of 8/],
    ['IFM_IB_END', -6, /input needs|banks/],
    ['IFM_IB_END', 20, /input buffers end/],
    ['AB_START', 3, /accumulators/],
    ['WEIGHT_LENGTH', 8, /weight length/],
    ['SCALE_BASE', 10, /scale base/],
    ['DMA0_DST', 4, /DMA target/],
  ])('finds the broken rule when %s changes by %i', (name, delta, rule) => {
    const file = withRegister(vela(streams[1].file), name, delta);
    expect(
      openNpuFile(file, 'x')
        .check()
        .map((f) => f.text)
        .join('\n'),
    ).toMatch(rule);
  });

  it('finds waits that are missing', () => {
    const file = vela(streams[1].file);
    const view = new DataView(file.buffer);
    for (let at = streamStart(file); at + 4 <= file.length; ) {
      const word = view.getUint32(at, true);
      // DMA_WAIT 0 becomes DMA_WAIT 15: whatever is under way may stay so.
      if ((word & 0x7fff) === 0x011) view.setUint32(at, word | (15 << 16), true);
      if ((word & 0x7fff) === 0) break;
      at += word & 0x4000 ? 8 : 4;
    }
    const [first] = openNpuFile(file, 'x').check();
    expect(first.text).toMatch(/DMA_WAIT is missing/);
  });

  it('says that an input or output has no place in the arena', () => {
    const file = vela(streams[0].file);
    const view = new DataView(file.buffer);
    // OfflineMemoryAllocation: a vector of bytes with version, subgraphs, the count, and so many offsets.
    for (let at = 0; at + 16 <= file.length; at += 4) {
      const [bytes, version, subgraphs, count] = [0, 4, 8, 12].map((i) => view.getInt32(at + i, true));
      if (version || subgraphs !== 1 || bytes !== 4 * (3 + count) || at + 4 + bytes > file.length) continue;
      for (let i = 0; i < count; i++) view.setInt32(at + 16 + 4 * i, -1, true);
    }
    const opened = openNpuFile(file, 'x');
    const run = (): Uint8Array[] => opened.run([new Uint8Array(opened.inputs[0].bytes)], true);
    expect(run).toThrow(expect.objectContaining({ code: 'npu.broken' }));
    expect(run).toThrow(/has no place in the arena/);
  });

  it('ends in one sentence or an answer, whatever bytes are damaged', () => {
    const file = vela(streams[0].file);
    const input = new Uint8Array(openNpuFile(file, 'x').inputs[0].bytes);
    const spot = fc.oneof(
      fc.nat(file.length - 1),
      fc.integer({ min: 0, max: 2400 }).map((i) => streamStart(file) + i),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(spot, fc.nat(255)), { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = file.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const opened = openNpuFile(bytes, 'x.tflite');
          opened.check();
          opened.run([input], true);
        } catch (error) {
          expect(error).toBeInstanceOf(MoteError);
        }
      }),
      { numRuns: 80 },
    );
  });
});

/** The byte of the file in the middle of the largest compressed weights. */
function middleOfWeights(file: Uint8Array): number {
  const broken = (reason: string): never => {
    throw new Error(reason);
  };
  const [subgraph] = readEthosTflite(file, broken).operators as EthosSubgraph[];
  const ranges = decodeStream(subgraph.payload.words, broken)
    .filter((o) => o.name === 'CONV' && o.registers.short.WEIGHT_REGION === 0)
    .map(({ registers }) => ({
      base: registers.long.WEIGHT_BASE?.value ?? 0,
      length: registers.long.WEIGHT_LENGTH?.value ?? 0,
    }));
  const largest = ranges.reduce((a, b) => (b.length > a.length ? b : a));
  return Buffer.from(file).indexOf(subgraph.constants) + largest.base + (largest.length >> 1);
}

describe('the weight stream', () => {
  const broken = (reason: string): never => {
    throw new Error(reason);
  };

  /** Plain weights of 9 bits: no palette, no zero runs, nothing compressed. */
  function plainStream(weights: readonly number[]): Uint8Array {
    const bits: number[] = [];
    const put = (value: number, count: number): void => {
      for (let i = 0; i < count; i++) bits.push((value >> i) & 1);
    };
    put(6, 3);
    put(weights.length - 1, 15);
    put(7, 3);
    put(0, 1);
    put(1, 1);
    put(0, 5);
    put(0, 5);
    put(7, 3);
    // Remainders of 9 bits; each chunk of eight comes one chunk late, and here nothing else comes between.
    for (const w of weights) put(w < 0 ? (-w << 1) | 1 : w << 1, 9);
    put(7, 3);
    while (bits.length % 128) bits.push(1);
    const bytes = new Uint8Array(bits.length / 8);
    for (const [i, bit] of bits.entries()) bytes[i >> 3] |= bit << (i & 7);
    return bytes;
  }

  it('gives back what was written plainly', () => {
    const weight = fc.integer({ min: -255, max: 255 }).map((w) => w + 0);
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 200 }), (weights) => {
        expect([...decodeWeights(plainStream(weights), broken)]).toEqual(weights);
      }),
    );
  });

  it('visits every weight once, whatever the traversal', () => {
    const order = fc.record({
      outputs: fc.integer({ min: 1, max: 40 }),
      inputs: fc.integer({ min: 1, max: 40 }),
      kernelHeight: fc.integer({ min: 1, max: 10 }),
      kernelWidth: fc.integer({ min: 1, max: 10 }),
      blockDepth: fc.constantFrom(4, 8, 16, 24),
      microDepth: fc.constantFrom(4, 8),
      depthwise: fc.boolean(),
      partKernelFirst: fc.boolean(),
      inputBits: fc.constantFrom(8, 16),
      dilationY: fc.constantFrom(1, 2),
      dilationX: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(order, (o) => {
        const shape = o.depthwise ? { ...o, inputs: 1, partKernelFirst: false } : o;
        const count = shape.outputs * shape.kernelHeight * shape.kernelWidth * shape.inputs;
        const wanted = Int16Array.from({ length: count }, (_, i) => 1 + (i % 32_000));
        const stream: number[] = [];
        walkWeights(shape, (index) => stream.push(index < 0 ? 0 : wanted[index]));
        expect(unorderWeights(Int16Array.from(stream), shape, broken)).toEqual(wanted);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a stream of another length', () => {
    const order = { outputs: 8, inputs: 8, kernelHeight: 1, kernelWidth: 1, blockDepth: 8, microDepth: 8 };
    const rest = { depthwise: false, partKernelFirst: false, inputBits: 8, dilationY: 1, dilationX: 1 };
    expect(() => unorderWeights(new Int16Array(7), { ...order, ...rest }, broken)).toThrow(/7 weights/);
  });
});

describe('the scales', () => {
  it('reads bias, multiplier and shift of ten bytes', () => {
    const bytes = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0x80, 0x25);
    expect(readChannelScale(bytes, 0)).toEqual({ bias: -2, multiplier: 0x80000001, shift: 37 });
  });

  it.each([
    ['tfl', 5, 1, 1, 3],
    ['tfl', -5, 1, 1, -2],
    ['natural', 5, 1, 1, 3],
    ['natural', -5, 1, 1, -2],
    ['truncate', 5, 1, 1, 2],
    ['truncate', -5, 1, 1, -2],
    ['tfl', -3 * 2 ** 8, 2 ** 30, 39, -2],
  ] as const)('%s: %i * %i >> %i is %i', (rounding, value, multiplier, shift, wanted) => {
    expect(applyScale(value, { multiplier, shift }, rounding)).toBe(wanted);
  });

  it('shifts by whatever a damaged stream says', () => {
    expect(elementwise('shr', 1000, 2 ** 31 - 1, undefined, 'natural')).toBe(0);
    expect(elementwise('shr', 1000, -5, undefined, 'tfl')).toBe(1000);
    expect(elementwise('shl', 1, 2 ** 31 - 1, undefined, 'tfl')).toBe(2 ** 31 - 1);
    expect(elementwise('shl', 0, 2 ** 31 - 1, undefined, 'tfl')).toBe(0);
  });

  it('multiplies high as gemmlowp does, and saturates', () => {
    expect(shiftProduct(BigInt(2 ** 30) * BigInt(2 ** 30), 31, 'tfl')).toBe(2 ** 29);
    expect(shiftProduct(2n ** 62n, 0, 'tfl')).toBe(2 ** 31 - 1);
    expect(shiftProduct(-(2n ** 62n), 0, 'tfl')).toBe(-(2 ** 31));
  });

  it('divides by a count', () => {
    for (const count of [1, 2, 3, 7, 9, 25, 64, 225])
      for (const sum of [0, 1, 12, 127 * count, -5 * count])
        expect([count, sum, applyScale(sum, averageScale(count), 'natural')]).toEqual([
          count,
          sum,
          Math.floor(sum / count + 0.5),
        ]);
  });
});

describe('the command stream', () => {
  const broken = (reason: string): never => {
    throw new Error(reason);
  };
  it.each([
    ['no STOP', [0x00070104], /no STOP/],
    ['an unknown register', [0x000001ff], /0x1ff is no register/],
    ['an unknown operation', [0x0000004f], /0x4f is no operation/],
    ['a register cut short', [0x00004000], /IFM_BASE0 has no value/],
  ])('refuses %s', (_, words, message) => {
    expect(() => decodeStream(Uint32Array.from(words), broken)).toThrow(message);
  });
});
