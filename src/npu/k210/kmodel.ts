// SPDX-License-Identifier: Apache-2.0
// `.kmodel` version 4 (nncase v0.2, what MaixPy and the standalone SDK load), read and written.
// Layout, all little-endian u32: "KMDL", 4, flags, target 1, constant bytes, main memory bytes, nodes, inputs, outputs, 0;
// input ranges {area, type, start, bytes}; input shapes NCHW; output ranges; node table {opcode, body bytes}; constants;
// bodies. Facts: nncase v0.2 runtime/model.h and k210_ops_body.h (Apache-2.0).
import { fail } from '../../cli/errors.js';
import type { BatchNormRow, Segment } from './convolution.js';
import { type CpuNode, cpuNodeOf } from './cpuNodes.js';
import { type Broken, type MemoryRange, Reader, type Shape4 } from './kmodelBytes.js';
import { bitField, decodeLayer, type LayerWords, layerBytes, strayBits } from './layerWords.js';

export const kmodelMagic = 0x4b4d444c;
export const kmodelVersion = 4;

/** A convolution on the KPU, with what its layer words point to. */
export interface KpuConvNode {
  op: 'kpuConv2d';
  /** Where the result also goes in main memory; 0 bytes: nowhere. */
  mainOutput: MemoryRange;
  layer: LayerWords;
  /** Bits set that no field covers. */
  stray: readonly string[];
  batchNorm: readonly BatchNormRow[];
  segments: readonly Segment[];
  weights: Uint8Array;
}

/** Dense bytes of main memory into KPU rows. */
export interface KpuUploadNode {
  op: 'kpuUpload';
  input: MemoryRange;
  output: MemoryRange;
  shape: Shape4;
}

/** A node for the CPU that this reader keeps as bytes: one that cpuNodes.ts has no row for. */
export interface OtherNode {
  op: 'other';
  opcode: number;
  body: Uint8Array;
}

export type KmodelNode = KpuConvNode | KpuUploadNode | CpuNode | OtherNode;

export interface Kmodel {
  constants: Uint8Array;
  mainBytes: number;
  inputs: { range: MemoryRange; shape: Shape4 }[];
  outputs: MemoryRange[];
  nodes: KmodelNode[];
}

export const opcodes = { kpuUpload: 0x2001, kpuConv2d: 0x2002 } as const;
export const batchNormBytes = 8;
/** Sixteen segments of 8 bytes and sixteen result biases. */
export const activationBytes = 16 * 8 + 16;
export const kernelSizes = [1, 3] as const;

/** No K210 has more: 8 MiB of SRAM in all, 2 of them the KPU's. */
const mainLimitBytes = 8 * 1024 * 1024;
const countLimit = 4096;

function readCount(reader: Reader, what: string, broken: Broken): number {
  const count = reader.u32('the header');
  return count > countLimit ? broken(`${count} ${what} are more than ${countLimit}`) : count;
}

/** Reads a version 4 kmodel. `path` names it in errors (`npu.broken`). */
export function readKmodel(file: Uint8Array, path: string): Kmodel {
  const broken: Broken = (reason) => fail('npu.broken', { path, reason });
  const reader = new Reader(file, broken);
  const magic = reader.u32('the header');
  if (magic !== kmodelMagic) {
    const old = magic === 3 ? ': this is version 3 of the old compiler' : '';
    broken(`it does not begin with KMDL${old}`);
  }
  const version = reader.u32('the header');
  if (version !== kmodelVersion)
    broken(`it is a kmodel of version ${version}; mote reads version ${kmodelVersion} (nncase v0.2)`);
  reader.u32('the header');
  const target = reader.u32('the header');
  if (target !== 1) broken(`its target is ${target}, not 1 (K210)`);
  const constantBytes = reader.u32('the header');
  const mainBytes = reader.u32('the header');
  if (mainBytes > mainLimitBytes) broken(`it wants ${mainBytes} bytes of main memory, a K210 has ${mainLimitBytes}`);
  const nodeCount = readCount(reader, 'nodes', broken);
  const inputCount = readCount(reader, 'inputs', broken);
  const outputCount = readCount(reader, 'outputs', broken);
  reader.u32('the header');
  const ranges = Array.from({ length: inputCount }, () => reader.range());
  const shapes = Array.from({ length: inputCount }, () => reader.shape());
  const outputs = Array.from({ length: outputCount }, () => reader.range());
  const table = Array.from({ length: nodeCount }, () => ({
    opcode: reader.u32('the node table'),
    bytes: reader.u32('the node table'),
  }));
  const constants = reader.copy(constantBytes, 'the constants');
  const nodes = table.map(({ opcode, bytes }, i) => {
    const body = reader.copy(bytes, `node ${i}`);
    return readNode(opcode, body, (reason) => broken(`node ${i}: ${reason}`));
  });
  return { constants, mainBytes, inputs: ranges.map((range, i) => ({ range, shape: shapes[i] })), outputs, nodes };
}

function readNode(opcode: number, body: Uint8Array, broken: Broken): KmodelNode {
  const reader = new Reader(body, broken);
  if (opcode === opcodes.kpuConv2d) return readConv(reader, broken);
  if (opcode === opcodes.kpuUpload)
    return {
      op: 'kpuUpload',
      input: reader.range(),
      output: reader.range(),
      shape: reader.shape(),
    };
  return cpuNodeOf(opcode, reader) ?? { op: 'other', opcode, body };
}

function readConv(reader: Reader, broken: Broken): KpuConvNode {
  const mainOutput = reader.range();
  const batches = reader.u32('the body');
  if (batches !== 1) broken(`it has a batch of ${batches}`);
  reader.u32('the body');
  const words = reader.take(layerBytes, 'the layer words');
  const layer = decodeLayer(words);
  const kernel = kernelSizes[layer.kernelType] ?? broken(`kernel type ${layer.kernelType} is neither 1x1 nor 3x3`);
  const outputs = layer.outputChannelsM1 + 1;
  const inputs = layer.depthwise ? 1 : layer.inputChannelsM1 + 1;
  // In the file the address fields count the bytes of padding before each table.
  reader.skip(layer.batchNormAddress, 'padding');
  const batchNorm = readBatchNorm(reader.take(outputs * batchNormBytes, 'the batch norm'), outputs);
  reader.skip(layer.activationAddress, 'padding');
  const segments = readSegments(reader.take(activationBytes, 'the activation'));
  reader.skip(layer.weightAddress, 'padding');
  const weights = reader.copy(outputs * inputs * kernel * kernel, 'the weights');
  return { op: 'kpuConv2d', mainOutput, layer, stray: strayBits(words), batchNorm, segments, weights };
}

/** norm_mul 24, norm_add 32, norm_shift 4 bits, from the lowest. */
export function readBatchNorm(view: DataView, channels: number): BatchNormRow[] {
  return Array.from({ length: channels }, (_, i) => {
    const word = view.getBigUint64(i * batchNormBytes, true);
    return {
      multiplier: bitField(word, 0, 24, true),
      addend: bitField(word, 24, 32, true),
      shift: bitField(word, 56, 4),
    };
  });
}

/** shift_number 8, y_mul 16, x_start 36 bits, from the lowest; then the biases. */
export function readSegments(view: DataView): Segment[] {
  return Array.from({ length: 16 }, (_, i) => {
    const word = view.getBigUint64(8 * i, true);
    return {
      shift: bitField(word, 0, 8),
      multiplier: bitField(word, 8, 16, true),
      start: bitField(word, 24, 36, true),
      bias: view.getUint8(128 + i),
    };
  });
}
