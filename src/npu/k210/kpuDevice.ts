// SPDX-License-Identifier: Apache-2.0
// The KPU as its registers show it: twelve words pushed into the FIFO are a layer, which runs in the functional model on
// the KPU's RAM, with its tables read from main memory where the words say. Registers: kpu.h of Canaan's
// kendryte-standalone-sdk. What the model cannot follow is refused, so that C which does it is not called right.
import { NpuRefusal } from '../npuRefusal.js';
import {
  activationBytes,
  batchNormBytes,
  type KpuConvNode,
  kernelSizes,
  readBatchNorm,
  readSegments,
} from './kmodel.js';

import { decodeLayer, layerBytes, layerWordCount, strayBits } from './layerWords.js';
import { runLayer } from './runKmodel.js';

/** Offsets of the registers. */
export const kpuRegisters = {
  fifo: 0x00,
  status: 0x08,
  raw: 0x10,
  mask: 0x18,
  clear: 0x20,
  threshold: 0x28,
  eightBit: 0x40,
} as const;

/** Canaan's tools put every table there (nncase v0.2, k210_ops_body.h); whether less is enough nobody says. */
export const tableAlignBytes = 256;
const calculationDone = 1n;

const refuse = (reason: string): never => {
  throw new NpuRefusal(reason);
};

/** Main memory and the KPU's own, as they are now. */
export interface KpuMemories {
  main: Uint8Array;
  /** Address of its first byte, as the KPU sees it; 0 when left out. */
  mainStart?: number;
  ram: Uint8Array;
}

export class KpuDevice {
  readonly #registers = new Map<number, bigint>();
  readonly #words: bigint[] = [];
  #raw = 0n;

  constructor(private readonly memories: () => KpuMemories) {}

  read(offset: number): bigint {
    if (offset === kpuRegisters.raw) return this.#raw;
    if (offset === kpuRegisters.status) return this.#raw & ~this.#register(kpuRegisters.mask);
    return refuse(`register 0x${offset.toString(16)} of the KPU is not one that can be read`);
  }

  write(offset: number, value: bigint): void {
    if (offset === kpuRegisters.fifo) this.#push(value);
    else if (offset === kpuRegisters.clear) this.#raw &= ~value;
    else if (([kpuRegisters.mask, kpuRegisters.threshold, kpuRegisters.eightBit] as number[]).includes(offset))
      this.#registers.set(offset, value);
    else refuse(`register 0x${offset.toString(16)} of the KPU is not one that can be written`);
  }

  #register(offset: number): bigint {
    return this.#registers.get(offset) ?? 0n;
  }

  #push(word: bigint): void {
    if (this.#words.push(word) < layerWordCount) return;
    const view = new DataView(new ArrayBuffer(layerBytes));
    for (const [i, w] of this.#words.splice(0).entries()) view.setBigUint64(8 * i, BigInt.asUintN(64, w), true);
    if (this.#register(kpuRegisters.eightBit) !== 1n) refuse('the KPU is not in its mode of eight bits');
    const { main, mainStart = 0, ram } = this.memories();
    const node = layerFromWords(view, (name, address, bytes) => table(main, address - mainStart, bytes, name));
    if (node.layer.sendDataOut) refuse('a layer sends its map into a FIFO that nobody empties');
    if (!node.layer.interruptEnable) refuse('a layer does not say when it is done');
    runLayer(node, ram, refuse);
    this.#raw |= calculationDone;
  }
}

/** A table of main memory. */
function table(main: Uint8Array, at: number, bytes: number, name: TableName): Uint8Array {
  if (at % tableAlignBytes) refuse(`the ${name} lies at byte ${at} of the memory, no multiple of ${tableAlignBytes}`);
  if (at < 0 || at + bytes > main.length) refuse(`the ${name} lies outside of the memory`);
  return main.subarray(at, at + bytes);
}

export type TableName = 'norm' | 'curve' | 'weights';
type TableOf = (name: TableName, address: number, bytes: number) => Uint8Array;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A layer out of its words and the tables that they point to. */
export function layerFromWords(view: DataView, tableOf: TableOf): KpuConvNode {
  const layer = decodeLayer(view);
  const stray = strayBits(view);
  if (stray.length) refuse(`a layer has bits without a meaning (word:mask ${stray.join(', ')})`);
  const kernel = kernelSizes[layer.kernelType] ?? refuse(`kernel type ${layer.kernelType} is neither 1x1 nor 3x3`);
  if (!layer.loadParameters || !layer.loadActivation) refuse('a layer does not load its parameters');
  const outputs = layer.outputChannelsM1 + 1;
  const inputs = layer.depthwise ? 1 : layer.inputChannelsM1 + 1;
  const weightBytes = outputs * inputs * kernel * kernel;
  if ((layer.loadsM1 + 1) * layer.bytesPerLoad < weightBytes) refuse('a layer loads fewer weights than it has');
  const norm = tableOf('norm', layer.batchNormAddress, outputs * batchNormBytes);
  const curve = tableOf('curve', layer.activationAddress, activationBytes);
  return {
    op: 'kpuConv2d',
    mainOutput: { area: 'constants', type: 'float32', startBytes: 0, bytes: 0 },
    layer,
    stray,
    batchNorm: readBatchNorm(viewOf(norm), outputs),
    segments: readSegments(viewOf(curve)),
    weights: tableOf('weights', layer.weightAddress, weightBytes),
  };
}
