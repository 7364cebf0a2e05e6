// SPDX-License-Identifier: Apache-2.0
// Where mote's registers may differ from Vela's for the same layer and block, and why that changes nothing it computes.
import type { Difference } from './velaOperations.js';

interface Freedom {
  registers: RegExp;
  /** Limits the freedom to what its reason covers. */
  only?(d: Difference): boolean;
  why: string;
}

const bricksBit = 0x40;
const roundingBits = 0xc000;

export const freedoms: readonly Freedom[] = [
  { registers: /_(BASE\d?|REGION)$/, why: 'addresses: memory is planned by each compiler for itself' },
  { registers: /_LENGTH$/, why: 'compressed weights: slices and palettes are chosen by each encoder for itself' },
  {
    registers: /^BLOCKDEP$/,
    why: 'how far operations overlap depends on what runs before: compared by blockDependency.test.ts',
  },
  {
    registers: /^[IO]FM2?_PRECISION$/,
    only: ({ ours, velas, onePosition }) => onePosition && velas !== undefined && (ours ^ velas) === bricksBit,
    why: 'layout of a map of one position: its bytes are the same in bricks',
  },
  {
    registers: /^[IO]FM_STRIDE_[XC]$/,
    only: (d) => d.onePosition,
    why: 'strides of such a map: one position has no next',
  },
  {
    registers: /^OFM_PRECISION$/,
    only: ({ ours, velas }) => velas !== undefined && ((ours ^ velas) & ~roundingBits) === 0,
    why: 'rounding of an average: Vela before 4 rounds its scale the other way, with the same quotients',
  },
  {
    registers: /^KERNEL_STRIDE$/,
    only: ({ ours, velas }) => velas !== undefined && ours === 0 && velas < 4,
    why: 'stride of a pooling with one output, which has no next',
  },
];

/** Differences that no freedom covers. */
export const unexplained = (differences: readonly Difference[]): Difference[] =>
  differences.filter((d) => !freedoms.some((f) => f.registers.test(d.register) && (f.only?.(d) ?? true)));
