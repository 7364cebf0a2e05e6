// SPDX-License-Identifier: Apache-2.0
// Kernels in plain C that are quicker than the reference on any 32-bit core, because the packer has done more (isa c99).
import { binaryLanes } from './binaryLanes.js';
import { portableBinaryVariants } from './portableBinary.js';
import { portableTableVariants } from './portableTable.js';
import type { Variant } from './variant.js';

export const portableVariants: readonly Variant[] = [
  ...portableBinaryVariants,
  ...portableTableVariants,
  ...binaryLanes('c99'),
];
