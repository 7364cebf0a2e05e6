// SPDX-License-Identifier: Apache-2.0
// What a part's memories can do, in cycles of the NPU: the system configurations that Vela assumes where none is named
// (Arm's vela.ini: Ethos_U55_High_End_Embedded with Shared_Sram, Ethos_U65_Client_Server with Dedicated_Sram_384KB).
import { blobRegions } from '../../npuBlob.js';

export interface Memory {
  bytesPerCycle: number;
  burstBytes: number;
  readLatency: number;
  writeLatency: number;
}

export interface System {
  /** Memory of the feature maps and buffers. */
  sram: Memory;
  /** Memory of constants, and with `dedicatedSram` of the ports as well. */
  other: Memory;
  /** The fast scratch is a memory of the NPU alone, of so many bytes. */
  dedicatedSramBytes?: number;
}

const sram = (bytesPerCycle: number): Memory => ({ bytesPerCycle, burstBytes: 32, readLatency: 32, writeLatency: 32 });

export const systems: Readonly<Record<'u55' | 'u65', System>> = {
  u55: { sram: sram(8), other: { bytesPerCycle: 1, burstBytes: 128, readLatency: 64, writeLatency: 0 } },
  u65: {
    sram: sram(16),
    other: { bytesPerCycle: 12, burstBytes: 128, readLatency: 500, writeLatency: 250 },
    dedicatedSramBytes: 384 * 1024,
  },
};

const regionMask = 0xff;

/** The memory that a region lies in. */
export function memoryOf(system: System, region: number): Memory {
  const index = region & regionMask;
  if (index === blobRegions.constants) return system.other;
  if (system.dedicatedSramBytes === undefined) return system.sram;
  // Region 3 is the shared RAM of the NPU itself.
  return index === blobRegions.fastScratch || region !== index ? system.sram : system.other;
}
