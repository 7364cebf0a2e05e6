// SPDX-License-Identifier: Apache-2.0
// The import of runtime-c/host/ethosu_host.c: one call of Arm's driver, on the memory of a WebAssembly module.
import type { HostNpu } from '../hostNpu.js';
import { baseAlignBytes, DriverModel, DriverRefusal } from './driverModel.js';

const addressBytes = 8;
const sizeBytes = 4;
const maxRegions = 8;

/** `config`: the NPU that is there. `memoryOf` gives the module's memory once it runs. */
export function hostDriver(config: string, memoryOf: () => WebAssembly.Memory): HostNpu {
  const model = new DriverModel(config);
  let refusal: string | undefined;
  const regionsOf = (base: number, sizes: number, count: number): Uint8Array[] => {
    const { buffer } = memoryOf();
    const view = new DataView(buffer);
    if (count > maxRegions) throw new DriverRefusal(`${count} regions are more than ${maxRegions}`);
    return Array.from({ length: count }, (_, i) => {
      const address = Number(view.getBigUint64(base + addressBytes * i, true));
      const bytes = view.getUint32(sizes + sizeBytes * i, true);
      if (address % baseAlignBytes)
        throw new DriverRefusal(`region ${i} lies at 0x${address.toString(16)}, no multiple of 16`);
      if (address + bytes > buffer.byteLength) throw new DriverRefusal(`region ${i} lies outside of the memory`);
      return new Uint8Array(buffer, address, bytes);
    });
  };
  const invoke = (payload: number, bytes: number, base: number, sizes: number, count: number): number => {
    refusal = undefined;
    try {
      const code = new Uint8Array(memoryOf().buffer, payload, bytes);
      if (payload % baseAlignBytes) throw new DriverRefusal('the payload does not lie at a multiple of 16');
      model.invoke(code, regionsOf(base, sizes, count));
      return 0;
    } catch (error) {
      if (!(error instanceof DriverRefusal)) throw error;
      refusal = error.message;
      return -1;
    }
  };
  return { imports: { mote: { ethosu_invoke_v3: invoke } }, refusal: () => refusal };
}
