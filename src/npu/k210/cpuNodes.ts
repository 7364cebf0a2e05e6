// SPDX-License-Identifier: Apache-2.0
// The nodes of a kmodel that the K210's CPU computes and mote makes: bytes and meaning, one row each. Opcodes and bodies:
// nncase v0.2, runtime_op.def and neutral_ops_body.h; arithmetic: its neutral_kernels.h, all in float32
// (kendryte-standalone-sdk, lib/nncase, Apache-2.0).
import { expf } from '../../ops/floatMath.js';
import type { CpuMemory, OneInput, Row } from './cpuRow.js';
import { type AverageNode, average, type ConvolutionNode, convolution } from './cpuWindows.js';
import type { MemoryRange, Reader, Shape4, Writer } from './kmodelBytes.js';

/** real = (q - zeroPoint) / scale: nncase's scale is the inverse of everyone else's. */
export interface DequantizeNode extends OneInput {
  op: 'dequantize';
  zeroPoint: number;
  scale: number;
}

/** [rows, depth] by [depth, columns], plus a bias, cut. */
export interface MatmulNode extends OneInput {
  op: 'matmul';
  weights: MemoryRange;
  rows: number;
  depth: number;
  columns: number;
  min: number;
  max: number;
  bias: Float32Array;
}

/** The mean over what is 1 in `outShape`. */
export interface MeanNode extends OneInput {
  op: 'mean';
  inShape: Shape4;
  outShape: Shape4;
}

export interface SoftmaxNode extends OneInput {
  op: 'softmax';
  inner: number;
  outer: number;
  beta: number;
}

export type CpuNode = DequantizeNode | MatmulNode | MeanNode | SoftmaxNode | ConvolutionNode | AverageNode;

/** float32's limits: no cut. */
export const floatLowest = -3.4028234663852886e38;

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const elementsOf = ({ type, bytes }: MemoryRange): number => bytes / (type === 'uint8' ? 1 : 4);
const f = Math.fround;
/** nncase's reduce_op: mean, min, max, sum. */
const reduceMean = 0;

const dequantize: Row<DequantizeNode> = {
  opcode: 0x3,
  read: (r) => ({
    op: 'dequantize',
    input: r.range(),
    output: r.range(),
    zeroPoint: r.i32('a zero point'),
    scale: r.f32('a scale'),
  }),
  write: (n, to) =>
    void to
      .range(n.input)
      .range(n.output)
      .u32(n.zeroPoint >>> 0)
      .f32(n.scale),
  sizes: (n) => [{ range: n.output, elements: elementsOf(n.input) }],
  run(n, memory) {
    const input = memory.bytes(n.input);
    const output = memory.floats(n.output);
    const inverse = f(1 / n.scale);
    for (let i = 0; i < output.length; i++) output[i] = f(f(input[i] - n.zeroPoint) * inverse);
  },
};

const matmul: Row<MatmulNode> = {
  opcode: 0x4,
  read(r) {
    const [input, weights, output] = [r.range(), r.range(), r.range()];
    const [rows, depth, columns] = [r.u32('a size'), r.u32('a size'), r.u32('a size')];
    const [min, max] = [r.f32('a limit'), r.f32('a limit')];
    const bias = new Float32Array(r.copy(4 * columns, 'the bias').buffer);
    return { op: 'matmul', input, weights, output, rows, depth, columns, min, max, bias };
  },
  write: (n, to) =>
    void to
      .range(n.input)
      .range(n.weights)
      .range(n.output)
      .u32(n.rows, n.depth, n.columns)
      .f32(n.min, n.max, ...n.bias),
  sizes: (n) => [
    { range: n.input, elements: n.rows * n.depth },
    { range: n.weights, elements: n.depth * n.columns },
    { range: n.output, elements: n.rows * n.columns },
  ],
  run(n, memory) {
    const [a, b, output] = [memory.floats(n.input), memory.floats(n.weights), memory.floats(n.output)];
    for (let y = 0; y < n.rows; y++)
      for (let x = 0; x < n.columns; x++) {
        let value = n.bias[x];
        for (let i = 0; i < n.depth; i++) value = f(value + f(a[y * n.depth + i] * b[i * n.columns + x]));
        output[y * n.columns + x] = Math.min(n.max, Math.max(n.min, value));
      }
  },
};

const mean: Row<MeanNode> = {
  opcode: 0x7,
  read(r) {
    const [input, output, kind] = [r.range(), r.range(), r.u32('a reduction')];
    const [inShape, outShape] = [r.shape(), r.shape()];
    r.f32('an initial value');
    return kind === reduceMean ? { op: 'mean', input, output, inShape, outShape } : undefined;
  },
  write: (n, to) =>
    void to
      .range(n.input)
      .range(n.output)
      .u32(reduceMean, ...n.inShape, ...n.outShape)
      .f32(0),
  sizes: (n) => [
    { range: n.input, elements: product(n.inShape) },
    { range: n.output, elements: n.outShape.every((s, i) => s === 1 || s === n.inShape[i]) ? product(n.outShape) : -1 },
  ],
  run(n, memory) {
    const [input, output] = [memory.floats(n.input), memory.floats(n.output)];
    output.fill(0);
    const [, c, h, w] = n.inShape;
    const [, oc, oh, ow] = n.outShape;
    const at = (size: number, index: number): number => (size === 1 ? 0 : index);
    for (const [i, value] of input.entries()) {
      const [ch, y, x] = [Math.floor(i / (h * w)) % c, Math.floor(i / w) % h, i % w];
      const to = (at(oc, ch) * oh + at(oh, y)) * ow + at(ow, x);
      output[to] = f(output[to] + value);
    }
    const share = f(output.length / input.length);
    for (let i = 0; i < output.length; i++) output[i] = f(output[i] * share);
  },
};

const softmax: Row<SoftmaxNode> = {
  opcode: 0xb,
  read: (r) => ({
    op: 'softmax',
    input: r.range(),
    output: r.range(),
    inner: r.u32('a size'),
    outer: r.u32('a size'),
    beta: r.f32('a factor'),
  }),
  write: (n, to) => void to.range(n.input).range(n.output).u32(n.inner, n.outer).f32(n.beta),
  sizes: (n) => [
    { range: n.input, elements: n.inner * n.outer },
    { range: n.output, elements: n.inner * n.outer },
  ],
  run(n, memory) {
    const [input, output] = [memory.floats(n.input), memory.floats(n.output)];
    for (let row = 0; row < n.outer; row++) {
      const x = input.subarray(row * n.inner, (row + 1) * n.inner);
      const most = x.reduce((p, q) => Math.max(p, q), Number.NEGATIVE_INFINITY);
      const powers = x.map((value) => expf(f(f(value - most) * n.beta)));
      const sum = powers.reduce((p, q) => f(p + q), 0);
      output.set(
        powers.map((p) => p / sum),
        row * n.inner,
      );
    }
  },
};

const rows: { [Op in CpuNode['op']]: Row<Extract<CpuNode, { op: Op }>> } = {
  dequantize,
  matmul,
  mean,
  softmax,
  convolution,
  average,
};
const rowOf = (node: CpuNode): Row<CpuNode> => rows[node.op] as Row<CpuNode>;

/** The node of a body, where there is a row for it. */
export const cpuNodeOf = (opcode: number, reader: Reader): CpuNode | undefined =>
  (Object.values(rows) as Row<CpuNode>[]).find((r) => r.opcode === opcode)?.read(reader);

export const isCpuNode = (node: { op: string }): node is CpuNode => Object.hasOwn(rows, node.op);
export const cpuOpcode = (node: CpuNode): number => rowOf(node).opcode;
export const writeCpuNode = (node: CpuNode, to: Writer): void => rowOf(node).write(node, to);
export const runCpuNode = (node: CpuNode, memory: CpuMemory): void => rowOf(node).run(node, memory);

/** Whether the sizes that a node states are those of its ranges: nothing runs before. */
export const cpuNodeFits = (node: CpuNode): boolean =>
  rowOf(node)
    .sizes(node)
    .every(({ range, elements }) => elements > 0 && elementsOf(range) === elements);
