// SPDX-License-Identifier: Apache-2.0
// One layer of a virtual board's KPU (runtime-c/firmware/kpu_link.c): its words, its tables and the rows of its two maps come
// from the guest; the rows of the second are changed.
import { NpuRefusal } from '../npuRefusal.js';
import { layerFromWords } from './kpuDevice.js';
import { kpuRamBytes, kpuRowBytes } from './kpuMemory.js';
import { layerBytes } from './layerWords.js';
import { runLayer } from './runKmodel.js';

const refuse = (reason: string): never => {
  throw new NpuRefusal(reason);
};

export function runLinkedLayer(words: Uint8Array, regions: readonly Uint8Array[]): void {
  const [norm, curve, weights, source, target] = regions;
  if (words.length !== layerBytes || regions.length !== 5) refuse('the call is none of a KPU layer');
  const tables = { norm, curve, weights };
  const node = layerFromWords(new DataView(words.buffer, words.byteOffset, layerBytes), (name, _address, bytes) =>
    tables[name].length === bytes ? tables[name] : refuse(`the ${name} has ${tables[name].length} bytes, not ${bytes}`),
  );
  const ram = new Uint8Array(kpuRamBytes);
  const place = (row: number, rows: Uint8Array): number =>
    row * kpuRowBytes + rows.length > ram.length ? refuse('a map ends outside of the KPU’s RAM') : row * kpuRowBytes;
  const to = place(node.layer.destinationRow, target);
  ram.set(target, to);
  ram.set(source, place(node.layer.sourceRow, source));
  runLayer(node, ram, refuse);
  target.set(ram.subarray(to, to + target.length));
}
