// SPDX-License-Identifier: Apache-2.0
// Runs kernel cases as WebAssembly, every buffer between guard bytes and aligned no better than its elements.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTarget } from '../../src/build/boards.js';
import { openToolchain } from '../../src/build/toolchain.js';
import { withWorkFolder } from '../../src/build/workFolder.js';
import type { TensorData } from '../../src/model/graph.js';
import { type KernelRow, kernelFolder } from '../../src/ops/kernels.js';
import { packageRoot } from '../../src/packageRoot.js';
import { caseSource, maxInputs, maxMore } from './caseSource.js';
import type { KernelCase } from './kernelCase.js';

interface Exports {
  memory: WebAssembly.Memory;
  __heap_base: WebAssembly.Global;
  mote_case(index: number, inputs: number, output: number, more: number, scratch: number): void;
}

export interface CaseResult {
  output: Uint8Array;
  /** The outputs after the first. */
  more: Uint8Array[];
  guardIntact: boolean;
  inputsIntact: boolean;
}

const guardBytes = 64;
const guardValue = 0xa5;

export const bytesOf = (data: TensorData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

export async function buildCases(rows: readonly KernelRow[], cases: readonly KernelCase[]): Promise<Exports> {
  return withWorkFolder(async (workFolder) => {
    const file = join(workFolder, 'cases.c');
    await writeFile(file, caseSource(cases));
    const output = join(workFolder, 'cases.wasm');
    await openToolchain('zig').compileAndLink({
      target: loadTarget('wasm32'),
      sources: [...rows.map((r) => join(kernelFolder, r.source)), file],
      includes: [join(packageRoot, 'runtime-c', 'include'), join(packageRoot, 'runtime-c', 'firmware', 'libc')],
      defines: [],
      linkArgs: ['-Wl,--no-entry', '-Wl,--export=mote_case', '-Wl,--export=__heap_base', '-Wl,-z,stack-size=65536'],
      workFolder,
      output,
    });
    const { instance } = await WebAssembly.instantiate(new Uint8Array(await readFile(output)));
    return instance.exports as unknown as Exports;
  });
}

interface Place {
  at: number;
  bytes: number;
}

/** Buffers one after the other; each starts off every alignment above its element size. */
function layOut(start: number, sizes: readonly { bytes: number; element: number }[]): { places: Place[]; end: number } {
  let at = start;
  const places = sizes.map(({ bytes, element }) => {
    at = Math.ceil((at + guardBytes) / 16) * 16 + element;
    const place = { at, bytes };
    at += bytes;
    return place;
  });
  return { places, end: at + guardBytes };
}

/** One call; with `inPlace`, the output is the buffer of that input; with `updating`, states lie where they were. */
export function runCase(wasm: Exports, c: KernelCase, index: number, inPlace?: number, updating = false): CaseResult {
  const sizes = [...c.inputs, c.expected, ...c.more.map((m) => m.expected)].map((data) => ({
    bytes: data.byteLength,
    element: data.BYTES_PER_ELEMENT,
  }));
  const pointers = Math.ceil((wasm.__heap_base.value as number) / 16) * 16;
  const start = pointers + 4 * (maxInputs + maxMore);
  const { places, end } = layOut(start, [...sizes, { bytes: c.call.scratchBytes, element: 8 }]);
  const missing = end - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / 65536));
  const memory = new Uint8Array(wasm.memory.buffer);
  memory.fill(guardValue, start, end);
  c.inputs.forEach((data, i) => {
    memory.set(bytesOf(data), places[i].at);
  });
  new Uint32Array(wasm.memory.buffer, pointers, c.inputs.length).set(c.inputs.map((_, i) => places[i].at));
  const target = places[inPlace ?? c.inputs.length];
  const others = c.more.map(({ over }, i) => places[updating && over !== undefined ? over : c.inputs.length + 1 + i]);
  const morePointers = pointers + 4 * maxInputs;
  new Uint32Array(wasm.memory.buffer, morePointers, others.length).set(others.map((p) => p.at));
  const scratch = places[places.length - 1];
  wasm.mote_case(index, pointers, target.at, morePointers, scratch.at);
  const inside = [...places.slice(0, c.inputs.length), target, ...others, scratch];
  const guarded = (i: number): boolean => !inside.some((p) => i >= p.at && i < p.at + p.bytes);
  let guardIntact = true;
  for (let i = start; i < end; i++) if (guarded(i) && memory[i] !== guardValue) guardIntact = false;
  const inputsIntact = c.inputs.every(
    (data, i) =>
      i === inPlace ||
      (updating && c.more.some((m) => m.over === i)) ||
      bytesOf(data).every((b, k) => memory[places[i].at + k] === b),
  );
  const take = ({ at }: Place, data: TensorData): Uint8Array => memory.slice(at, at + data.byteLength);
  const more = others.map((p, i) => take(p, c.more[i].expected));
  return { output: take(target, c.expected), more, guardIntact, inputsIntact };
}
