// SPDX-License-Identifier: Apache-2.0
// The twelve 64-bit words of a KPU layer as one table: which bits of which word are what.
// Facts from kpu.h of Canaan's kendryte-standalone-sdk (Apache-2.0), the only public register description.

/** name -> [word, lowest bit, bits]. */
const fields = {
  interruptEnable: [0, 0, 1],
  ramFlag: [0, 1, 1],
  fullAdd: [0, 2, 1],
  depthwise: [0, 3, 1],
  sourceRow: [1, 0, 15],
  destinationRow: [1, 32, 15],
  inputChannelsM1: [2, 0, 10],
  outputChannelsM1: [2, 32, 10],
  channelsPerLoadM1: [2, 48, 10],
  inputWidthM1: [3, 0, 10],
  inputHeightM1: [3, 10, 9],
  outputWidthM1: [3, 32, 10],
  outputHeightM1: [3, 42, 9],
  kernelType: [4, 0, 3],
  padType: [4, 3, 1],
  poolType: [4, 4, 4],
  firstStride: [4, 8, 1],
  bypassConv: [4, 9, 1],
  loadParameters: [4, 10, 1],
  dmaBurst: [4, 16, 8],
  padValue: [4, 24, 8],
  batchNormAddress: [4, 32, 32],
  loadCoordinates: [5, 0, 1],
  loadsM1: [5, 1, 6],
  bytesPerLoad: [5, 15, 17],
  weightAddress: [5, 32, 32],
  columnOffset: [6, 0, 4],
  rowOffset: [6, 4, 12],
  channelSwitch: [7, 0, 15],
  rowSwitch: [7, 16, 4],
  coefficientSize: [7, 20, 8],
  channelsPerRow: [7, 28, 3],
  loadActivation: [7, 31, 1],
  activationAddress: [7, 32, 32],
  writeChannelSwitch: [8, 0, 15],
  writeRowSwitch: [8, 16, 4],
  writeChannelsPerRow: [8, 20, 3],
  shiftW: [9, 0, 4],
  shiftX: [9, 4, 4],
  argW: [9, 8, 24],
  argX: [9, 32, 24],
  argAdd: [10, 0, 40],
  sendDataOut: [11, 0, 1],
  channelBytesM1: [11, 16, 16],
  outputBytesM1: [11, 32, 32],
} as const satisfies Record<string, readonly [word: number, low: number, bits: number]>;

export type LayerField = keyof typeof fields;
export type LayerWords = Record<LayerField, number>;

/** Fields that hold two's complement. */
const signed: ReadonlySet<LayerField> = new Set(['argW', 'argX', 'argAdd']);

export const layerWordCount = 12;
export const layerBytes = layerWordCount * 8;
const names = Object.keys(fields) as LayerField[];

/** Reads a field of `bits` from a little-endian word; no field is wider than 40 bits, so a number holds it. */
export function bitField(word: bigint, low: number, bits: number, isSigned = false): number {
  const part = word >> BigInt(low);
  return Number(isSigned ? BigInt.asIntN(bits, part) : BigInt.asUintN(bits, part));
}

/** The words of a layer. `view` begins at the layer and has at least `layerBytes`. */
export function decodeLayer(view: DataView): LayerWords {
  const words = Array.from({ length: layerWordCount }, (_, i) => view.getBigUint64(8 * i, true));
  const entries = names.map((name) => {
    const [word, low, bits] = fields[name];
    return [name, bitField(words[word], low, bits, signed.has(name))] as const;
  });
  return Object.fromEntries(entries) as LayerWords;
}

/** Bits that no field covers, as `word:mask`; a clean layer has none set. */
export function strayBits(view: DataView): string[] {
  return Array.from({ length: layerWordCount }, (_, word) => {
    let known = 0n;
    for (const [at, low, bits] of Object.values(fields))
      if (at === word) known |= ((1n << BigInt(bits)) - 1n) << BigInt(low);
    const stray = view.getBigUint64(8 * word, true) & ~known;
    return stray === 0n ? '' : `${word}:0x${stray.toString(16)}`;
  }).filter((text) => text !== '');
}

/** The inverse of `decodeLayer`; fields left out are 0. A value that does not fit its bits is a bug of the caller. */
export function encodeLayer(values: Partial<LayerWords>): Uint8Array {
  const words = new Array<bigint>(layerWordCount).fill(0n);
  for (const name of names) {
    const [word, low, bits] = fields[name];
    const value = BigInt(values[name] ?? 0);
    const fits = signed.has(name) ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
    if (fits !== value) throw new RangeError(`KPU field ${name} = ${value} does not fit ${bits} bits`);
    words[word] |= BigInt.asUintN(bits, value) << BigInt(low);
  }
  const bytes = new Uint8Array(layerBytes);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setBigUint64(8 * i, word, true);
  return bytes;
}
