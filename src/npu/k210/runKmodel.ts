// SPDX-License-Identifier: Apache-2.0
// Runs a kmodel in the functional model of the KPU: what Canaan's simulator computes, not what silicon was seen to do.
import { fail } from '../../cli/errors.js';
import { convolve, type KpuConv } from './convolution.js';
import { cpuNodeFits, isCpuNode, runCpuNode } from './cpuNodes.js';
import type { CpuMemory } from './cpuRow.js';
import { type Kmodel, type KmodelNode, type KpuConvNode, type KpuUploadNode, kernelSizes } from './kmodel.js';
import type { MemoryRange } from './kmodelBytes.js';
import { downloadMap, kpuRamBytes, kpuRowBytes, type MapShape, mapElements, mapRows, uploadMap } from './kpuMemory.js';
import { pooledShape, poolMap, pools } from './pooling.js';

export interface KpuMemory {
  constants: Uint8Array;
  main: Uint8Array;
  kpu: Uint8Array;
}

/** Bytes of a range; a range outside its memory is `npu.broken`. */
function rangeBytes(memory: KpuMemory, range: MemoryRange, path: string): Uint8Array {
  const area = memory[range.area];
  if (range.startBytes + range.bytes > area.length) {
    fail('npu.broken', {
      path,
      reason: `bytes ${range.startBytes} to ${range.startBytes + range.bytes} lie outside the ${area.length} of ${range.area} memory`,
    });
  }
  return area.subarray(range.startBytes, range.startBytes + range.bytes);
}

const mapOf = ([, channels, height, width]: readonly number[]): MapShape => ({ channels, height, width });

type Broken = (reason: string) => never;

/** A map at a row of the KPU's RAM. */
function mapBytes(ram: Uint8Array, row: number, shape: MapShape, broken: Broken): Uint8Array {
  const [start, end] = [row * kpuRowBytes, (row + mapRows(shape)) * kpuRowBytes];
  if (end > ram.length) broken(`bytes ${start} to ${end} lie outside the ${ram.length} of kpu memory`);
  return ram.subarray(start, end);
}

/** The map that a layer makes, as its words say. */
export const outputMapOf = (layer: KpuConvNode['layer']): MapShape => ({
  channels: layer.outputChannelsM1 + 1,
  height: layer.outputHeightM1 + 1,
  width: layer.outputWidthM1 + 1,
});

/** The layer's shape and arithmetic, as its words say. */
export function convOf(node: KpuConvNode): KpuConv {
  const { layer } = node;
  return {
    input: { channels: layer.inputChannelsM1 + 1, height: layer.inputHeightM1 + 1, width: layer.inputWidthM1 + 1 },
    outputChannels: layer.outputChannelsM1 + 1,
    kernel: kernelSizes[layer.kernelType],
    depthwise: layer.depthwise === 1,
    padValue: layer.padValue,
    argX: layer.argX,
    shiftX: layer.shiftX,
    argW: layer.argW,
    shiftW: layer.shiftW,
    argAdd: layer.argAdd,
    weights: node.weights,
    batchNorm: node.batchNorm,
    segments: node.segments,
  };
}

/** Runs a layer on the KPU's RAM; its output, dense, is also what it could send elsewhere. */
export function runLayer(node: KpuConvNode, ram: Uint8Array, broken: Broken): Uint8Array {
  const conv = convOf(node);
  const pool = pools[node.layer.poolType] ?? broken(`pool type ${node.layer.poolType} does not exist`);
  if (conv.depthwise && conv.outputChannels > conv.input.channels)
    broken('a depthwise layer has more outputs than inputs');
  const full = { ...conv.input, channels: conv.outputChannels };
  const shape = pooledShape(full, pool);
  const said = outputMapOf(node.layer);
  if (said.height !== shape.height || said.width !== shape.width) {
    broken(
      `its output is said to be ${said.height}x${said.width}, pool ${pool.name} makes ${shape.height}x${shape.width}`,
    );
  }
  const input = downloadMap(mapBytes(ram, node.layer.sourceRow, conv.input, broken), conv.input);
  const output = poolMap(convolve(input, conv), full, pool);
  uploadMap(output, mapBytes(ram, node.layer.destinationRow, shape, broken), shape);
  return output;
}

function runConv(node: KpuConvNode, memory: KpuMemory, path: string): void {
  const broken = (reason: string): never => fail('npu.broken', { path, reason });
  const output = runLayer(node, memory.kpu, broken);
  if (node.mainOutput.bytes > 0) {
    if (node.mainOutput.bytes < output.length)
      broken(`its output of ${output.length} bytes goes to ${node.mainOutput.bytes} of main memory`);
    rangeBytes(memory, node.mainOutput, path).set(output);
  }
}

function cpuMemory(memory: KpuMemory, path: string): CpuMemory {
  return {
    bytes: (range) => rangeBytes(memory, range, path),
    floats(range) {
      const bytes = rangeBytes(memory, range, path);
      if (bytes.byteOffset % 4 || bytes.length % 4) fail('npu.broken', { path, reason: 'floats are not aligned' });
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    },
  };
}

function runNode(node: KmodelNode, memory: KpuMemory, path: string): void {
  if (node.op === 'kpuConv2d') runConv(node, memory, path);
  else if (node.op === 'kpuUpload') runUpload(node, memory, path);
  else if (isCpuNode(node)) {
    if (!cpuNodeFits(node)) fail('npu.broken', { path, reason: `a ${node.op} has other sizes than its memory` });
    runCpuNode(node, cpuMemory(memory, path));
  } else fail('npu.operator', { path, operator: `0x${node.opcode.toString(16)}` });
}

function runUpload(node: KpuUploadNode, memory: KpuMemory, path: string): void {
  const shape = mapOf(node.shape);
  const input = rangeBytes(memory, node.input, path);
  if (input.length < mapElements(shape)) fail('npu.broken', { path, reason: 'an upload reads beyond its range' });
  const output = { ...node.output, bytes: mapRows(shape) * kpuRowBytes };
  uploadMap(input, rangeBytes(memory, output, path), shape);
}

/** The bytes of an input range that hold a dense [C, H, W] map: KPU rows for an input in the KPU's RAM. The two can have
 *  the same size and differ (width 16, 32), so the caller says which it has. */
export function inputFromDense(model: Kmodel, index: number, dense: Uint8Array): Uint8Array {
  const { range, shape } = model.inputs[index];
  const map = mapOf(shape);
  if (dense.length !== mapElements(map)) {
    fail('data.shape', { path: `input ${index}`, got: `${dense.length} bytes`, expected: shape.join('x') });
  }
  if (range.area !== 'kpu') return dense;
  const bytes = new Uint8Array(mapRows(map) * kpuRowBytes);
  uploadMap(dense, bytes, map);
  return bytes;
}

function writeInput(model: Kmodel, index: number, data: Uint8Array, memory: KpuMemory, path: string): void {
  const bytes = rangeBytes(memory, model.inputs[index].range, path);
  if (data.length !== bytes.length) {
    fail('data.shape', { path: `input ${index}`, got: `${data.length} bytes`, expected: `${bytes.length} bytes` });
  }
  bytes.set(data);
}

/** Runs the model on the bytes of each input range. Outputs are the bytes of the output ranges, in the file's order. */
export function runKmodel(model: Kmodel, inputs: readonly Uint8Array[], path: string): Uint8Array[] {
  if (inputs.length !== model.inputs.length)
    fail('npu.broken', { path, reason: `it has ${model.inputs.length} inputs, ${inputs.length} were given` });
  const memory: KpuMemory = {
    constants: model.constants,
    main: new Uint8Array(model.mainBytes),
    kpu: new Uint8Array(kpuRamBytes),
  };
  for (const [i, data] of inputs.entries()) writeInput(model, i, data, memory, path);
  for (const node of model.nodes) runNode(node, memory, path);
  return model.outputs.map((range) => rangeBytes(memory, range, path).slice());
}
