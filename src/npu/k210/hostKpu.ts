// SPDX-License-Identifier: Apache-2.0
// The imports of runtime-c/host/kpu_host.c: the KPU's registers, on the memory of a WebAssembly module.
import type { HostNpu } from '../hostNpu.js';
import { KpuDevice } from './kpuDevice.js';
import { kpuRamBytes } from './kpuMemory.js';

export function hostKpu(_config: string, memoryOf: () => WebAssembly.Memory): HostNpu {
  let ramStart = 0;
  const kpu = new KpuDevice(() => {
    const { buffer } = memoryOf();
    return { main: new Uint8Array(buffer), ram: new Uint8Array(buffer, ramStart, kpuRamBytes) };
  });
  const write = (ram: number, offset: number, value: bigint): void => {
    ramStart = ram;
    kpu.write(offset, BigInt.asUintN(64, value));
  };
  return {
    imports: { mote: { kpu_write: write, kpu_read: (offset: number) => kpu.read(offset) } },
    refusal: () => undefined,
  };
}
