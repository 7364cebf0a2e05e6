// SPDX-License-Identifier: Apache-2.0
// The Ethos-U family as a table: micro-blocks, shared RAM, and what a payload says of it.
// Facts: ArchitectureConfig of Vela's architecture_features.py (Apache-2.0); config words as Vela writes them.

export interface EthosHardware {
  macs: number;
  cores: 1 | 2;
  /** Micro-block of the output: width, height, depth. */
  micro: readonly [width: number, height: number, depth: number];
  shramBanks: number;
  /** Banks come in units of so many: inputs of 8 and 16 bits, of 32 bits, accumulators of 32 and 40 bits. */
  granules: { input: number; inputWide: number; accumulator32: number; accumulator40: number };
}

export const bankBytes = 1024;
/** Banks at the start that outputs pass through. */
export const outputBanks = 2;
/** Width, height and depth that a block may have at most. */
export const largestBlock = [64, 32, 128] as const;

const large = { input: 8, inputWide: 16, accumulator32: 16, accumulator40: 20 } as const;

export const ethosHardware: Readonly<Record<string, EthosHardware>> = {
  'ethos-u55-32': {
    macs: 32,
    cores: 1,
    micro: [1, 1, 4],
    shramBanks: 16,
    granules: { input: 2, inputWide: 4, accumulator32: 4, accumulator40: 4 },
  },
  'ethos-u55-64': {
    macs: 64,
    cores: 1,
    micro: [1, 1, 8],
    shramBanks: 16,
    granules: { input: 2, inputWide: 4, accumulator32: 4, accumulator40: 8 },
  },
  'ethos-u55-128': {
    macs: 128,
    cores: 1,
    micro: [2, 1, 8],
    shramBanks: 24,
    granules: { input: 4, inputWide: 8, accumulator32: 8, accumulator40: 12 },
  },
  'ethos-u55-256': { macs: 256, cores: 1, micro: [2, 2, 8], shramBanks: 48, granules: large },
  'ethos-u65-256': { macs: 256, cores: 1, micro: [2, 2, 8], shramBanks: 48, granules: large },
  'ethos-u65-512': { macs: 512, cores: 2, micro: [2, 2, 8], shramBanks: 48, granules: large },
};

/** Output channels of a micro-block; a part that the table lacks (a finding of the checks) has what most have. */
export const microDepth = (id: string): number => ethosHardware[id]?.micro[2] ?? 8;

/** Banks that an operation may use: the last two hold lookup tables, and on the larger parts are never used otherwise. */
export function usableBanks({ shramBanks }: EthosHardware, usesTable: boolean): number {
  return shramBanks - (shramBanks > 16 || usesTable ? 2 : 0);
}

/** A part as it is when its second core is left out. */
export const oneCore = (hardware: EthosHardware): EthosHardware => ({
  ...hardware,
  macs: hardware.macs / hardware.cores,
  cores: 1,
});
