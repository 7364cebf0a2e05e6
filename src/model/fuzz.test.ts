// SPDX-License-Identifier: Apache-2.0
// Damaged model files: a graph or one sentence with exit 3 comes out, soon, and nothing else.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { packageRoot } from '../packageRoot.js';
import { readModel } from './readModel.js';
import { writeOnnx } from './testing/onnxWriter.js';
import { code, type TestTensor, writeTflite } from './testing/tfliteWriter.js';
import * as schema from './tflite/schema.js';

const seed = 20_240_611;
const flips = 2000;
/** Of the processor, so that a busy machine changes nothing. */
const timeLimitMs = 5000;
const usedMs = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

const tflite = writeTflite({
  tensors: [
    { name: 'x', type: 'int8', shape: [1, 6, 6, 2], scales: [0.5], zeroPoints: [1], signature: [-1, 6, 6, 2] },
    {
      name: 'w',
      type: 'int8',
      shape: [4, 3, 3, 2],
      data: new Int8Array(72),
      scales: [1, 2, 3, 4],
      zeroPoints: [0, 0, 0, 0],
    },
    {
      name: 'b',
      type: 'int32',
      shape: [4],
      data: new Int32Array(4),
      scales: [0.5, 1, 1.5, 2],
      zeroPoints: [0, 0, 0, 0],
    },
    { name: 'c', type: 'int8', shape: [1, 3, 3, 4], scales: [0.25], zeroPoints: [-2] },
    { name: 'shape', type: 'int32', shape: [2], data: Int32Array.of(1, 36) },
    { name: 'flat', type: 'int8', shape: [1, 36], scales: [0.25], zeroPoints: [-2] },
    { name: 'y', type: 'int8', shape: [1, 36], scales: [1 / 256], zeroPoints: [-128] },
  ],
  operators: [
    {
      code: code.conv2d,
      inputs: [0, 1, 2],
      outputs: [3],
      options: {
        table: schema.Conv2DOptions,
        set: [
          [schema.Conv2DOptions.strideH, 2],
          [schema.Conv2DOptions.strideW, 2],
          [schema.Conv2DOptions.activation, 1],
        ],
      },
    },
    { code: code.reshape, inputs: [3, 4], outputs: [5] },
    {
      code: code.softmax,
      inputs: [5],
      outputs: [6],
      options: { table: schema.SoftmaxOptions, set: [[schema.SoftmaxOptions.beta, 1]] },
    },
  ],
  inputs: [0],
  outputs: [6],
});

const onnx = writeOnnx({
  opset: 13,
  inputs: [{ name: 'x', dims: ['batch', 2, 6, 6] }],
  outputs: [{ name: 'y', dims: ['batch', 3] }],
  nodes: [
    {
      op: 'Conv',
      inputs: ['x', 'w', 'b'],
      outputs: ['c'],
      attributes: { pads: { ints: [1, 1, 1, 1] }, strides: { ints: [2, 2] } },
    },
    { op: 'Relu', inputs: ['c'], outputs: ['r'] },
    { op: 'MaxPool', inputs: ['r'], outputs: ['p'], attributes: { kernel_shape: { ints: [3, 3] } } },
    { op: 'Shape', inputs: ['p'], outputs: ['s'] },
    { op: 'Slice', inputs: ['s', 'zero', 'one'], outputs: ['batch'] },
    { op: 'Concat', inputs: ['batch', 'rest'], outputs: ['to'], attributes: { axis: { int: 0 } } },
    { op: 'Reshape', inputs: ['p', 'to'], outputs: ['f'] },
    { op: 'Gemm', inputs: ['f', 'm', 'v'], outputs: ['g'], attributes: { transB: { int: 1 }, alpha: { float: 2 } } },
    { op: 'Softmax', inputs: ['g'], outputs: ['y'], attributes: { axis: { int: 1 } } },
  ],
  constants: [
    { name: 'w', type: 'float', dims: [4, 2, 3, 3], data: new Float32Array(72) },
    { name: 'b', type: 'float', dims: [4], typed: { field: 4, values: [1, 2, 3, 4] } },
    { name: 'zero', type: 'int64', dims: [1], data: BigInt64Array.of(0n) },
    { name: 'one', type: 'int64', dims: [1], typed: { field: 7, values: [1] } },
    { name: 'rest', type: 'int64', dims: [1], data: BigInt64Array.of(-1n) },
    { name: 'm', type: 'float', dims: [3, 4], data: new Float32Array(12) },
    { name: 'v', type: 'float', dims: [3], data: new Float32Array(3) },
  ],
});

/** The sentence, or undefined where the bytes still make a graph. Anything but a MoteError with exit 3 fails. */
function outcome(bytes: Uint8Array, what: string): string | undefined {
  const start = process.cpuUsage();
  try {
    readModel(bytes, 'model.bin');
    return undefined;
  } catch (error) {
    if (!(error instanceof MoteError) || error.exit !== 3)
      throw new Error(`${what}: ${String(error)}`, { cause: error });
    expect(error.message).not.toMatch(/[\r\n]|undefined|NaN bytes|\[object/);
    return error.message;
  } finally {
    expect(usedMs(start), what).toBeLessThan(timeLimitMs);
  }
}

function truncations(bytes: Uint8Array, name: string, step: number): void {
  for (let end = 0; end < bytes.length; end += step) {
    // The last bytes of a file may be padding.
    const said = outcome(bytes.subarray(0, end), `${name} cut at ${end}`);
    if (end < bytes.length / 2) expect(said, `${name} cut at ${end}`).toBeDefined();
  }
}

function byteFlips(bytes: Uint8Array, name: string, runs: number): void {
  const copy = Uint8Array.from(bytes);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      copy[at] ^= mask;
      try {
        outcome(copy, `${name} byte ${at} ^ ${mask}`);
      } finally {
        copy[at] ^= mask;
      }
    }),
    { numRuns: runs, seed },
  );
}

/** Every aligned word becomes a length of 1 GB, in the byte order of FlatBuffers. */
function hugeWords(bytes: Uint8Array, name: string, step: number): void {
  for (let at = 0; at + 4 <= bytes.length; at += step) {
    const copy = Uint8Array.from(bytes);
    new DataView(copy.buffer).setUint32(at, 0x4000_0000, true);
    outcome(copy, `${name} word ${at}`);
  }
}

/** Every place becomes the varint of 1 GB, the length of a Protocol Buffers field. */
function hugeVarints(bytes: Uint8Array, name: string): void {
  for (let at = 0; at + 5 <= bytes.length; at++) {
    const copy = Uint8Array.from(bytes);
    copy.set([0x80, 0x80, 0x80, 0x80, 0x04], at);
    outcome(copy, `${name} varint ${at}`);
  }
}

const built: [string, Uint8Array][] = [
  ['tflite', tflite],
  ['onnx', onnx],
];

describe.each(built)('a damaged %s file (hand-built)', (name, bytes) => {
  it('is sound before it is damaged', () => {
    expect(readModel(bytes, name).nodes.some((n) => n.op === 'unsupported')).toBe(false);
  });
  it('cut off anywhere', () => {
    for (let end = 0; end < bytes.length / 2; end++)
      expect(outcome(bytes.subarray(0, end), `${name} cut at ${end}`)).toBeDefined();
    for (let end = 0; end < bytes.length; end++) outcome(bytes.subarray(0, end), `${name} cut at ${end}`);
  });
  it(`with a byte changed (seed ${seed})`, () => byteFlips(bytes, name, flips));
  it('with every byte 0xff', () => {
    for (let at = 0; at < bytes.length; at++) {
      const copy = Uint8Array.from(bytes);
      copy[at] = 0xff;
      outcome(copy, `${name} byte ${at}`);
    }
  });
  it('with a length of 1 GB', () => {
    hugeWords(bytes, name, 4);
    hugeVarints(bytes, name);
  });
});

describe('what is no model', () => {
  const text = (s: string): Uint8Array => new TextEncoder().encode(s);
  const cases: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /it is empty/],
    ['a JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1), /JPEG/],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0), /PNG/],
    ['a ZIP', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0), /ZIP/],
    ['text', text('{"format": "a model"}'), /text file/],
    ['a few bytes', Uint8Array.of(8, 1), /2 bytes/],
    ['zeros', new Uint8Array(4096), /does not begin like a model/],
    [
      'TFLite with another version of the magic',
      Uint8Array.from(tflite, (b, i) => (i === 7 ? 0x34 : b)),
      /neither TFLite nor ONNX nor a llama2.c checkpoint/,
    ],
    ['the magic and nothing else', Uint8Array.of(8, 0, 0, 0, ...text('TFL3')), /damaged/],
    ['a FlatBuffer that points at itself', Uint8Array.of(0, 0, 0, 0, ...text('TFL3'), 0, 0, 0, 0), /damaged/],
    ['only the version of an ONNX file', Uint8Array.of(8, 8, 0x12, 3, 0x61, 0x62, 0x63, 0x40, 0), /damaged/],
  ];
  it.each(cases)('%s', (name, bytes, expected) => {
    expect(outcome(bytes, name)).toMatch(expected);
  });
});

describe('lists that point at each other', () => {
  it('a thousand constants in one buffer do not multiply the file', () => {
    const big: TestTensor = { type: 'float32', shape: [100_000] };
    const bytes = writeTflite({
      tensors: [
        { type: 'float32', shape: [100_000] },
        { ...big, data: new Float32Array(100_000) },
        ...Array.from({ length: 300 }, () => big),
      ],
      operators: Array.from({ length: 150 }, (_, i) => ({
        code: code.maximum,
        inputs: [i === 0 ? 0 : 1 + i, 152 + i],
        outputs: [2 + i],
      })),
      inputs: [0],
      outputs: [151],
    });
    // Tensors 152… get the one big buffer, which is number 2.
    const shared = pointBuffers(bytes, 152, 302, 2);
    expect(outcome(shared, 'shared buffers')).toMatch(/over and over/);
  });
});

/** Rewrites the buffer numbers of these tensors, which are 0 in the written file. */
function pointBuffers(bytes: Uint8Array, from: number, to: number, buffer: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  const field = (table: number, id: number): number => {
    const vtable = table - view.getInt32(table, true);
    return table + view.getUint16(vtable + 4 + 2 * id, true);
  };
  const follow = (at: number): number => at + view.getUint32(at, true);
  const model = follow(0);
  const subgraph = follow(follow(field(model, schema.Model.subgraphs.id)) + 4);
  const tensors = follow(field(subgraph, schema.SubGraph.tensors.id));
  for (let i = from; i < to; i++) {
    const tensor = follow(tensors + 4 + 4 * i);
    view.setUint32(field(tensor, schema.Tensor.buffer.id), buffer, true);
  }
  return copy;
}

const shared = join(packageRoot, '../shared/models');
/** Of larger files fewer variants are read, so that each file takes about as long. */
const modestBytes = 100_000;
describe.skipIf(!existsSync(shared))('damaged models of ../shared/models', () => {
  for (const folder of existsSync(shared) ? ['mlperf-tiny', 'tflm'] : []) {
    for (const file of readdirSync(join(shared, folder)).filter((f) => /\.(tflite|onnx)$/.test(f))) {
      it(`${file} (seed ${seed})`, () => {
        const bytes = readFileSync(join(shared, folder, file));
        const times = Math.ceil(bytes.length / modestBytes);
        truncations(bytes, file, 64 * times);
        byteFlips(bytes, file, Math.ceil(300 / times));
      });
    }
  }
});
